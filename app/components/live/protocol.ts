import type { Wish } from '#app/components/live/topics';
import type { RunLogLine, RunSnapshot } from '#server/runs/contract';

/** What the event stream tells, as it goes between the tabs of a browser. */
export type LiveEvent =
  | { name: 'log'; runId: string; lines: RunLogLine[] }
  | { name: 'run'; snapshot: RunSnapshot }
  | { name: 'environment'; service: string; environment: string }
  | { name: 'incident'; number: number }
  /** The stream was away for a moment: what is not numbered should be read again. */
  | { name: 'resync' };

export type LiveState = 'connecting' | 'live' | 'reconnecting';

/** What tabs say to each other. */
export type TabMessage =
  | { kind: 'wish'; tab: string; wish: Wish }
  | { kind: 'bye'; tab: string }
  /** A tab has taken over the stream and asks what the others want. */
  | { kind: 'roll-call' }
  | { kind: 'event'; event: LiveEvent }
  | { kind: 'state'; state: LiveState };

/** The highest line number of a log event. */
export function lastSeq(lines: readonly RunLogLine[]): number {
  return lines.reduce((highest, line) => Math.max(highest, line.seq), 0);
}
