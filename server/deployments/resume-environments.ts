import { requestFirstDeploy } from '#server/deployments/commands/request-runs';
import { driverOf } from '#server/deployments/records';
import type { Ctx } from '#server/platform/context';
import { listEnvironments, OPS_CONFIG } from '#server/services/queries';

/**
 * At a worker's start: every environment serves again what it served, and one in which nothing was ever deployed gets
 * the configuration's first release; practice environments get theirs later, see `setUpPractice`. A failure of one
 * environment does not stop the others.
 */
export async function resumeEnvironments(ctx: Ctx): Promise<void> {
  const { config } = ctx.use(OPS_CONFIG);
  for (const { service, environment, isPractice } of await listEnvironments(ctx, {})) {
    const key = { service, environment };
    try {
      await driverOf(ctx, key).resume();
      const tag = isPractice ? undefined : config.services[service]?.environments[environment]?.firstRelease;
      const started = tag ? await requestFirstDeploy(ctx, key, tag) : null;
      if (started?.created) ctx.log.info({ ...key, tag, run: started.number }, 'first release queued');
    } catch (error) {
      ctx.log.error({ err: error, ...key }, 'environment not resumed');
    }
  }
}
