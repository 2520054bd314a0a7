import type { fixScheduled } from '#server/incidents/playbooks/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import { ACTION_ITEM_TITLE_MAX } from '#server/postmortems/contract';
import { auditPostmortem, holdPostmortem } from '#server/postmortems/records';

type Scheduled = typeof fixScheduled extends EventType<infer T> ? T : never;

/** Makes an action item of a fix that was scheduled in an incident with a post-mortem. Idempotent. */
export async function addScheduledFix(ctx: Ctx, event: Scheduled): Promise<void> {
  const { number, itemId: id, title, dueOn, ownerId, ownerName, byName } = event;
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    const held = await holdPostmortem(tx, number);
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
  });
}
