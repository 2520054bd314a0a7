import { useFetcher } from '@remix-run/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useLive } from '#app/components/live/live-provider';
import { addLines, dropOldest, EMPTY_LOG, findGaps, type LogBuffer } from '#app/components/live/log-buffer';
import { paths } from '#app/lib/paths';
import { isActive, type RunDetail, type RunLogLine } from '#server/runs/contract';

/** Lines that a page holds at most while it follows; with 20,000 of them a browser still scrolls smoothly. */
const MAX_LINES = 20_000;
const PORTION = 1_000;
const MAX_PORTION = 5_000;

export interface RunLog {
  buffer: LogBuffer;
  isLoading: boolean;
  /** The portion before the first line that is shown. */
  loadEarlier: () => void;
  /** A portion with this line in it. */
  loadAround: (seq: number) => void;
}

/**
 * A run's log as far as the page has it: the loaded lines, those that the stream brings, and what the reader asks for.
 * Every line once; a gap is asked for once, because a log that was capped has gaps that nothing fills.
 */
export function useRunLog(run: RunDetail, initial: RunLogLine[], options: { isFollowing: boolean }): RunLog {
  const [buffer, setBuffer] = useState(() => addLines(EMPTY_LOG, initial));
  const fetcher = useFetcher<{ lines: RunLogLine[] }>();
  const asked = useRef(new Set<string>());
  const { isFollowing } = options;

  const take = useCallback(
    (lines: readonly RunLogLine[]) =>
      setBuffer((before) => {
        const next = addLines(before, lines);
        return isFollowing ? dropOldest(next, MAX_LINES) : next;
      }),
    [isFollowing],
  );

  useEffect(() => take(initial), [take, initial]);
  useEffect(() => {
    if (fetcher.data) take(fetcher.data.lines);
  }, [take, fetcher.data]);

  const isOpen = isActive(run.status) || buffer.lastSeq < run.lastLogSeq;
  useLive({ runs: isOpen ? { [run.id]: buffer.lastSeq } : {}, environments: [] }, (event) => {
    if (event.name === 'log' && event.runId === run.id) take(event.lines);
  });

  const read = useCallback(
    (after: number, limit: number) =>
      fetcher.load(paths.runLog(run.id, { after: Math.max(0, after), limit })),
    [fetcher.load, run.id],
  );

  useEffect(() => {
    if (fetcher.state !== 'idle') return;
    const gap = findGaps(buffer).find(({ after, before }) => !asked.current.has(`${after}-${before}`));
    if (!gap) return;
    asked.current.add(`${gap.after}-${gap.before}`);
    read(gap.after, Math.min(MAX_PORTION, gap.before - gap.after - 1));
  }, [buffer, fetcher.state, read]);

  return {
    buffer,
    isLoading: fetcher.state !== 'idle',
    loadEarlier: () => read(buffer.firstSeq - 1 - PORTION, Math.min(PORTION, buffer.firstSeq - 1)),
    loadAround: (seq) => read(seq - PORTION / 2, PORTION),
  };
}
