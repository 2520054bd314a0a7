import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExposedSample, ExpositionError, parseExposition } from '#server/metrics/exposition';

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/);
const labels = fc.dictionary(labelName, fc.string({ unit: 'grapheme', maxLength: 12 }), { maxKeys: 4 });
const value = fc.oneof(
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.integer(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const time = fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }));

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function write(sample: Omit<ExposedSample, 'line' | 'kind'>): string {
  const pairs = Object.entries(sample.labels).map(([key, text]) => `${key}="${escapeText(text)}"`);
  const number = Number.isNaN(sample.value) ? 'NaN' : String(sample.value).replace('Infinity', 'Inf');
  return `${sample.name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${number}${sample.atMs === null ? '' : ` ${sample.atMs}`}\n`;
}

describe('the Prometheus text format', () => {
  it('is read back as it was written, whatever names, labels and numbers', () => {
    const sample = fc.record({ name, labels, value, atMs: time });
    const keyOf = (each: { name: string; labels: object }) =>
      JSON.stringify([each.name, Object.entries(each.labels).sort()]);
    fc.assert(
      fc.property(fc.uniqueArray(sample, { selector: keyOf, maxLength: 20 }), (samples) => {
        const read = parseExposition(samples.map(write).join(''));
        expect(
          read.map(({ line: _, kind: __, ...rest }) => ({ ...rest, labels: { ...rest.labels } })),
        ).toEqual(samples.map((each) => ({ ...each, labels: { ...each.labels }, value: each.value })));
      }),
    );
  });

  it('never ends in anything but samples or a fault with the number of a line of the text', () => {
    const piece = fc.constantFrom(
      'a',
      '{',
      '}',
      '"',
      '\\',
      ',',
      '=',
      ' ',
      '\n',
      '#',
      'TYPE',
      '1',
      '-',
      '.',
      'x_bucket',
      'le',
      ' counter',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        try {
          parseExposition(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpositionError);
          const { line } = error as ExpositionError;
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(text.split('\n').length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('knows the kinds by TYPE, those of the parts of histograms and summaries too', () => {
    const read = parseExposition(`# HELP hits_total Hits.
# TYPE hits_total counter
hits_total{ path = "/a\\"b" , } 3 1700000000000
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 1.5e0
wait_seconds_count 2
# TYPE size summary
size{quantile="0.5"} NaN
size_sum 7
# a remark

unknown_count 4
`);
    expect(read.map((each) => [each.line, each.name, each.kind])).toEqual([
      [3, 'hits_total', 'counter'],
      [5, 'wait_seconds_bucket', 'histogram'],
      [6, 'wait_seconds_bucket', 'histogram'],
      [7, 'wait_seconds_sum', 'counter'],
      [8, 'wait_seconds_count', 'counter'],
      [10, 'size', 'gauge'],
      [11, 'size_sum', 'counter'],
      [14, 'unknown_count', 'gauge'],
    ]);
    expect(read[0]).toMatchObject({ labels: { path: '/a"b' }, value: 3, atMs: 1_700_000_000_000 });
  });

  it.each([
    ['a 1', 1, 'ends in the middle of a line'],
    ['a 1\nb\n', 2, 'no value'],
    ['a 1\n2b 1\n', 2, 'begins with the name'],
    ['a one\n', 1, '"one" is no number'],
    ['a 0x10\n', 1, 'is no number'],
    ['a 1 2.5\n', 1, 'no time in milliseconds'],
    ['a 1 2 3\n', 1, 'nothing more'],
    ['a{b="c" 1\n', 1, 'comes , or }'],
    ['a{b="c\n', 1, 'has no end'],
    ['a{b="\\x"} 1\n', 1, 'means nothing'],
    ['a{b=c} 1\n', 1, 'in quotes'],
    ['a{b="1",b="2"} 1\n', 1, 'there twice'],
    ['a{x="1",y="2"} 1\na{y="2",x="1"} 2\n', 2, 'in line 1 already'],
    ['# TYPE a bogus\n', 1, '"bogus" is no type'],
    ['# TYPE a gauge\n# TYPE a gauge\n', 2, 'given before'],
    ['a 1\n# TYPE a gauge\n', 2, 'after its samples'],
    ['# TYPE a histogram\na_bucket 1\n', 2, 'has the label le'],
    ['# TYPE a histogram\na 1\n', 2, 'only _bucket'],
    ['<html>\n', 1, 'begins with the name'],
  ])('refuses %j: line %i, %s', (text, line, fault) => {
    expect(() => parseExposition(text)).toThrow(
      expect.objectContaining({ line, message: expect.stringContaining(fault) }),
    );
  });
});
