import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  age,
  clean,
  clock,
  cut,
  duration,
  lengthOf,
  minute,
  second,
  when,
} from '#server/cli/ops/output/format';
import { createPaint } from '#server/cli/ops/output/paint';
import { type Column, renderPairs, renderTable } from '#server/cli/ops/output/table';

const plain = createPaint(false);
const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const at = (ms: number) => new Date(NOW + ms).toISOString();

describe('times and durations', () => {
  it('are short and exact', () => {
    expect([0, 84, 999, 1_200, 12_040, 59_940, 64_000, 7_500_000].map(duration)).toEqual([
      '0 ms',
      '84 ms',
      '999 ms',
      '1.2 s',
      '12.0 s',
      '59.9 s',
      '1 min 04 s',
      '2 h 05 min',
    ]);
    expect([0, 7_900, 90_000, 3_729_000].map(clock)).toEqual(['0:00', '0:07', '1:30', '1:02:09']);
    expect([-4_000, -300_000, -7_200_000, -200_000_000, 1_200_000].map((ms) => age(at(ms), NOW))).toEqual([
      '4 s ago',
      '5 min ago',
      '2 h ago',
      '2 d ago',
      'in 20 min',
    ]);
    expect(minute(at(0))).toBe('2026-03-01 12:00Z');
    expect(second(at(3_000))).toBe('12:00:03Z');
    expect(when(at(-60_000), NOW)).toBe('2026-03-01 11:59Z (1 min ago)');
  });
});

describe('text from elsewhere', () => {
  it('cannot move the cursor, colour the screen, set a title or hide a line', () => {
    const start = '\u001b';
    expect(clean(`${start}[31mred${start}[0m${start}[2J${start}[1A`)).toBe('red');
    expect(clean(`a${start}]0;title\u0007b${start}]8;;http://x${start}\\c`)).toBe('abc');
    expect(clean('one\r\ntwo\tthree')).toBe('one two  three');
    expect(clean('a\u0008\u009b1Ab\u202ec\u007f')).toBe('a··1Ab·c·');
    expect(clean('Rémy → 東京 ✓')).toBe('Rémy → 東京 ✓');
  });

  it('has no control character left, and is not changed twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = clean(text);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: this is about them
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(clean(shown)).toBe(shown);
      }),
    );
  });

  it('is cut to a width with a sign that it was', () => {
    expect([cut('abcdef', 6), cut('abcdef', 5), cut('abcdef', 1), cut('abc', 0)]).toEqual([
      'abcdef',
      'abcd…',
      '…',
      '',
    ]);
  });
});

interface Row {
  name: string;
  long: string;
  count: string;
}
const columns: Column<Row>[] = [
  { title: 'Name', cell: (row) => row.name },
  { title: 'State', cell: () => ({ state: 'ok', text: 'succeeded' }) },
  { title: 'What', cell: (row) => row.long, flexible: true },
  { title: 'Also', cell: (row) => row.long, flexible: true },
  { title: 'Count', cell: (row) => row.count, right: true },
];

describe('tables', () => {
  it('are aligned, with figures at the right', () => {
    const rows = [
      { name: 'a', long: 'short', count: '1' },
      { name: 'longer', long: 'x', count: '1000' },
    ];
    expect(renderTable(rows, columns, { width: null, paint: plain })).toEqual([
      'NAME    STATE        WHAT   ALSO   COUNT',
      'a       ✓ succeeded  short  short      1',
      'longer  ✓ succeeded  x      x       1000',
    ]);
  });

  it('fit 80 columns whatever the texts that may be cut hold, and cut nothing in a pipe', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 5 }), (texts) => {
        const rows = texts.map((long, index) => ({ name: `run-${index}`, long, count: String(index) }));
        for (const line of renderTable(rows, columns, { width: 80, paint: plain })) {
          expect(lengthOf(line)).toBeLessThanOrEqual(80);
        }
        const piped = renderTable(rows, columns, { width: null, paint: plain });
        for (const [index, text] of texts.entries())
          expect(piped[index + 1]).toContain(clean(text).trimEnd());
      }),
    );
  });

  it('colour a state and nothing else, beside its mark and word', () => {
    const row = { name: 'a', long: 'b', count: '1' };
    const [, line = ''] = renderTable([row], columns, { width: 80, paint: createPaint(true) });
    expect(line).toContain('\u001b[32m✓ succeeded\u001b[0m');
    expect(line.split('\u001b')).toHaveLength(3);
  });

  it('name pairs in a column, and leave empty ones out', () => {
    expect(
      renderPairs([
        ['Name', 'Ada'],
        ['Nothing', null],
        ['E-mail', 'a@b'],
      ]),
    ).toEqual(['Name    Ada', 'E-mail  a@b']);
  });
});
