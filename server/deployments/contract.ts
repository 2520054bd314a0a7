import * as z from 'zod/mini';
import { defineEvent } from '#server/platform/events-contract';
import type { Plan, ReleaseRef, RunSummary } from '#server/runs/contract';
import type { EnvironmentView } from '#server/services/contract';

export type Direction = 'deploy' | 'rollback';

export const VERDICTS = ['stable', 'faulty', 'none'] as const;
export type Verdict = (typeof VERDICTS)[number];

export type DeploymentStatus = 'in_progress' | 'switched' | 'live' | 'failed' | 'invalid' | 'replaced';

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
  /** The run whose end led to this one. */
  causedByRunId: z.optional(z.uuid()),
  idempotencyKey,
});

export const requestChecklistInput = z.object({ service, environment, tag, planHash, idempotencyKey });
export const requestValidationInput = z.object({ service, environment, planHash, idempotencyKey });

export const listDeploymentsInput = z.object({
  service: z.optional(service),
  environment: z.optional(environment),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: z._default(z.coerce.number().check(z.int(), z.minimum(10), z.maximum(200)), 50),
});

export const markReleaseInput = z.object({ service, tag, verdict: z.enum(VERDICTS), reason });
export const lockEnvironmentInput = z.object({ service, environment, reason });
export const liftLockInput = z.object({
  service,
  environment,
  lockId: z.uuid('Open the page again.'),
  reason,
});

export interface LockView {
  id: string;
  reason: string;
  lockedByName: string;
  /** ISO 8601, UTC */
  lockedAt: string;
  runId: string | null;
}

export interface ReleaseView extends ReleaseRef {
  /** ISO 8601, UTC */
  committedAt: string;
  schemaVersion: number;
  oldestCompatibleSchemaVersion: number;
  verdict: Verdict;
  verdictReason: string | null;
  verdictByName: string | null;
  verdictAt: string | null;
  /** It can no longer be found in the repository. */
  isMissing: boolean;
  isLive: boolean;
  isKnownGood: boolean;
  lastDeployedAt: string | null;
}

export interface DeploymentView {
  id: string;
  sequence: number;
  service: string;
  environment: string;
  direction: Direction;
  status: DeploymentStatus;
  release: ReleaseRef;
  replacesTag: string | null;
  runId: string;
  runNumber: number;
  byName: string;
  startedAt: string;
  switchedAt: string | null;
  validatedAt: string | null;
  endedAt: string | null;
  /** From start to end, ms. */
  durationMs: number | null;
}

export interface CommitView {
  sha: string;
  title: string;
  author: string;
  /** ISO 8601, UTC */
  at: string;
}

/** One environment at a glance: header, overview, banners. */
export interface EnvironmentState extends EnvironmentView {
  live: (ReleaseRef & { since: string; validated: boolean; direction: Direction; verdict: Verdict }) | null;
  lock: LockView | null;
  activeRun: RunSummary | null;
  /** The release a rollback would go to; null with the reason in `noRollbackReason`. */
  rollbackTarget: ReleaseRef | null;
  noRollbackReason: string | null;
}

/** A plan with what binds the confirmation to it. */
export interface PlanPreview {
  plan: Plan;
  planHash: string;
  /** Why it would be refused now; null when it may go. */
  blockedBy: string | null;
  activeRun: RunSummary | null;
}

/** A plan with all that its confirmation page shows. */
export interface DeployPreview extends PlanPreview {
  release: ReleaseView;
  commits: CommitView[];
  /** More commits than listed. */
  commitsLeftOut: number;
  lock: LockView | null;
}

export interface RollbackPreview extends PlanPreview {
  target: ReleaseView;
  /** Why this target is safe, one sentence each. */
  safeBecause: string[];
  /** Set when the target cannot work with the database as it is; a typed reason is needed. */
  breakGlass: string | null;
  /** The deploy that will be stopped. */
  supersedes: RunSummary | null;
  /** Other releases a rollback can go to, newest first. */
  alternatives: ReleaseView[];
}

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
