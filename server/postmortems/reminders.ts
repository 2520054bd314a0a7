import { incidentName } from '#server/incidents/words/contract';
import { enqueueNotification } from '#server/notifications/commands';
import type { Ctx } from '#server/platform/context';
import { dayOf, reminderOf, remindUntil } from '#server/postmortems/state';
import { type ActionItemState, PRIORITY_LABELS, type Priority } from '#server/postmortems/words/contract';

/** Items of one round; the next round takes the rest. */
const ROUND_MAX = 200;

interface Due {
  id: string;
  number: number;
  title: string;
  ownerName: string;
  ownerHandle: string | null;
  dueOn: string;
  priority: Priority;
  state: ActionItemState;
}

/**
 * Reminds the owners of the action items that are due soon, once, and of those that are overdue, once a day, whatever became
 * of their incident; Slack rings them by their handle. Days are those of UTC. The row of a reminder and its notification are one transaction: neither a crash nor
 * several workers at once double or lose one. @returns how many were told
 */
export async function remindOfActionItems(ctx: Ctx): Promise<number> {
  const today = dayOf(ctx.clock.now());
  const due = await ctx.db.$queryRaw<Due[]>`
    SELECT a.id::text AS id, i.number, a.title, a.owner_name AS "ownerName", u.slack_handle AS "ownerHandle",
      a.due_on::text AS "dueOn", a.priority, a.state
    FROM action_item a JOIN postmortem p ON p.id = a.postmortem_id JOIN incident i ON i.id = p.incident_id
      JOIN app_user u ON u.id = a.owner_id
    WHERE a.state IN ('open', 'in_progress') AND a.due_on <= ${remindUntil(today)}::date
      AND NOT EXISTS (
        SELECT FROM action_item_reminder r WHERE r.action_item_id = a.id
          AND r.kind = CASE WHEN a.due_on < ${today}::date THEN 'overdue' ELSE 'before' END
          AND r.day = CASE WHEN a.due_on < ${today}::date THEN ${today}::date ELSE a.due_on END)
    ORDER BY a.due_on, a.id LIMIT ${ROUND_MAX}`;
  let told = 0;
  for (const item of due) if (await remind(ctx, item, today)) told += 1;
  return told;
}

async function remind(ctx: Ctx, item: Due, today: string): Promise<boolean> {
  const reminder = reminderOf(item, today);
  if (reminder === null) return false;
  const { kind, day } = reminder;
  return ctx.transaction(async (tx) => {
    // Ended or put off meanwhile: nothing is said of it.
    const made = await tx.db.$executeRaw`
      INSERT INTO action_item_reminder (action_item_id, kind, day)
      SELECT a.id, ${kind}, ${day}::date FROM action_item a
      WHERE a.id = ${item.id}::uuid AND a.state IN ('open', 'in_progress') AND a.due_on = ${item.dueOn}::date
      ON CONFLICT (action_item_id, kind, day) DO NOTHING`;
    if (made === 0) return false;
    const when = kind === 'overdue' ? `was due on ${item.dueOn}` : `is due on ${item.dueOn}`;
    await enqueueNotification(tx, {
      channel: 'ALERTS',
      kind: `action-item.${kind}`,
      subject: `${item.ownerName}: "${item.title}" ${when}`,
      text: `From the post-mortem of ${incidentName(item.number)}. Finish it, or say when it will be done.`,
      fields: [
        {
          name: 'Owner',
          value: item.ownerHandle ? item.ownerName : `${item.ownerName} (rings nobody: no Slack handle)`,
        },
        { name: 'Due', value: item.dueOn },
        { name: 'Priority', value: PRIORITY_LABELS[item.priority] },
      ],
      link: `/postmortems/${item.number}`,
      mentions: item.ownerHandle ? [item.ownerHandle] : [],
      groupKey: `action-item:${item.id}`,
      dedupKey: `action-item:${item.id}:${kind}:${day}`,
    });
    return true;
  });
}
