import { defineCommand } from '#server/auth/guard';
import { disableMonitoringInput, enableMonitoringInput, type ToggleView } from '#server/maintenance/contract';
import { closeToggle, openToggle, publishChange, toToggleView } from '#server/maintenance/records';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { environmentConfig } from '#server/services/queries';

/** Has an environment checked more often until a time. Replaces what was set before. @throws AppError `not_found` */
export const enableEnhancedMonitoring = defineCommand({
  name: 'monitoring.enable-enhanced',
  access: 'maintenance.toggle',
  input: enableMonitoringInput,
  handle: async (tx, input): Promise<ToggleView> => {
    environmentConfig(tx, input);
    const { service, environment, reason, minutes, intervalSeconds } = input;
    const id = tx.ids.uuid();
    await openToggle(tx, {
      id,
      service,
      environment,
      kind: 'enhanced_monitoring',
      reason,
      settings: { intervalSeconds },
      expiresAt: new Date(tx.clock.now().getTime() + minutes * 60_000),
      startedBy: { type: tx.actor.type, id: tx.actor.id, name: tx.actor.name },
      runId: null,
      // Nothing outside the console changes, so there is nothing to prove.
      verification: 'verified',
    });
    return tell(tx, id, 'on', reason);
  },
});

/** Goes back to the intervals of every day. @throws AppError `conflict` when it is not on */
export const disableEnhancedMonitoring = defineCommand({
  name: 'monitoring.disable-enhanced',
  access: 'maintenance.toggle',
  input: disableMonitoringInput,
  handle: async (tx, input): Promise<ToggleView> => {
    const end = { byName: tx.actor.name, reason: input.reason, runId: null };
    const closed = await closeToggle(tx, input, 'enhanced_monitoring', end);
    if (!closed) throw new AppError('conflict', 'Enhanced monitoring is not on here. Nothing was changed.');
    return tell(tx, closed.id, 'off', input.reason);
  },
});

async function tell(tx: Ctx, id: string, change: 'on' | 'off', reason: string): Promise<ToggleView> {
  const row = await tx.db.toggle.findUniqueOrThrow({ where: { id } });
  await publishChange(tx, row, change, reason, tx.actor.name);
  return toToggleView(row);
}
