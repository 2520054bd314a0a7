import type { RunState } from '#server/cli/ops/follow/watch';
import type { RunDetail, RunLogLine } from '#server/runs/contract';

/** How somebody sees a run go on. */
export interface RunView {
  lines(lines: readonly RunLogLine[]): void;
  state(state: RunState): void;
  /** A remark in between, for people. */
  note(text: string): void;
  /** Leaves the screen as one would want to find it. */
  close(): void;
}

/** What a view needs to know of the run beside its changes. */
export type RunHeader = Pick<RunDetail, 'number' | 'title' | 'budgetMs'>;

/** Shows nothing while the run goes on. */
export const SILENT_VIEW: RunView = {
  lines: () => undefined,
  state: () => undefined,
  note: () => undefined,
  close: () => undefined,
};
