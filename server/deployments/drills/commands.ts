import { defineCommand } from '#server/auth/guard';
import { type RequestedDrill, requestDrillInput } from '#server/deployments/drills/contract';
import { prepareDrill } from '#server/deployments/drills/prepare';
import { startDrill } from '#server/deployments/drills/start';

/**
 * Starts a drill of a practice environment: a real deploy of another good release, then a real rollback to what is live
 * now, with its time taken. Asked for again while the same drill is deploying, it is that drill.
 * @throws AppError `unprocessable` outside practice environments, `conflict` while a drill or a run is going on or there
 *   is nothing to practise with, `locked` while the environment is locked or frozen
 */
export const requestDrill = defineCommand({
  name: 'deployments.request-drill',
  access: 'drills.run',
  input: requestDrillInput,
  prepare: prepareDrill,
  handle: async (tx, input, prepared): Promise<RequestedDrill> =>
    startDrill(tx, prepared, input.idempotencyKey),
});
