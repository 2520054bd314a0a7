import { noteEvent } from '#server/monitoring/alerts/history';
import { tellAgain, tellHeld } from '#server/monitoring/alerts/notices';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import { notify } from '#server/platform/notify';

/**
 * Tells what was held long enough, and fires again what was acknowledged and not dealt with; for workers, in a loop. What
 * cannot be told is logged, tried again at the next call, and keeps nothing else from being told.
 */
export async function keepAlerts(app: App): Promise<void> {
  const ctx = app.for(systemActor('Alerts'));
  const late = await ctx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM alert WHERE state = 'acknowledged' AND acknowledged_until <= clock_timestamp()`;
  for (const { id } of late) {
    try {
      await ctx.transaction((tx) => expire(tx, id));
    } catch (error) {
      ctx.log.error({ err: error, alertId: id }, 'acknowledgement not ended, trying again');
    }
  }
  await tellHeld(ctx);
}

async function expire(tx: Ctx, id: string): Promise<void> {
  const expired = await tx.db.$executeRaw`
    UPDATE alert SET state = 'firing'
    WHERE id = ${id}::uuid AND state = 'acknowledged' AND acknowledged_until <= clock_timestamp()`;
  if (expired === 0) return;
  const alert = await tx.db.alert.findUniqueOrThrow({ where: { id } });
  const text = `The acknowledgement of ${alert.acknowledgedByName} has expired, and it still fires.`;
  await noteEvent(tx, id, { kind: 'ack_expired', text });
  await tellAgain(tx, alert);
  await notify(tx.db, { kind: 'environment', service: alert.service, environment: alert.environment });
}
