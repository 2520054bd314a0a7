import * as z from 'zod/mini';
import { activeFreeze } from '#server/deployments/freezes/contract';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';
import { defineEvent } from '#server/platform/events-contract';
import { plan, releaseRef, runSummary } from '#server/runs/contract';
import { environmentView } from '#server/services/contract';

const DIRECTIONS = ['deploy', 'rollback'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export const VERDICTS = ['stable', 'faulty', 'none'] as const;
export type Verdict = (typeof VERDICTS)[number];

const DEPLOYMENT_STATUSES = ['in_progress', 'switched', 'live', 'failed', 'invalid', 'replaced'] as const;
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

export const DEPLOYMENT_STATUS_LABELS: Record<DeploymentStatus, string> = {
  in_progress: 'In progress',
  switched: 'Taking visitors, not validated',
  live: 'Live',
  failed: 'Failed before the switch',
  invalid: 'Failed validation',
  replaced: 'Replaced',
};

const service = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'Name a service in lower-case letters.'));
const environment = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'Name an environment in lower-case letters.'));
const reason = z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500));
const optionalReason = z.optional(z.string().check(z.trim(), z.maxLength(500)));
const planHash = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'The plan is missing. Open the page again.'));
const idempotencyKey = z.optional(z.string().check(z.minLength(8), z.maxLength(200)));
const tag = z.string().check(z.minLength(1, 'Choose a release.'), z.maxLength(200));

export const environmentInput = z.object({ service, environment });
export const planDeployInput = z.object({ service, environment, tag });
export const requestDeployInput = z.object({
  service,
  environment,
  tag,
  planHash,
  reason: optionalReason,
  /** Typed by a person who may, to deploy in spite of a freeze; an entry of its own in the audit log. */
  freezeOverrideReason: optionalReason,
  idempotencyKey,
});

export const planRollbackInput = z.object({ service, environment, tag: z.optional(tag) });
export const requestRollbackInput = z.object({
  service,
  environment,
  /** Absent: the last known good release. */
  tag: z.optional(tag),
  planHash,
  reason: optionalReason,
  /** Typed by the person when the target's schema is not compatible; alerted and reviewed. */
  breakGlassReason: optionalReason,
  /** Of a drill: what is left is not marked faulty and nothing is locked. Refused outside practice environments. */
  drill: z.optional(z.boolean()),
  /** The run whose end led to this one. */
  causedByRunId: z.optional(z.uuid()),
  idempotencyKey,
});

export const requestChecklistInput = z.object({ service, environment, tag, planHash, idempotencyKey });
export const requestRestartInput = z.object({
  service,
  environment,
  planHash,
  reason: optionalReason,
  idempotencyKey,
});
export const requestValidationInput = z.object({ service, environment, planHash, idempotencyKey });

export const listDeploymentsInput = z.object({
  service: z.optional(service),
  environment: z.optional(environment),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
});

export const markReleaseInput = z.object({ service, tag, verdict: z.enum(VERDICTS), reason });
export const lockEnvironmentInput = z.object({ service, environment, reason });
export const liftLockInput = z.object({
  service,
  environment,
  lockId: z.uuid('Open the page again.'),
  reason,
});

export const lockView = z.object({
  id: z.string(),
  reason: z.string(),
  lockedByName: z.string(),
  lockedAt: timestamp,
  runId: z.nullable(z.string()),
});
export type LockView = z.infer<typeof lockView>;

export const releaseView = z.extend(releaseRef, {
  committedAt: timestamp,
  schemaVersion: z.int(),
  oldestCompatibleSchemaVersion: z.int(),
  verdict: z.enum(VERDICTS),
  verdictReason: z.nullable(z.string()),
  verdictByName: z.nullable(z.string()),
  verdictAt: z.nullable(timestamp),
  isMissing: z.boolean().check(z.describe('It can no longer be found in the repository.')),
  isLive: z.boolean(),
  isKnownGood: z.boolean(),
  lastDeployedAt: z.nullable(timestamp),
});
export type ReleaseView = z.infer<typeof releaseView>;

export const deploymentView = z.object({
  id: z.string(),
  sequence: z.int(),
  service: z.string(),
  environment: z.string(),
  direction: z.enum(DIRECTIONS),
  status: z.enum(DEPLOYMENT_STATUSES),
  release: releaseRef,
  replacesTag: z.nullable(z.string()),
  runId: z.string(),
  runNumber: z.int(),
  byName: z.string(),
  startedAt: timestamp,
  switchedAt: z.nullable(timestamp),
  validatedAt: z.nullable(timestamp),
  endedAt: z.nullable(timestamp),
  durationMs: z.nullable(z.number()).check(z.describe('From start to end.')),
});
export type DeploymentView = z.infer<typeof deploymentView>;

export const deploymentPage = pageOf(deploymentView);
export type DeploymentPage = z.infer<typeof deploymentPage>;

export const commitView = z.object({ sha: z.string(), title: z.string(), author: z.string(), at: timestamp });
export type CommitView = z.infer<typeof commitView>;

/** One environment at a glance: header, overview, banners. */
export const environmentState = z.extend(environmentView, {
  live: z.nullable(
    z.extend(releaseRef, {
      since: timestamp,
      validated: z.boolean(),
      direction: z.enum(DIRECTIONS),
      verdict: z.enum(VERDICTS),
    }),
  ),
  lock: z.nullable(lockView),
  freeze: z.nullable(activeFreeze),
  activeRun: z.nullable(runSummary),
  rollbackTarget: z
    .nullable(releaseRef)
    .check(z.describe('The release a rollback would go to; null with the reason in `noRollbackReason`.')),
  noRollbackReason: z.nullable(z.string()),
});
export type EnvironmentState = z.infer<typeof environmentState>;

/** A plan with what binds the confirmation to it. */
export const planPreview = z.object({
  plan,
  planHash: z.string(),
  blockedBy: z.nullable(z.string()).check(z.describe('Why it would be refused now; null when it may go.')),
  needsApproval: z
    .boolean()
    .check(z.describe('A second person must approve it here; it then starts by itself.')),
  activeRun: z.nullable(runSummary),
});
export type PlanPreview = z.infer<typeof planPreview>;

/** A plan with all that its confirmation page shows. */
export const deployPreview = z.extend(planPreview, {
  release: releaseView,
  commits: z.array(commitView),
  commitsLeftOut: z.int().check(z.describe('How many more commits than listed.')),
  lock: z.nullable(lockView),
  freeze: z
    .nullable(activeFreeze)
    .check(z.describe('The freeze that refuses it now, unless an override reason is given.')),
});
export type DeployPreview = z.infer<typeof deployPreview>;

export const rollbackPreview = z.extend(planPreview, {
  target: releaseView,
  safeBecause: z.array(z.string()).check(z.describe('Why this target is safe, one sentence each.')),
  breakGlass: z
    .nullable(z.string())
    .check(
      z.describe('Set when the target cannot work with the database as it is; a typed reason is needed.'),
    ),
  supersedes: z.nullable(runSummary).check(z.describe('The deploy that will be stopped.')),
  alternatives: z.array(releaseView).check(z.describe('Other releases a rollback can go to, newest first.')),
});
export type RollbackPreview = z.infer<typeof rollbackPreview>;

/** A deploy or rollback of an environment ended. */
export const deployEnded = defineEvent(
  'deployments.ended',
  z.object({
    runId: z.string(),
    service: z.string(),
    environment: z.string(),
    direction: z.enum(['deploy', 'rollback']),
    status: z.string(),
    failedStepKey: z.nullable(z.string()),
    error: z.nullable(z.string()),
  }),
);

/** What came of an alert that asked for a rollback. */
export const automaticRollbackDecided = defineEvent(
  'deployments.automatic-rollback-decided',
  z.object({
    alertId: z.string(),
    service: z.string(),
    environment: z.string(),
    outcome: z.enum(['started', 'refused', 'dry_run']),
    words: z.string(),
    runId: z.nullable(z.string()),
  }),
);
