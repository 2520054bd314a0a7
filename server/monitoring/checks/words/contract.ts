/*
 * What pages show of checks. Apart from the schemas, which a page that only shows a state should not have to load.
 */

export const CHECK_KINDS = ['health', 'http', 'tcp'] as const;
export type CheckKind = (typeof CHECK_KINDS)[number];

export const CHECK_KIND_LABELS: Record<CheckKind, string> = {
  health: 'Health contract',
  http: 'HTTP',
  tcp: 'TCP',
};

/** `not_run`: the console itself could not look, which says nothing about the target. */
export const CHECK_OUTCOMES = ['ok', 'failed', 'not_run'] as const;
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

/** How a check stands for people. */
export const CHECK_STATES = ['failed', 'not_run', 'ok', 'waiting', 'paused'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export const CHECK_STATE_LABELS: Record<CheckState, string> = {
  failed: 'Failing',
  not_run: 'Could not run',
  ok: 'Well',
  waiting: 'Not run yet',
  paused: 'Paused',
};

/** Why a check does not stand well, in words; null where there is nothing to say. */
export function whyNotWell(check: {
  state: CheckState;
  isOverdue: boolean;
  lastAt: string | null;
  lastMessage: string | null;
}): string | null {
  if (check.isOverdue && check.lastAt)
    return `Not looked at since ${check.lastAt.slice(0, 19).replace('T', ' ')} UTC. Does a worker run?`;
  return check.state === 'failed' || check.state === 'not_run' ? check.lastMessage : null;
}

export const CHECK_OUTCOME_LABELS: Record<CheckOutcome, string> = {
  ok: 'Well',
  failed: 'Failed',
  not_run: 'Could not run',
};

/** What the bars of a list show: the last 24 hours by hour, or the last 90 days by day (UTC). */
export const UPTIME_RANGES = ['day', 'quarter'] as const;
export type UptimeRange = (typeof UPTIME_RANGES)[number];

export const CHECK_INTERVAL_DEFAULT = 60;
export const CHECK_TIMEOUT_DEFAULT = 5_000;
