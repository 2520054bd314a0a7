import { defineCommand } from '#server/auth/guard';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import {
  announceMaintenanceInput,
  cancelMaintenanceInput,
  MAINTENANCE_AHEAD_DAYS,
  MAINTENANCE_MAX_DAYS,
  type StatusMaintenanceView,
} from '#server/status/contract';
import { assertComponents, auditStatus, toMaintenanceView } from '#server/status/records';
import { maintenanceStatus } from '#server/status/state';

const DAY_MS = 86_400_000;

/**
 * Announces work to the public.
 * @throws AppError `invalid_input` for times that cannot be, `unprocessable` for components that there are not
 */
export const announceMaintenance = defineCommand({
  name: 'status.announce-maintenance',
  access: 'status.manage',
  input: announceMaintenanceInput,
  handle: async (tx, input): Promise<StatusMaintenanceView> => {
    const { title, text, components } = input;
    const startsAt = new Date(input.startsAt);
    const endsAt = new Date(input.endsAt);
    const now = tx.clock.now();
    const refuse = (field: string, problem: string) =>
      new AppError('invalid_input', `${field}: ${problem} Nothing was changed.`, {
        fields: { [field]: [problem] },
      });
    if (endsAt <= now) throw refuse('endsAt', 'This time is over. Give one that is still to come.');
    if (endsAt <= startsAt) throw refuse('endsAt', 'It must end after it begins.');
    if (endsAt.getTime() - startsAt.getTime() > MAINTENANCE_MAX_DAYS * DAY_MS)
      throw refuse('endsAt', `Announce at most ${MAINTENANCE_MAX_DAYS} days at once.`);
    if (startsAt.getTime() - now.getTime() > MAINTENANCE_AHEAD_DAYS * DAY_MS)
      throw refuse('startsAt', 'This is more than a year ahead. Look at the year.');
    await assertComponents(tx, components);
    const row = await tx.db.statusMaintenance.create({
      data: {
        id: tx.ids.uuid(),
        title,
        text,
        startsAt,
        endsAt,
        components: [...new Set(components)],
        announcedByName: tx.actor.name,
      },
    });
    await auditStatus(
      tx,
      'status.announce-maintenance',
      { type: 'status_maintenance', id: row.id, label: title },
      { text, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), components },
    );
    await notify(tx.db, { kind: 'status' });
    return toMaintenanceView(row, now);
  },
});

/** Takes announced work back, or says that it is over early. @throws AppError `not_found`, or `conflict` when it is over */
export const cancelMaintenance = defineCommand({
  name: 'status.cancel-maintenance',
  access: 'status.manage',
  input: cancelMaintenanceInput,
  handle: async (tx, { maintenanceId }): Promise<StatusMaintenanceView> => {
    const [held] = await tx.db.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM status_maintenance WHERE id = ${maintenanceId}::uuid FOR UPDATE`;
    if (!held) throw new AppError('not_found', 'This maintenance does not exist. Nothing was changed.');
    const before = await tx.db.statusMaintenance.findUniqueOrThrow({ where: { id: maintenanceId } });
    const now = tx.clock.now();
    const status = maintenanceStatus(before, now);
    if (status === 'over' || status === 'cancelled')
      throw new AppError('conflict', `This maintenance is ${status} already. Nothing was changed.`);
    const row = await tx.db.statusMaintenance.update({
      where: { id: maintenanceId },
      data: { cancelledAt: now, cancelledByName: tx.actor.name },
    });
    await auditStatus(
      tx,
      'status.cancel-maintenance',
      { type: 'status_maintenance', id: row.id, label: row.title },
      { before: status },
    );
    await notify(tx.db, { kind: 'status' });
    return toMaintenanceView(row, now);
  },
});
