import { defineCommand } from '#server/auth/guard';
import { runEmergencyInput } from '#server/maintenance/contract';
import { assertShown, prepareEmergency } from '#server/maintenance/plans';
import type { StartedRun } from '#server/runs/contract';
import { startRun } from '#server/runs/start-run';
import { OPS_CONFIG } from '#server/services/queries';

/**
 * Queues an emergency command that the person confirmed. @throws AppError `stale_plan`, `conflict` while another one runs
 * here, `unprocessable` where the console cannot reach the service
 */
export const runEmergencyCommand = defineCommand({
  name: 'maintenance.run-emergency-command',
  access: 'emergency.run',
  input: runEmergencyInput,
  prepare: async (ctx, input) => {
    const prepared = prepareEmergency(ctx, input, input.command);
    assertShown(prepared.plan, input.planHash);
    return prepared;
  },
  handle: (tx, input, { procedure, params, plan }): Promise<StartedRun> =>
    startRun(tx, {
      procedure: procedure as never,
      params,
      plan,
      configHash: tx.use(OPS_CONFIG).hash,
      reason: input.reason ?? null,
      idempotencyKey: input.idempotencyKey
        ? `${tx.actor.type}:${tx.actor.id ?? tx.actor.name}:${input.idempotencyKey}`
        : null,
    }),
});
