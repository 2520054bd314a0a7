import { describe, expect, it } from 'vitest';
import { addLines, CHUNK_LINES, dropOldest, EMPTY_LOG, findGaps } from '#app/components/live/log-buffer';
import type { RunLogLine } from '#server/runs/contract';

const line = (seq: number): RunLogLine => ({
  seq,
  stepIndex: 0,
  at: '2026-03-01T09:00:00.000Z',
  stream: 'stdout',
  text: `line ${seq}`,
});
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => line(from + i));
const seqs = (buffer: typeof EMPTY_LOG) =>
  buffer.chunks.flatMap((chunk) => chunk.lines.map(({ seq }) => seq));

describe('log buffer', () => {
  it('shows every line once and in order, whatever order they come in', () => {
    let buffer = addLines(EMPTY_LOG, lines(150, 260));
    buffer = addLines(buffer, lines(1, 160).reverse());
    buffer = addLines(buffer, [line(160), line(160), line(261)]);
    expect(seqs(buffer)).toEqual(lines(1, 261).map(({ seq }) => seq));
    expect(buffer).toMatchObject({ count: 261, firstSeq: 1, lastSeq: 261 });
  });

  it('is the same object when nothing new came, and keeps chunks that did not change', () => {
    const before = addLines(EMPTY_LOG, lines(1, CHUNK_LINES + 10));
    expect(addLines(before, lines(5, 20))).toBe(before);
    const after = addLines(before, [line(CHUNK_LINES + 11)]);
    expect(after.chunks[0]).toBe(before.chunks[0]);
    expect(after.chunks[1]).not.toBe(before.chunks[1]);
  });

  it('finds what is missing within a chunk and between chunks', () => {
    const buffer = addLines(EMPTY_LOG, [...lines(10, 12), ...lines(15, 16), ...lines(500, 501)]);
    expect(findGaps(buffer)).toEqual([
      { after: 12, before: 15 },
      { after: 16, before: 500 },
    ]);
    expect(findGaps(addLines(EMPTY_LOG, lines(300, 900)))).toEqual([]);
  });

  it('lets go of the oldest and keeps the newest', () => {
    const buffer = dropOldest(addLines(EMPTY_LOG, lines(1, 5_000)), 1_000);
    expect(buffer.lastSeq).toBe(5_000);
    expect(buffer.count).toBeLessThanOrEqual(1_000);
    expect(buffer.firstSeq).toBe(4_001);
  });
});
