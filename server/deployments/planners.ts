import { prepareChecklist, prepareDeploy, prepareValidation } from '#server/deployments/plans';
import { checklistProcedure, validationProcedure } from '#server/deployments/procedures/checks';
import { deployParams, deployProcedure } from '#server/deployments/procedures/deploy';
import { targetParams } from '#server/deployments/procedures/steps';
import { assertMayDeploy, assertStillCurrent, findCurrentDeployment } from '#server/deployments/records';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { AskedRun, Planner } from '#server/runs/policy';

/** How the plans of this domain are made again for a second person. A rollback is not among them: it needs none. */
export const deploymentPlanners: ReadonlyMap<string, Planner> = new Map<string, Planner>([
  [
    deployProcedure.id,
    {
      replan: async (ctx, run) => {
        await assertNothingCameAfter(ctx, run);
        const { tag } = deployParams.parse(run.params);
        return (await prepareDeploy(ctx, run.plan, tag)).plan;
      },
      assertMayStart: async (tx, run) => {
        await assertMayDeploy(tx, deployParams.parse(run.params));
        await assertStillCurrent(tx, run.plan);
        await assertNothingCameAfter(tx, run);
      },
    },
  ],
  [
    checklistProcedure.id,
    {
      replan: async (ctx, run) =>
        (await prepareChecklist(ctx, run.plan, targetParams.parse(run.params).tag)).plan,
      // It changes nothing, so nothing stands in its way.
      assertMayStart: async () => undefined,
    },
  ],
  [
    validationProcedure.id,
    {
      replan: async (ctx, run) => (await prepareValidation(ctx, run.plan)).plan,
      assertMayStart: async (tx, run) => {
        const current = await findCurrentDeployment(tx, run.plan);
        if (current?.releaseId !== run.plan.to?.id) throw outdated('Another release is live by now');
      },
    },
  ],
]);

/**
 * Outside resources take the higher run number for the later one; and what was asked for before another deploy or
 * rollback was asked for a world that is gone, even where the same release is live again.
 */
async function assertNothingCameAfter(ctx: Ctx, { number, plan }: AskedRun): Promise<void> {
  const rows = await ctx.db.$queryRaw<{ number: number; title: string }[]>`
    SELECT r.number, r.title FROM deployment d JOIN run r ON r.id = d.run_id
    WHERE d.service = ${plan.service} AND d.environment = ${plan.environment} AND r.number > ${number}
    ORDER BY r.number DESC LIMIT 1`;
  const later = rows[0];
  if (later) throw outdated(`Run #${later.number} (${later.title}) came after it was asked for`);
}

function outdated(why: string): AppError {
  return new AppError('stale_plan', `${why}. Nothing was started.`);
}
