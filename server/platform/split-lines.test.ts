import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LINE, splitLines } from '#server/platform/split-lines';

async function linesOf(chunks: Buffer[]): Promise<string[]> {
  const lines: string[] = [];
  await splitLines(Readable.from(chunks, { objectMode: false }), (line) => lines.push(line));
  return lines;
}

describe('splitLines', () => {
  it('gives the same lines however the text is cut into chunks', async () => {
    const text = fc.array(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((line) => line.replaceAll(/[\r\n]/g, 'x')),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(20), { maxLength: 10 }), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut));
          from += cut;
        }
        chunks.push(bytes.subarray(from));
        expect(await linesOf(chunks.filter((chunk) => chunk.length > 0))).toEqual(lines);
      }),
    );
  });

  it('holds no more of an endless line than its limit, and says how much it left out', async () => {
    const chunk = Buffer.from('x'.repeat(100_000));
    const [line, next] = await linesOf([chunk, chunk, Buffer.from('\nnext\n')]);
    expect(line).toBe(`${'x'.repeat(MAX_LINE)} … (${200_000 - MAX_LINE} more characters)`);
    expect(next).toBe('next');
  });

  it('takes a last line without an end, and lines that end as on Windows', async () => {
    expect(await linesOf([Buffer.from('one\r\ntwo')])).toEqual(['one', 'two']);
  });

  it('tells of life also while no line ends', async () => {
    let signs = 0;
    await splitLines(
      Readable.from([Buffer.from('.'), Buffer.from('.')], { objectMode: false }),
      () => undefined,
      () => {
        signs += 1;
      },
    );
    expect(signs).toBe(2);
  });
});
