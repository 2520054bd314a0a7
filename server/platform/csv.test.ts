import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from '#server/platform/csv';

/** A reader of RFC 4180, for the round trip. */
function parseLine(line: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  const text = line.replace(/\r\n$/, '');
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text.charAt(at + 1) === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',') {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  return [...cells, cell];
}

describe('csvLine', () => {
  it('gives back every text, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 6 }), (cells) => {
        const read = parseLine(csvLine(cells));
        expect(read.map((cell, at) => (cells[at] === cell ? cell : cell.slice(1)))).toEqual(cells);
      }),
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])('disarms the formula %j', (text) => {
    expect(parseLine(csvLine([text]))[0]).toBe(`'${text}`);
  });

  it('leaves numbers as numbers and nothing as nothing', () => {
    expect(csvLine([-1, 2.5, null, undefined, true, 'a "b", c'])).toBe('-1,2.5,,,true,"a ""b"", c"\r\n');
  });
});
