import { defineCommand } from '#server/auth/guard';
import { type RequestedDrill, requestDrillInput } from '#server/deployments/drills/contract';
import { prepareDrill } from '#server/deployments/drills/prepare';
import { startDrill } from '#server/deployments/drills/start';
import { stalePlan } from '#server/deployments/records';
import { hashPlan } from '#server/runs/state';

/**
 * Starts a drill of a practice environment: a real deploy of another good release, then a real rollback to what is live
 * now, with its time taken. Asked for again while the same drill is deploying, it is that drill.
 * @throws AppError `unprocessable` outside practice environments, `conflict` while a drill or a run is going on or there
 *   is nothing to practise with, `stale_plan` when it is no longer what the page showed, `locked` while the environment
 *   is locked or frozen
 */
export const requestDrill = defineCommand({
  name: 'deployments.request-drill',
  access: 'drills.run',
  input: requestDrillInput,
  prepare: async (ctx, input) => {
    const prepared = await prepareDrill(ctx, input);
    if (input.planHash && input.planHash !== hashPlan(prepared.deploy.plan)) throw stalePlan();
    return prepared;
  },
  handle: async (tx, input, prepared): Promise<RequestedDrill> =>
    startDrill(tx, prepared, input.idempotencyKey),
});
