import { requestFirstDeploy } from '#server/deployments/commands/request-runs';
import { DRILL_JOB } from '#server/deployments/drills/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { ensureSchedule } from '#server/schedules/ensure-schedule';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig, listEnvironments } from '#server/services/queries';

/** Mondays at 10:00 where the shop's people are: they can look at what it shows. People change it on its page. */
const WEEKLY = { cron: '0 10 * * 1', timeZone: 'Europe/Paris', overlap: 'skip', missed: 'skip' } as const;

/**
 * Gives every practice environment the schedule of its drills and, in a quiet moment, its first release: as long as
 * anything runs anywhere it waits, so that a console's first start belongs to production. Idempotent.
 */
export async function setUpPractice(ctx: Ctx): Promise<void> {
  const places = (await listEnvironments(ctx, {})).filter(({ isPractice }) => isPractice);
  if (places.length === 0) return;
  const known = await ctx.db.schedule.findMany({ where: { job: DRILL_JOB }, select: { key: true } });
  const keys = new Set(known.map(({ key }) => key));
  for (const { service, environment } of places) {
    const place = { service, environment };
    const key = `${DRILL_JOB}:${service}/${environment}`;
    if (!keys.has(key)) {
      await ensureSchedule(ctx, { key, job: DRILL_JOB, title: 'Rollback drill', ...place, ...WEEKLY });
    }
    await deployFirst(ctx, place);
  }
}

async function deployFirst(ctx: Ctx, place: EnvironmentKey): Promise<void> {
  const tag = environmentConfig(ctx, place).firstRelease;
  if (!tag) return;
  const busy = await ctx.db.run.count({ where: { status: { in: ['queued', 'running', 'cancelling'] } } });
  if (busy > 0) return;
  try {
    const started = await requestFirstDeploy(ctx.as(systemActor('worker')), place, tag);
    if (started?.created) ctx.log.info({ ...place, tag, run: started.number }, 'first release queued');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    ctx.log.warn({ ...place, tag, reason: error.message }, 'first release not deployed');
  }
}
