import type { EnvironmentFacts, PaletteFacts } from '#app/palette/entry';
import { readPreferences } from '#app/preferences/preferences-cookie.server';
import { listDrillPlaces } from '#server/deployments/drills/queries';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { previewRollback } from '#server/deployments/queries/previews';
import { listReleases } from '#server/deployments/queries/releases';
import type { WebContext } from '#server/http/load-context';
import { listOpenIncidents } from '#server/incidents/queries';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { listRuns } from '#server/runs/queries';
import { listApprovals } from '#server/runs/queries/approvals';
import { listSchedules } from '#server/schedules/queries';
import type { EnvironmentKey } from '#server/services/contract';
import { listEnvironments } from '#server/services/queries';

const RUNS_LISTED = 50;

/** Reads what the palette is made of, through the queries of the pages that it leads to. */
export async function readFacts(ctx: Ctx, context: WebContext, request: Request): Promise<PaletteFacts> {
  const places = await listEnvironments(ctx, {});
  const [environments, drills, runs, approvals, schedules, incidents] = await Promise.all([
    Promise.all(places.map(({ service, environment }) => readEnvironment(ctx, { service, environment }))),
    listDrillPlaces(ctx, {}),
    listRuns(ctx, { pageSize: RUNS_LISTED }),
    listApprovals(ctx, { state: 'open' }),
    listSchedules(ctx, {}),
    listOpenIncidents(ctx, {}),
  ]);
  // A run that waits for a person may be older than all that are listed.
  const held = environments.flatMap(({ state }) => state.activeRun ?? []);
  return {
    subject: ctx.actor,
    theme: readPreferences(context, request).theme,
    environments,
    drills,
    runs: [...runs.rows, ...held.filter(({ id }) => runs.rows.every((run) => run.id !== id))],
    approvals: approvals.rows,
    schedules,
    incidents,
  };
}

async function readEnvironment(ctx: Ctx, key: EnvironmentKey): Promise<EnvironmentFacts> {
  const [state, releases, rollback] = await Promise.all([
    getEnvironmentState(ctx, key),
    orRefusal(() => listReleases(ctx, key)),
    orRefusal(() => previewRollback(ctx, key)),
  ]);
  return {
    state,
    releases: releases instanceof AppError ? [] : releases.filter(({ isMissing }) => !isMissing),
    rollback:
      rollback instanceof AppError
        ? {
            tag: state.rollbackTarget?.tag ?? null,
            blockedBy: state.noRollbackReason ?? rollback.message,
            alternatives: [],
          }
        : {
            tag: rollback.target.tag,
            blockedBy: rollback.blockedBy,
            alternatives: rollback.alternatives.map(({ tag }) => tag),
          },
  };
}

/** The palette opens also while a repository cannot be read or there is nothing to go back to; it then says so. */
async function orRefusal<T>(read: () => Promise<T>): Promise<T | AppError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
