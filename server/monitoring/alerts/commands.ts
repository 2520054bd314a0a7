import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import {
  type AlertSummary,
  acknowledgeAlertInput,
  alertAcknowledged,
  resolveAlertInput,
} from '#server/monitoring/alerts/contract';
import { utcTime } from '#server/monitoring/alerts/explain';
import { noteEvent } from '#server/monitoring/alerts/history';
import { factOf, resolveOpenAlert, toSummary } from '#server/monitoring/alerts/records';
import { toStanding } from '#server/monitoring/rules/records';
import { missedAnew, resolvedByHand } from '#server/monitoring/rules/state';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';
import type { Alert } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';

/**
 * Says that somebody deals with an alert, until a time; then it fires again. Again by anybody: with the new note and time.
 * @throws AppError `not_found`, or `conflict` once it is resolved: a late acknowledgement opens nothing again
 */
export const acknowledgeAlert = defineCommand({
  name: 'alerts.acknowledge',
  access: 'alerts.acknowledge',
  input: acknowledgeAlertInput,
  handle: async (tx, { alertId, note, minutes }): Promise<AlertSummary> => {
    const changed = await tx.db.$executeRaw`
      UPDATE alert SET state = 'acknowledged', acknowledged_at = clock_timestamp(),
        acknowledged_by_name = ${tx.actor.name}, acknowledge_note = ${note || null},
        acknowledged_until = clock_timestamp() + ${minutes} * interval '1 minute'
      WHERE id = ${alertId}::uuid AND state <> 'resolved'`;
    const alert = await findAlert(tx, alertId);
    if (changed === 0) throw isResolved(alert);
    const until = utcTime(alert.acknowledgedUntil as Date).slice(0, 16);
    const text = `Acknowledged until ${until} UTC${note ? `: ${note}` : '.'}`;
    await noteEvent(tx, alertId, { kind: 'acknowledged', text });
    await publish(tx, alertAcknowledged, {
      ...factOf(alert),
      acknowledgedAt: (alert.acknowledgedAt as Date).toISOString(),
      byName: tx.actor.name,
      note: note || null,
    });
    await told(tx, 'alerts.acknowledge', alert, note ?? null, { minutes });
    return toSummary(alert);
  },
});

/**
 * Ends an alert by hand. What still breaches, or is still missing, fires again when it has lasted for as long once more.
 * @throws AppError `not_found`, or `conflict` when it is resolved already
 */
export const resolveAlert = defineCommand({
  name: 'alerts.resolve',
  access: 'alerts.manage',
  input: resolveAlertInput,
  handle: async (tx, { alertId, reason }): Promise<AlertSummary> => {
    const before = await findAlert(tx, alertId);
    if (before.state === 'resolved') throw isResolved(before);
    await countAnew(tx, before);
    const resolved = await resolveOpenAlert(tx, before.dedupKey, { byName: tx.actor.name, reason });
    const alert = await findAlert(tx, alertId);
    if (!resolved || alert.state !== 'resolved') throw isResolved(alert);
    await told(tx, 'alerts.resolve', alert, reason, {});
    return toSummary(alert);
  },
});

/** The rule's row first, as the rules do: a look that is under way loses its lease. */
async function countAnew(tx: Ctx, { cause, ruleId, service, environment }: Alert): Promise<void> {
  const [locked] = await tx.db.$queryRaw<{ id: string; now: Date }[]>`
    SELECT id::text, clock_timestamp() AS now FROM rule_state
    WHERE rule_id = ${ruleId}::uuid AND service = ${service} AND environment = ${environment} FOR UPDATE`;
  if (!locked) return;
  const { id, now } = locked;
  const before = toStanding(await tx.db.ruleState.findUniqueOrThrow({ where: { id } }));
  const { turns, ...standing } = cause === 'breach' ? resolvedByHand(before, now) : missedAnew(before, now);
  await tx.db.ruleState.update({
    where: { id },
    data: { ...standing, turns: [...turns], leaseUntil: null, leaseToken: null },
    select: { id: true },
  });
}

async function findAlert(tx: Ctx, id: string): Promise<Alert> {
  const alert = await tx.db.alert.findUnique({ where: { id } });
  if (alert) return alert;
  throw new AppError('not_found', 'This alert does not exist. Nothing was changed.', {
    hint: 'Open it from the list of alerts.',
  });
}

function isResolved({ resolvedByName, resolvedAt }: Alert): AppError {
  return new AppError(
    'conflict',
    `This alert was resolved at ${utcTime(resolvedAt as Date)} UTC by ${resolvedByName}. Nothing was changed.`,
  );
}

async function told(
  tx: Ctx,
  action: string,
  { id, title, service, environment }: Alert,
  reason: string | null,
  details: Record<string, unknown>,
): Promise<void> {
  await recordAudit(tx, {
    action,
    target: { type: 'alert', id, label: title },
    service,
    environment,
    reason,
    details,
  });
  await notify(tx.db, { kind: 'environment', service, environment });
}
