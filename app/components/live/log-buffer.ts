import type { RunLogLine } from '#server/runs/contract';

/** Lines that are drawn together; one that is complete is never drawn again. */
export const CHUNK_LINES = 200;

export interface LogChunk {
  /** `seq` of its first possible line, minus one, divided by {@link CHUNK_LINES}. */
  index: number;
  lines: readonly RunLogLine[];
}

export interface LogBuffer {
  /** In order of `index`; a chunk whose lines did not change stays the same object. */
  chunks: readonly LogChunk[];
  count: number;
  firstSeq: number;
  lastSeq: number;
}

export const EMPTY_LOG: LogBuffer = { chunks: [], count: 0, firstSeq: 0, lastSeq: 0 };

/** A stretch of numbers that is missing: lines with `after < seq < before`. */
export interface LogGap {
  after: number;
  before: number;
}

/** The buffer with the lines in it, each number once, in order, whatever order they came in. */
export function addLines(buffer: LogBuffer, incoming: readonly RunLogLine[]): LogBuffer {
  if (incoming.length === 0) return buffer;
  const byChunk = new Map<number, RunLogLine[]>();
  for (const line of incoming) {
    const index = Math.floor((line.seq - 1) / CHUNK_LINES);
    const list = byChunk.get(index);
    if (list) list.push(line);
    else byChunk.set(index, [line]);
  }
  const chunks = new Map(buffer.chunks.map((chunk) => [chunk.index, chunk]));
  let added = 0;
  for (const [index, lines] of byChunk) {
    const before = chunks.get(index)?.lines ?? [];
    const known = new Set(before.map((line) => line.seq));
    const fresh = lines.filter((line) => !known.has(line.seq) && known.add(line.seq));
    if (fresh.length === 0) continue;
    added += fresh.length;
    chunks.set(index, { index, lines: [...before, ...fresh].sort((a, b) => a.seq - b.seq) });
  }
  return added === 0 ? buffer : toBuffer([...chunks.values()].sort((a, b) => a.index - b.index));
}

/** The buffer without its oldest chunks, so that at most `maxLines` remain. */
export function dropOldest(buffer: LogBuffer, maxLines: number): LogBuffer {
  let count = buffer.count;
  let from = 0;
  while (count > maxLines && from < buffer.chunks.length - 1) {
    count -= buffer.chunks[from]?.lines.length ?? 0;
    from += 1;
  }
  return from === 0 ? buffer : toBuffer(buffer.chunks.slice(from));
}

/** The stretches of numbers that are missing between the first and the last line. */
export function findGaps(buffer: LogBuffer): LogGap[] {
  const gaps: LogGap[] = [];
  let previous = 0;
  for (const chunk of buffer.chunks) {
    const first = chunk.lines[0]?.seq ?? 0;
    const last = chunk.lines[chunk.lines.length - 1]?.seq ?? 0;
    if (previous > 0 && first > previous + 1) gaps.push({ after: previous, before: first });
    if (last - first + 1 !== chunk.lines.length) {
      for (let i = 1; i < chunk.lines.length; i += 1) {
        const after = chunk.lines[i - 1]?.seq ?? 0;
        const before = chunk.lines[i]?.seq ?? 0;
        if (before > after + 1) gaps.push({ after, before });
      }
    }
    previous = last;
  }
  return gaps;
}

function toBuffer(chunks: LogChunk[]): LogBuffer {
  const first = chunks[0]?.lines[0];
  const last = chunks[chunks.length - 1]?.lines.at(-1);
  return {
    chunks,
    count: chunks.reduce((sum, chunk) => sum + chunk.lines.length, 0),
    firstSeq: first?.seq ?? 0,
    lastSeq: last?.seq ?? 0,
  };
}
