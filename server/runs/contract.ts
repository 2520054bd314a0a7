import * as z from 'zod/mini';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';

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

export const planStep = z.object({
  key: z.string(),
  title: z.string(),
  detail: z.string().check(z.describe('What will be run or done, in one line.')),
});
export type PlanStep = z.infer<typeof planStep>;

/** What a release is, wherever it is named. */
export const releaseRef = z.object({
  id: z.string(),
  tag: z.string(),
  commitSha: z.string(),
  title: z.string(),
});
export type ReleaseRef = z.infer<typeof releaseRef>;

/** What a run will do, shown before confirmation and frozen into the run. Its hash binds the confirmation to it. */
export const plan = z.object({
  procedure: z.string(),
  title: z.string(),
  service: z.string(),
  environment: z.string(),
  lane: z
    .optional(z.string())
    .check(
      z.describe(
        'Runs exclude each other within a lane of their environment. Absent: that of deploys and rollbacks.',
      ),
    ),
  from: z.nullable(releaseRef),
  to: z.nullable(releaseRef),
  steps: z.array(planStep),
  params: z.record(z.string(), z.unknown()),
  skips: z.array(z.string()).check(z.describe('What is left out on purpose and why, one sentence each.')),
  budgetMs: z.number(),
});
export type Plan = z.infer<typeof plan>;

export const runSummary = z.object({
  id: z.string(),
  number: z.int(),
  procedure: z.string(),
  title: z.string(),
  service: z.string(),
  environment: z.string(),
  status: z.enum(RUN_STATUSES),
  requestedByName: z.string(),
  requestedByType: z.string(),
  reason: z.nullable(z.string()),
  fromTag: z.nullable(z.string()),
  toTag: z.nullable(z.string()),
  createdAt: timestamp,
  startedAt: z.nullable(timestamp),
  endedAt: z.nullable(timestamp),
  deadlineAt: z
    .nullable(timestamp)
    .check(z.describe('When the budget ends; a resume gives a new one. Null until a worker has begun.')),
  budgetMs: z.number(),
  currentStep: z.nullable(z.string()).check(z.describe('The title of the step now running.')),
  stepsDone: z.int(),
  stepsTotal: z.int(),
});
export type RunSummary = z.infer<typeof runSummary>;

export const runStepView = z.object({
  index: z.int(),
  key: z.string(),
  title: z.string(),
  detail: z.string(),
  status: z.enum(STEP_STATUSES),
  attempt: z.int(),
  startedAt: z.nullable(timestamp),
  endedAt: z.nullable(timestamp),
  durationMs: z.nullable(z.number()),
  exitCode: z.nullable(z.int()),
  error: z.nullable(z.string()),
  facts: z
    .record(z.string(), z.string())
    .check(z.describe('Small facts of the step for people: label to text.')),
});
export type RunStepView = z.infer<typeof runStepView>;

export const runLogLine = z.object({
  seq: z.int(),
  stepIndex: z.int(),
  at: timestamp,
  stream: z.enum(['stdout', 'stderr', 'system']),
  text: z.string(),
});
export type RunLogLine = z.infer<typeof runLogLine>;

export const APPROVAL_DECISIONS = ['approved', 'refused'] as const;
export type ApprovalDecision = (typeof APPROVAL_DECISIONS)[number];

/** Where a run's approval by a second person stands. */
export const runApproval = z.object({
  expiresAt: timestamp.check(z.describe('After this nobody can approve it any more.')),
  decision: z.nullable(z.enum(APPROVAL_DECISIONS)).check(z.describe('Null while nobody has decided.')),
  byName: z.nullable(z.string()),
  at: z.nullable(timestamp),
  reason: z.nullable(z.string()),
  isOwn: z.boolean().check(z.describe('The caller is who asked for the run.')),
  canApprove: z.boolean(),
  whyNot: z.nullable(z.string()).check(z.describe('Why the caller cannot approve it.')),
});
export type RunApproval = z.infer<typeof runApproval>;

const relatedRun = z.object({ id: z.string(), number: z.int(), title: z.string() });

export const runDetail = z.extend(runSummary, {
  plan,
  planHash: z.string(),
  configHash: z.string(),
  steps: z.array(runStepView),
  error: z.nullable(z.string()),
  cancelReason: z.nullable(z.string()),
  cancelRequestedBy: z.nullable(z.string()),
  causedBy: z.nullable(relatedRun),
  supersededBy: z.nullable(relatedRun),
  followUps: z
    .array(z.extend(relatedRun, { status: z.enum(RUN_STATUSES) }))
    .check(z.describe('Runs that this one caused.')),
  lastLogSeq: z.int(),
  readAt: timestamp.check(
    z.describe("The database's clock when this was read: elapsed times count from it."),
  ),
  canCancel: z.boolean(),
  canResume: z.boolean(),
  approval: z.nullable(runApproval).check(z.describe('Null for a run that needs no second person.')),
});
export type RunDetail = z.infer<typeof runDetail>;

/** What the event stream sends of a run; the page merges it over the loaded detail. */
export const runSnapshot = z.object({
  id: z.string(),
  status: z.enum(RUN_STATUSES),
  startedAt: z.nullable(timestamp),
  endedAt: z.nullable(timestamp),
  deadlineAt: z.nullable(timestamp),
  error: z.nullable(z.string()),
  supersededByRunId: z.nullable(z.string()),
  cancelReason: z.nullable(z.string()),
  steps: z.array(runStepView),
  lastLogSeq: z.int(),
  readAt: timestamp,
});
export type RunSnapshot = z.infer<typeof runSnapshot>;

/** The answer to a request for a run. */
export const startedRun = z.object({
  runId: z.string(),
  number: z.int(),
  created: z
    .boolean()
    .check(
      z.describe(
        'False when the same plan was already under way, or the same request came twice: this is that run.',
      ),
    ),
  status: z
    .enum(['queued', 'awaiting_approval'])
    .check(
      z.describe(
        'With awaiting_approval it starts by itself once a second person has approved it; otherwise nothing keeps it.',
      ),
    ),
});
export type StartedRun = z.infer<typeof startedRun>;

export const runListFilter = z.object({
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
  status: z.optional(z.enum(RUN_STATUSES)),
  procedure: z.optional(z.string()),
  service: z.optional(z.string()),
  environment: z.optional(z.string()),
  search: z.optional(z.string().check(z.maxLength(200))),
  sort: z._default(z.enum(['created', 'duration']), 'created'),
  order: z._default(z.enum(['asc', 'desc']), 'desc'),
});

export const runPage = pageOf(runSummary);
export type RunPage = z.infer<typeof runPage>;

const runId = z.uuid('This run does not exist. Open it from the runs list.');

export const getRunInput = z.object({ runId });

export const findRunByNumberInput = z.object({
  number: z.coerce.number().check(z.int(), z.minimum(1), z.maximum(2_147_483_647)),
});

export const cancelRunInput = z.object({
  runId,
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
});

export const resumeRunInput = z.object({ runId });

export const approveRunInput = z.object({
  runId,
  /** Of the plan that the approver saw. */
  planHash: z.string().check(z.regex(/^[0-9a-f]{64}$/, 'The plan is missing. Open the run again.')),
  reason: z.optional(z.string().check(z.trim(), z.maxLength(500))),
});

export const refuseRunInput = z.object({
  runId,
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
});

export const listApprovalsInput = z.object({
  /** Absent: all, the open ones first. */
  state: z.optional(z.enum(['open', 'decided'])),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
});

/** A run that needs, or needed, a second person. */
export const approvalView = z.extend(runApproval, {
  runId: z.string(),
  number: z.int(),
  procedure: z.string(),
  title: z.string(),
  service: z.string(),
  environment: z.string(),
  status: z.enum(RUN_STATUSES),
  isOpen: z.boolean().check(z.describe('It awaits a decision, and its time is not over.')),
  planHash: z.string(),
  fromTag: z.nullable(z.string()),
  toTag: z.nullable(z.string()),
  requestedByName: z.string(),
  requestedByType: z.string(),
  requestedAt: timestamp,
  requestReason: z.nullable(z.string()),
  cancelReason: z.nullable(z.string()).check(z.describe('Why it ended without an approval.')),
});
export type ApprovalView = z.infer<typeof approvalView>;

export const approvalPage = pageOf(approvalView);
export type ApprovalPage = z.infer<typeof approvalPage>;

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

/** It may still change by itself or by a decision: active, or awaiting one. */
export function isUnended(status: RunStatus): boolean {
  return status === 'awaiting_approval' || isActive(status);
}
