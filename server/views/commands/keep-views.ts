import { recordAudit } from '#server/audit/commands';
import { authorize, defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import type { SavedView as Row } from '#server/platform/generated/prisma/client';
import { deleteViewInput, renameViewInput, type SavedView, saveViewInput } from '#server/views/contract';
import { mayChange, toView, VIEW_ACCESS } from '#server/views/records';
import { filterOf, VIEWS_MAX } from '#server/views/words/contract';

/**
 * Keeps the filter of a list under a name: for oneself, or for everybody.
 * @throws AppError `forbidden` for a list that the caller may not see or share, `conflict` for a name that there is,
 * `invalid_input` for a filter that says nothing, `unprocessable` when there are {@link VIEWS_MAX} already
 */
export const saveView = defineCommand({
  name: 'views.save',
  access: 'account.manage',
  input: saveViewInput,
  handle: async (tx, { list, name, query: given, isShared }): Promise<SavedView> => {
    authorize(tx, VIEW_ACCESS[list][isShared ? 'share' : 'read'], 'views.save');
    const query = filterOf(given);
    if (query === '') {
      const problem = 'This shows the whole list.';
      throw new AppError('invalid_input', `${problem} Nothing was changed.`, {
        hint: 'Filter the list first, then save what you see.',
        fields: { query: [problem] },
      });
    }
    const ownerId = tx.actor.id;
    if (ownerId === null)
      throw new AppError('unprocessable', 'Only a person has views. Nothing was changed.');
    const among = isShared ? { list, isShared } : { list, isShared, ownerId };
    if ((await tx.db.savedView.count({ where: among })) >= VIEWS_MAX) {
      throw new AppError('unprocessable', `There are ${VIEWS_MAX} views already. Nothing was changed.`, {
        hint: 'Delete one that nobody needs.',
      });
    }
    const row = await uniquely(name, isShared, () =>
      tx.db.savedView.create({
        data: { id: tx.ids.uuid(), list, name, query, isShared, ownerId, ownerName: tx.actor.name },
      }),
    );
    await audit(tx, 'views.save', row, { query, isShared });
    return toView(tx, row);
  },
});

/**
 * Calls a view otherwise.
 * @throws AppError `not_found` for one that the caller does not have, `forbidden` for a shared one of somebody else without the
 * permission to share, `conflict` when somebody was quicker or the name is taken
 */
export const renameView = defineCommand({
  name: 'views.rename',
  access: 'account.manage',
  input: renameViewInput,
  handle: async (tx, { viewId, version, name }): Promise<SavedView> => {
    const before = await holdView(tx, viewId, version);
    const row = await uniquely(name, before.isShared, () =>
      tx.db.savedView.update({
        where: { id: viewId, version },
        data: { name, version: { increment: 1 }, changedAt: tx.clock.now() },
      }),
    );
    await audit(tx, 'views.rename', before, { before: before.name, after: name });
    return toView(tx, row);
  },
});

/** Takes a view away. @throws AppError as {@link renameView} does */
export const deleteView = defineCommand({
  name: 'views.delete',
  access: 'account.manage',
  input: deleteViewInput,
  handle: async (tx, { viewId, version }): Promise<SavedView> => {
    const before = await holdView(tx, viewId, version);
    await tx.db.savedView.delete({ where: { id: viewId }, select: { id: true } });
    await audit(tx, 'views.delete', before, { query: before.query, isShared: before.isShared });
    return toView(tx, before);
  },
});

/** A view that the caller may change, held until the transaction ends. */
async function holdView(tx: Ctx, id: string, version: number): Promise<Row> {
  await tx.db.$queryRaw`SELECT FROM saved_view WHERE id = ${id}::uuid FOR UPDATE`;
  const row = await tx.db.savedView.findUnique({ where: { id } });
  // Whether somebody else has a view of their own is nobody's business.
  if (!row || (!row.isShared && row.ownerId !== tx.actor.id)) {
    throw new AppError('not_found', 'There is no such view. Nothing was changed.', {
      hint: 'Open the list again: it may have been deleted.',
    });
  }
  if (!mayChange(tx, row)) {
    throw new AppError('forbidden', `This view is ${row.ownerName}’s. Nothing was changed.`, {
      hint: 'Save one of your own.',
    });
  }
  if (row.version === version) return row;
  throw new AppError(
    'conflict',
    `Somebody has changed this view since: it is called "${row.name}" now. Nothing was changed.`,
    {
      hint: 'Open the list again to see how it is now.',
    },
  );
}

async function uniquely<T>(name: string, isShared: boolean, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const problem = isShared ? 'A view of everybody has this name.' : 'You have a view of this name.';
    throw new AppError('conflict', `"${name}": ${problem} Nothing was changed.`, {
      hint: 'Choose another name, or rename that one.',
      fields: { name: [problem] },
    });
  }
}

function audit(tx: Ctx, action: string, { id, list, name }: Row, details: Record<string, unknown>) {
  return recordAudit(tx, { action, target: { type: 'saved-view', id, label: `${list}: ${name}` }, details });
}
