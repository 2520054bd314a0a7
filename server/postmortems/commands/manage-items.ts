import { mayAct } from '#server/auth/conditions';
import { can } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import { readItems } from '#server/postmortems/action-items';
import { type ActionItemView, addActionItemInput, changeActionItemInput } from '#server/postmortems/contract';
import { auditPostmortem, holdPostmortem } from '#server/postmortems/records';
import { dayOf, dueByDefault, isEnded } from '#server/postmortems/state';
import type { ActionItemState } from '#server/postmortems/words/contract';

/**
 * Adds what is to be done, in any state of the post-mortem.
 * @throws AppError `not_found`, or `unprocessable` for a person who is unknown or may not deal with it
 */
export const addActionItem = defineCommand({
  name: 'postmortems.add-item',
  access: 'postmortems.manage',
  input: addActionItemInput,
  handle: async (tx, { number, title, email, dueOn, priority }): Promise<ActionItemView> => {
    const held = await holdPostmortem(tx, number);
    const owner = await findOwner(tx, email);
    const id = tx.ids.uuid();
    const due = dueOn ?? dueByDefault(dayOf(tx.clock.now()));
    await tx.db.actionItem.create({
      data: {
        id,
        postmortemId: held.id,
        title,
        ownerId: owner.id,
        ownerName: owner.name,
        dueOn: new Date(`${due}T00:00:00Z`),
        priority,
        createdByName: tx.actor.name,
      },
      select: { id: true },
    });
    await auditPostmortem(tx, 'postmortems.add-item', held, {
      details: { itemId: id, title, owner: owner.name, dueOn: due, priority },
    });
    return itemOf(tx, id);
  },
});

/**
 * Changes an action item, finishes it, or opens it again. What is not given stays as it is.
 * @throws AppError `not_found`; `conflict` when somebody was quicker; `unprocessable` for a person who is unknown or may not
 * deal with it, or when nothing is different
 */
export const changeActionItem = defineCommand({
  name: 'postmortems.change-item',
  access: 'postmortems.manage',
  input: changeActionItemInput,
  handle: async (tx, { itemId, version, title, email, dueOn, priority, state }): Promise<ActionItemView> => {
    const [found] = await tx.db.$queryRaw<{ number: number }[]>`
      SELECT i.number FROM action_item a JOIN postmortem p ON p.id = a.postmortem_id
      JOIN incident i ON i.id = p.incident_id WHERE a.id = ${itemId}::uuid FOR UPDATE OF a`;
    if (!found)
      throw new AppError('not_found', 'This action item does not exist. Nothing was changed.', {
        hint: 'Open it from the board.',
      });
    const before = await tx.db.actionItem.findUniqueOrThrow({ where: { id: itemId } });
    if (before.version !== version)
      throw new AppError(
        'conflict',
        `Somebody has changed "${before.title}" since you opened it: it is ${before.state.replace('_', ' ')}, of ${before.ownerName}, due ${dayOf(before.dueOn)} now. Nothing was changed.`,
        { hint: 'Open it again to see how it is now.' },
      );
    const owner = email === undefined ? null : await findOwner(tx, email);
    const from = {
      title: before.title,
      ownerId: before.ownerId,
      dueOn: dayOf(before.dueOn),
      priority: before.priority,
      state: before.state,
    };
    const to = {
      title: title ?? from.title,
      ownerId: owner?.id ?? from.ownerId,
      dueOn: dueOn ?? from.dueOn,
      priority: priority ?? from.priority,
      state: state ?? from.state,
    };
    const changed = (Object.keys(to) as (keyof typeof to)[]).filter((key) => to[key] !== from[key]);
    if (changed.length === 0)
      throw new AppError('unprocessable', 'It is like that already. Nothing was changed.');
    const ends = isEnded(to.state as ActionItemState);
    await tx.db.$executeRaw`
      UPDATE action_item SET title = ${to.title}, owner_id = ${to.ownerId}::uuid,
        owner_name = ${owner?.name ?? before.ownerName}, due_on = ${to.dueOn}::date, priority = ${to.priority},
        state = ${to.state}, version = version + 1,
        ended_at = CASE WHEN ${ends} THEN coalesce(ended_at, clock_timestamp()) END
      WHERE id = ${itemId}::uuid`;
    const held = await holdPostmortem(tx, found.number);
    await auditPostmortem(tx, 'postmortems.change-item', held, {
      details: {
        itemId,
        title: to.title,
        before: Object.fromEntries(changed.map((key) => [key, from[key]])),
        after: Object.fromEntries(changed.map((key) => [key, to[key]])),
      },
    });
    return itemOf(tx, itemId);
  },
});

async function itemOf(tx: Ctx, id: string): Promise<ActionItemView> {
  const [item] = await readItems(tx, Prisma.sql`a.id = ${id}::uuid`, Prisma.sql`a.id`, 1, 0);
  return item as ActionItemView;
}

/** Of an address, or the caller. @throws AppError `unprocessable` */
async function findOwner(tx: Ctx, email: string | undefined): Promise<{ id: string; name: string }> {
  const itself = tx.actor.type === 'user' ? tx.actor.id : null;
  const given = email || null;
  const [person] = await tx.db.$queryRaw<{ id: string; name: string; role: string }[]>`
    SELECT u.id::text AS id, u.name, u.role::text AS role FROM app_user u
    WHERE CASE WHEN ${given}::text IS NULL THEN u.id = ${itself}::uuid ELSE u.email = ${given} END AND ${mayAct(tx)}`;
  if (!person)
    throw new AppError('unprocessable', `There is nobody with the address ${given}. Nothing was changed.`, {
      hint: 'Give the e-mail address of somebody who can sign in.',
    });
  if (!can({ type: 'user', role: person.role }, 'postmortems.manage'))
    throw new AppError(
      'unprocessable',
      `${person.name} may only look at action items. Nothing was changed.`,
      {
        hint: 'Give it to somebody who may deal with it.',
      },
    );
  return person;
}
