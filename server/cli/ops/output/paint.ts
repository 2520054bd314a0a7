import type { RunStatus, StepStatus } from '#server/runs/contract';

/** The states that may have a colour. Each also has a mark and is said in a word: colour never stands alone. */
export type State = 'ok' | 'warning' | 'critical' | 'active' | 'quiet';

const SGR: Record<State, string> = { ok: '32', warning: '33', critical: '31', active: '36', quiet: '' };

const MARKS: Record<State, string> = { ok: '✓', warning: '!', critical: '✗', active: '●', quiet: '○' };

/** Text in the colour of a state, where colours are on. */
export type Paint = (state: State, text: string) => string;

export function createPaint(isOn: boolean): Paint {
  return (state, text) => (isOn && SGR[state] ? `\u001b[${SGR[state]}m${text}\u001b[0m` : text);
}

export function markOf(state: State): string {
  return MARKS[state];
}

const RUN_STATES: Record<RunStatus, State> = {
  awaiting_approval: 'warning',
  queued: 'quiet',
  running: 'active',
  cancelling: 'active',
  needs_attention: 'critical',
  succeeded: 'ok',
  failed: 'critical',
  cancelled: 'warning',
  timed_out: 'critical',
};

export function stateOfRun(status: RunStatus): State {
  return RUN_STATES[status];
}

const STEP_STATES: Record<StepStatus, State> = {
  pending: 'quiet',
  running: 'active',
  succeeded: 'ok',
  warning: 'warning',
  skipped: 'quiet',
  failed: 'critical',
  cancelled: 'warning',
  unknown: 'critical',
};

export function stateOfStep(status: StepStatus): State {
  return STEP_STATES[status];
}

/** A status as one word, such as `timed out`. */
export function wordOf(status: string): string {
  return status.replaceAll('_', ' ');
}
