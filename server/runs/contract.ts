import * as z from 'zod/mini';

export const RUN_STATUSES = [
  'awaiting_approval',
  'queued',
  'running',
  'cancelling',
  'needs_attention',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const STEP_STATUSES = [
  'pending',
  'running',
  'succeeded',
  'warning',
  'skipped',
  'failed',
  'cancelled',
  'unknown',
] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export const RUN_STATUS_LABELS: Record<RunStatus, string> = {
  awaiting_approval: 'Awaiting approval',
  queued: 'Queued',
  running: 'Running',
  cancelling: 'Cancelling',
  needs_attention: 'Needs attention',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
  timed_out: 'Timed out',
};

export const STEP_STATUS_LABELS: Record<StepStatus, string> = {
  pending: 'Waiting',
  running: 'Running',
  succeeded: 'Succeeded',
  warning: 'Warning',
  skipped: 'Skipped',
  failed: 'Failed',
  cancelled: 'Cancelled',
  unknown: 'Unknown',
};

export interface PlanStep {
  key: string;
  title: string;
  /** What will be run or done, in one line. */
  detail: string;
}

/** What a release is, wherever it is named. */
export interface ReleaseRef {
  id: string;
  tag: string;
  commitSha: string;
  title: string;
}

/** What a run will do, shown before confirmation and frozen into the run. Its hash binds the confirmation to it. */
export interface Plan {
  procedure: string;
  title: string;
  service: string;
  environment: string;
  from: ReleaseRef | null;
  to: ReleaseRef | null;
  steps: PlanStep[];
  params: Record<string, unknown>;
  /** What is left out on purpose and why, one sentence each. */
  skips: string[];
  budgetMs: number;
}

export interface RunSummary {
  id: string;
  number: number;
  procedure: string;
  title: string;
  service: string;
  environment: string;
  status: RunStatus;
  requestedByName: string;
  requestedByType: string;
  reason: string | null;
  fromTag: string | null;
  toTag: string | null;
  /** ISO 8601, UTC */
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  /** When the budget ends; a resume gives a new one. Null until a worker has begun. */
  deadlineAt: string | null;
  budgetMs: number;
  /** The step now running, for one-line displays. */
  currentStep: string | null;
  stepsDone: number;
  stepsTotal: number;
}

export interface RunStepView {
  index: number;
  key: string;
  title: string;
  detail: string;
  status: StepStatus;
  attempt: number;
  startedAt: string | null;
  endedAt: string | null;
  durationMs: number | null;
  exitCode: number | null;
  error: string | null;
  /** Small facts of the step for people: label → text. */
  facts: Record<string, string>;
}

export interface RunLogLine {
  seq: number;
  stepIndex: number;
  /** ISO 8601, UTC */
  at: string;
  stream: 'stdout' | 'stderr' | 'system';
  text: string;
}

export interface RunDetail extends RunSummary {
  plan: Plan;
  planHash: string;
  configHash: string;
  steps: RunStepView[];
  error: string | null;
  cancelReason: string | null;
  cancelRequestedBy: string | null;
  causedBy: { id: string; number: number; title: string } | null;
  supersededBy: { id: string; number: number; title: string } | null;
  /** Runs that this one caused. */
  followUps: { id: string; number: number; title: string; status: RunStatus }[];
  lastLogSeq: number;
  /** The database's clock when this was read, ISO 8601: elapsed times count from it. */
  readAt: string;
  canCancel: boolean;
  canResume: boolean;
}

/** What the event stream sends of a run; the page merges it over the loaded detail. */
export interface RunSnapshot {
  id: string;
  status: RunStatus;
  startedAt: string | null;
  endedAt: string | null;
  deadlineAt: string | null;
  error: string | null;
  supersededByRunId: string | null;
  cancelReason: string | null;
  steps: RunStepView[];
  lastLogSeq: number;
  readAt: string;
}

export const runListFilter = z.object({
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: z._default(z.coerce.number().check(z.int(), z.minimum(10), z.maximum(200)), 50),
  status: z.optional(z.enum(RUN_STATUSES)),
  procedure: z.optional(z.string()),
  service: z.optional(z.string()),
  environment: z.optional(z.string()),
  search: z.optional(z.string().check(z.maxLength(200))),
  sort: z._default(z.enum(['created', 'duration']), 'created'),
  order: z._default(z.enum(['asc', 'desc']), 'desc'),
});

export interface RunPage {
  rows: RunSummary[];
  total: number;
  page: number;
  pageSize: number;
}

const runId = z.uuid('This run does not exist. Open it from the runs list.');

export const getRunInput = z.object({ runId });

export const cancelRunInput = z.object({
  runId,
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
});

export const resumeRunInput = z.object({ runId });

export const readRunLogInput = z.object({
  runId,
  afterSeq: z._default(z.coerce.number().check(z.int(), z.minimum(0)), 0),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(5_000)), 1_000),
});

/** The states in which a run holds its lock key. */
export const ACTIVE_STATUSES: readonly RunStatus[] = ['queued', 'running', 'cancelling', 'needs_attention'];

export function isActive(status: RunStatus): boolean {
  return ACTIVE_STATUSES.includes(status);
}
