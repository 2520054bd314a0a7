import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import {
  type DeploymentView,
  type EnvironmentState,
  environmentInput,
  type LockView,
} from '#server/deployments/contract';
import type { SourceRelease } from '#server/deployments/drivers/driver';
import { findFreezes, toActiveFreeze } from '#server/deployments/freezes/active';
import { recentDeployments } from '#server/deployments/queries/deployments';
import { driverOf, findOpenLock, loadHistory, oldestCompatibleSchema } from '#server/deployments/records';
import { chooseRollbackTarget, findCurrent, type HistoryEntry } from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import { messageOf } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import type { ReleaseRef, RunSummary } from '#server/runs/contract';
import { lockKeyOf } from '#server/runs/exclusion';
import { findRunSummaries } from '#server/runs/queries';
import type { EnvironmentKey, EnvironmentView } from '#server/services/contract';
import { environmentConfig, listEnvironments } from '#server/services/queries';

/** One environment at a glance. */
export const getEnvironmentState = defineQuery({
  name: 'deployments.get-environment-state',
  access: 'overview.read',
  input: environmentInput,
  handle: async (ctx, key): Promise<EnvironmentState> => {
    environmentConfig(ctx, key);
    const views = await listEnvironments(ctx, {});
    const view = views.find((item) => item.service === key.service && item.environment === key.environment);
    return describeEnvironment(ctx, view as EnvironmentView);
  },
});

/** What the first page shows: every environment, the last runs and the last deployments. */
export const getOverview = defineQuery({
  name: 'deployments.get-overview',
  access: 'overview.read',
  input: z.object({}),
  handle: async (
    ctx,
  ): Promise<{
    environments: EnvironmentState[];
    recentRuns: RunSummary[];
    recentDeployments: DeploymentView[];
  }> => {
    const views = await listEnvironments(ctx, {});
    const [environments, recentRuns, recent] = await Promise.all([
      Promise.all(views.map((view) => describeEnvironment(ctx, view))),
      findRunSummaries(ctx, Prisma.sql`true`, 8),
      recentDeployments(ctx, 6),
    ]);
    return { environments, recentRuns, recentDeployments: recent };
  },
});

async function describeEnvironment(ctx: Ctx, view: EnvironmentView): Promise<EnvironmentState> {
  const source = await readSource(ctx, view);
  const [history, oldest, lock, freezes, activeRun] = await Promise.all([
    loadHistory(ctx, view, source.releases),
    oldestCompatibleSchema(ctx, view),
    findOpenLock(ctx, view),
    findFreezes(ctx, view),
    findActiveRun(ctx, view),
  ]);
  const current = findCurrent(history);
  const choice = chooseRollbackTarget(history, oldest);
  return {
    ...view,
    live: current ? await describeLive(ctx, current) : null,
    lock: toLockView(lock),
    freeze: toActiveFreeze(freezes[0]),
    activeRun,
    rollbackTarget: choice.kind === 'target' ? refOf(choice.entry) : null,
    noRollbackReason: choice.kind === 'none' ? (source.problem ?? choice.reason) : null,
  };
}

async function describeLive(ctx: Ctx, current: HistoryEntry): Promise<EnvironmentState['live']> {
  const row = await ctx.db.deployment.findUniqueOrThrow({
    where: { id: current.deploymentId },
    select: { switchedAt: true, startedAt: true },
  });
  return {
    ...refOf(current),
    since: (row.switchedAt ?? row.startedAt).toISOString(),
    validated: current.validated && current.status === 'live',
    direction: current.direction,
    verdict: current.release.verdict,
  };
}

/** A page must open while the repository cannot be read; it then says so instead of offering releases. */
async function readSource(
  ctx: Ctx,
  key: EnvironmentKey,
): Promise<{ releases: SourceRelease[] | null; problem: string | null }> {
  try {
    return { releases: await driverOf(ctx, key).source.listReleases(), problem: null };
  } catch (error) {
    ctx.log.warn({ err: error, ...key }, 'release repository not readable');
    return { releases: null, problem: messageOf(error) };
  }
}

/** The run that holds the environment's deploys and rollbacks, with those waiting behind it left out. */
export async function findActiveRun(ctx: Ctx, key: EnvironmentKey): Promise<RunSummary | null> {
  const runs = await findRunSummaries(
    ctx,
    Prisma.sql`r.lock_key = ${lockKeyOf(key)} AND r.superseded_by_run_id IS NULL AND r.status IN ('queued', 'running', 'cancelling', 'needs_attention')`,
    1,
  );
  return runs[0] ?? null;
}

/** An open lock as pages show it. */
export function toLockView(lock: Awaited<ReturnType<typeof findOpenLock>>): LockView | null {
  if (!lock) return null;
  const { id, reason, lockedByName, lockedAt, runId } = lock;
  return { id, reason, lockedByName, lockedAt: lockedAt.toISOString(), runId };
}

function refOf(entry: HistoryEntry): ReleaseRef {
  const { id, tag, commitSha, title } = entry.release;
  return { id, tag, commitSha, title };
}
