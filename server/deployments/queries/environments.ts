import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import {
  type DeploymentView,
  type EnvironmentState,
  environmentInput,
  type LockView,
} from '#server/deployments/contract';
import type { SourceRelease } from '#server/deployments/drivers/driver';
import { readFreezes, toActiveFreeze } from '#server/deployments/freezes/active';
import { recentDeployments } from '#server/deployments/queries/deployments';
import {
  type DatedEntry,
  driverOf,
  type findOpenLock,
  findOpenLocks,
  loadHistory,
  oldestCompatibleSchemas,
} from '#server/deployments/records';
import { chooseRollbackTarget, findCurrent, type HistoryEntry } from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import { messageOf } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import type { ReleaseRef, RunSummary } from '#server/runs/contract';
import { lockKeyOf } from '#server/runs/exclusion';
import { findRunSummaries } from '#server/runs/queries';
import type { EnvironmentKey, EnvironmentView } from '#server/services/contract';
import { environmentConfig, listEnvironments } from '#server/services/queries';

/** More runs than this never hold one place: one runs, and one that is newer may be about to take it over. */
const RUNS_OF_ONE_PLACE = 4;

/** One environment at a glance. */
export const getEnvironmentState = defineQuery({
  name: 'deployments.get-environment-state',
  access: 'overview.read',
  input: environmentInput,
  handle: async (ctx, key): Promise<EnvironmentState> => {
    environmentConfig(ctx, key);
    const views = await listEnvironments(ctx, {});
    const view = views.find((item) => item.service === key.service && item.environment === key.environment);
    const [state] = await describeEnvironments(ctx, [view as EnvironmentView]);
    return state as EnvironmentState;
  },
});

/** Every environment at a glance, in the order of the configuration. */
export const listEnvironmentStates = defineQuery({
  name: 'deployments.list-environment-states',
  access: 'overview.read',
  input: z.object({}),
  handle: async (ctx): Promise<EnvironmentState[]> =>
    describeEnvironments(ctx, await listEnvironments(ctx, {})),
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
      describeEnvironments(ctx, views),
      findRunSummaries(ctx, Prisma.sql`true`, 8),
      recentDeployments(ctx, 6),
    ]);
    return { environments, recentRuns, recentDeployments: recent };
  },
});

/** Every page shows this, so all environments are read together. */
async function describeEnvironments(
  ctx: Ctx,
  views: readonly EnvironmentView[],
): Promise<EnvironmentState[]> {
  const [pasts, oldest, locks, freezes, activeRuns] = await Promise.all([
    Promise.all(views.map((view) => readPast(ctx, view))),
    oldestCompatibleSchemas(ctx, views),
    findOpenLocks(ctx),
    readFreezes(ctx),
    findActiveRuns(ctx, views),
  ]);
  return views.map((view, index) => {
    const { history, current, problem } = pasts[index] as Past;
    const isHere = (other: EnvironmentKey) => isSamePlace(view, other);
    const choice = chooseRollbackTarget(history, oldest(view));
    return {
      ...view,
      live: current ? describeLive(current) : null,
      lock: toLockView(locks.find(isHere) ?? null),
      freeze: toActiveFreeze(freezes(view)[0]),
      activeRun:
        activeRuns.find(({ service, environment }) => isHere({ service, environment } as EnvironmentKey)) ??
        null,
      rollbackTarget: choice.kind === 'target' ? refOf(choice.entry) : null,
      noRollbackReason: choice.kind === 'none' ? (problem ?? choice.reason) : null,
    };
  });
}

interface Past {
  history: DatedEntry[];
  current: DatedEntry | null;
  problem: string | null;
}

async function readPast(ctx: Ctx, view: EnvironmentView): Promise<Past> {
  const { releases, problem } = await readSource(ctx, view);
  const history = await loadHistory(ctx, view, releases);
  return { history, current: findCurrent(history), problem };
}

function isSamePlace(one: EnvironmentKey, other: EnvironmentKey): boolean {
  return one.service === other.service && one.environment === other.environment;
}

function describeLive(current: DatedEntry): EnvironmentState['live'] {
  return {
    ...refOf(current),
    since: current.since.toISOString(),
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

/** The runs that hold deploys and rollbacks of these environments, with those waiting behind them left out. */
function findActiveRuns(ctx: Ctx, keys: readonly EnvironmentKey[]): Promise<RunSummary[]> {
  return findRunSummaries(
    ctx,
    Prisma.sql`r.lock_key = ANY(${keys.map(lockKeyOf)}) AND r.superseded_by_run_id IS NULL AND r.status IN ('queued', 'running', 'cancelling', 'needs_attention')`,
    keys.length * RUNS_OF_ONE_PLACE,
  );
}

/** The run that holds the environment's deploys and rollbacks, with those waiting behind it left out. */
export async function findActiveRun(ctx: Ctx, key: EnvironmentKey): Promise<RunSummary | null> {
  return (await findActiveRuns(ctx, [key]))[0] ?? null;
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
