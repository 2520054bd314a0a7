import { recordAudit } from '#server/audit/commands';
import type { Ctx } from '#server/platform/context';
import { notify } from '#server/platform/notify';
import { environmentViews } from '#server/services/queries';
import { ownKeyOf } from '#server/status/records';

/**
 * Puts every configured environment that is not for practice on the status page, under the title of its service. What people
 * have changed or retired stays as they left it. Safe in several workers at once.
 */
export async function syncStatusComponents(ctx: Ctx): Promise<void> {
  const views = environmentViews(ctx).filter(({ isPractice }) => !isPractice);
  const known = await ctx.db.statusComponent.findMany({ select: { key: true } });
  const missing = views.filter(({ service, environment }) =>
    known.every(({ key }) => key !== ownKeyOf({ service, environment })),
  );
  if (missing.length === 0) return;
  await ctx.transaction(async (tx) => {
    for (const { service, serviceTitle, environment, environmentTitle } of missing) {
      const isOnly = views.filter((each) => each.service === service).length === 1;
      const name = isOnly ? serviceTitle : `${serviceTitle}, ${environmentTitle}`;
      const id = tx.ids.uuid();
      const key = ownKeyOf({ service, environment });
      const made = await tx.db.$executeRaw`
        INSERT INTO status_component (id, key, name, position, service, environment, changed_by_name)
        SELECT ${id}::uuid, ${key}, ${name}, coalesce(max(position), 0) + 1, ${service}, ${environment}, ${tx.actor.name}
        FROM status_component ON CONFLICT (key) DO NOTHING`;
      if (made === 0) continue;
      await recordAudit(tx, {
        action: 'status.add-component',
        target: { type: 'status_component', id, label: name },
        service,
        environment,
      });
    }
    await notify(tx.db, { kind: 'status' });
  });
}
