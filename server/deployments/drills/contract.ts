import * as z from 'zod/mini';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';
import { RUN_STATUSES } from '#server/runs/contract';
import { environmentKey } from '#server/services/contract';

/** The id of the job that starts drills by the clock. */
export const DRILL_JOB = 'deployments.drill';

export const DRILL_STATUSES = ['deploying', 'rolling_back', 'succeeded', 'failed'] as const;
export type DrillStatus = (typeof DRILL_STATUSES)[number];

export const DRILL_STATUS_LABELS: Record<DrillStatus, string> = {
  deploying: 'Deploying',
  rolling_back: 'Rolling back',
  succeeded: 'Within budget',
  failed: 'Failed',
};

export const requestDrillInput = z.object({
  service: environmentKey.shape.service,
  environment: environmentKey.shape.environment,
  planHash: z
    .optional(z.string().check(z.regex(/^[0-9a-f]{64}$/, 'The plan is missing. Open the page again.')))
    .check(z.describe('Of the deploy that was shown; absent: whatever a drill would deploy now.')),
  idempotencyKey: z.optional(z.string().check(z.minLength(8), z.maxLength(200))),
});

export const previewDrillInput = environmentKey;

export const listDrillsInput = z.object({
  service: z.optional(environmentKey.shape.service),
  environment: z.optional(environmentKey.shape.environment),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
  order: z._default(z.enum(['desc', 'asc']), 'desc').check(z.describe('By start; desc: newest first.')),
});

const drillRun = z.object({ id: z.string(), number: z.int(), status: z.enum(RUN_STATUSES) });

/** A rehearsal: a real deploy and a real rollback of a practice environment, and how long the rollback took. */
export const drillView = z.object({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  status: z.enum(DRILL_STATUSES),
  releaseTag: z.string().check(z.describe('Deployed, and left again by the rollback.')),
  restoredTag: z.string().check(z.describe('Live before; what the rollback must bring back.')),
  deployRun: drillRun,
  rollbackRun: z.nullable(drillRun),
  requestedByName: z.string(),
  startedAt: timestamp,
  endedAt: z.nullable(timestamp),
  rollbackMs: z
    .nullable(z.int())
    .check(z.describe("From the rollback's request to its end, ms, by the database's clock.")),
  budgetMs: z.int(),
  error: z.nullable(z.string()),
});
export type DrillView = z.infer<typeof drillView>;

export const drillPage = pageOf(drillView);
export type DrillPage = z.infer<typeof drillPage>;

/** The answer to a request for a drill. */
export const requestedDrill = z.object({
  drillId: z.string(),
  runId: z.string().check(z.describe('Of its deploy.')),
  number: z.int().check(z.describe('Of its deploy.')),
  created: z.boolean().check(z.describe('False when the same request came before: this is that drill.')),
});
export type RequestedDrill = z.infer<typeof requestedDrill>;

/** One practice environment: does the rollback hold its budget? */
export const drillPlace = z.object({
  service: z.string(),
  environment: z.string(),
  title: z.string(),
  budgetMs: z.int(),
  open: z.nullable(drillView).check(z.describe('The drill that is going on.')),
  last: z.nullable(drillView).check(z.describe('The newest one that has ended.')),
  recent: z.array(drillView).check(z.describe('The newest ones that have ended, at most ten, newest first.')),
  succeeded: z.int().check(z.describe('How many of `recent` succeeded.')),
  next: z
    .nullable(z.object({ releaseTag: z.string(), restoredTag: z.string() }))
    .check(z.describe('What a drill would do now.')),
  blockedBy: z.nullable(z.string()).check(z.describe('Why no drill can start now.')),
});
export type DrillPlace = z.infer<typeof drillPlace>;
