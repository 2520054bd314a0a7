import type { watchRequested } from '#server/incidents/playbooks/contract';
import { watchRefused } from '#server/maintenance/contract';
import { openToggle, publishChange } from '#server/maintenance/records';
import { type Ctx, systemActor } from '#server/platform/context';
import { publish } from '#server/platform/events';
import type { EventType } from '#server/platform/events-contract';
import { findEnvironmentConfig } from '#server/services/queries';

type Requested = typeof watchRequested extends EventType<infer T> ? T : never;

/**
 * Has an environment checked more often until the time that an incident asked for, in the name of who asked; it ends by
 * itself like any other. What is told late, or twice, replaces nothing that was switched on since. Idempotent.
 */
export async function watchForIncident(ctx: Ctx, event: Requested): Promise<void> {
  const { toggleId: id, service, environment, intervalSeconds, reason, by } = event;
  const expiresAt = new Date(event.until);
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    if (await tx.db.toggle.findUnique({ where: { id }, select: { id: true } })) return;
    const why = !findEnvironmentConfig(tx, { service, environment })
      ? `${service}/${environment} is not configured any more.`
      : expiresAt <= tx.clock.now()
        ? 'Its time was over before it could begin.'
        : null;
    if (why !== null) {
      await publish(tx, watchRefused, { toggleId: id, why });
      return;
    }
    await openToggle(tx, {
      id,
      service,
      environment,
      kind: 'enhanced_monitoring',
      reason: reason.slice(0, 500),
      settings: { intervalSeconds },
      expiresAt,
      startedBy: by,
      runId: null,
      // Nothing outside the console changes, so there is nothing to prove.
      verification: 'verified',
    });
    await publishChange(
      tx,
      { id, service, environment, kind: 'enhanced_monitoring', runId: null },
      'on',
      reason.slice(0, 500),
      by.name,
    );
  });
}
