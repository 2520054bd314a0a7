import type { incidentMerged } from '#server/incidents/contract';
import type { fixScheduled } from '#server/incidents/playbooks/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import { ACTION_ITEM_TITLE_MAX } from '#server/postmortems/contract';
import { auditPostmortem, type Held, holdPostmortem } from '#server/postmortems/records';
import { dayOf } from '#server/postmortems/state';

type Scheduled = typeof fixScheduled extends EventType<infer T> ? T : never;
type Merged = typeof incidentMerged extends EventType<infer T> ? T : never;
type Fix = Omit<Scheduled, 'number'>;

/** Makes an action item of a fix that was scheduled in an incident with a post-mortem. Idempotent. */
export async function addScheduledFix(ctx: Ctx, { number, ...fix }: Scheduled): Promise<void> {
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    await addFix(tx, await holdPostmortem(tx, number), fix);
  });
}

/** Makes action items of what was scheduled in an incident that was merged into one with a post-mortem. Idempotent. */
export async function addMergedFixes(ctx: Ctx, { into }: Merged): Promise<void> {
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    const count = await tx.db.postmortem.count({ where: { incident: { number: into } } });
    if (count > 0) await addEarlierFixes(tx, await holdPostmortem(tx, into));
  });
}

/** Makes action items of what was scheduled in an incident, and in those merged into it, before its post-mortem began. */
export async function addEarlierFixes(tx: Ctx, held: Held): Promise<void> {
  const fixes = await tx.db.incidentFix.findMany({
    where: { OR: [{ incidentId: held.incidentId }, { incident: { mergedIntoId: held.incidentId } }] },
    orderBy: { at: 'asc' },
  });
  for (const { id, title, ownerId, ownerName, dueOn, byName } of fixes)
    await addFix(tx, held, { itemId: id, title, ownerId, ownerName, dueOn: dayOf(dueOn), byName });
}

async function addFix(
  tx: Ctx,
  held: Held,
  { itemId: id, title, dueOn, ownerId, ownerName, byName }: Fix,
): Promise<void> {
  const made = await tx.db.actionItem.createMany({
    data: [
      {
        id,
        postmortemId: held.id,
        title: title.slice(0, ACTION_ITEM_TITLE_MAX),
        ownerId,
        ownerName,
        dueOn: new Date(`${dueOn}T00:00:00Z`),
        priority: 'high',
        createdByName: byName,
      },
    ],
    skipDuplicates: true,
  });
  if (made.count === 0) return;
  await auditPostmortem(tx, 'postmortems.add-item', held, {
    details: { itemId: id, title, owner: ownerName, dueOn, priority: 'high', scheduledBy: byName },
  });
}
