import { authorize, defineQuery } from '#server/auth/guard';
import { listViewsInput, type SavedView } from '#server/views/contract';
import { toView, VIEW_ACCESS } from '#server/views/records';

/** The views of a list that the caller has: their own, then those of everybody, by name. @throws AppError `forbidden` */
export const listViews = defineQuery({
  name: 'views.list',
  access: 'signed-in',
  input: listViewsInput,
  handle: async (ctx, { list }): Promise<SavedView[]> => {
    authorize(ctx, VIEW_ACCESS[list].read, 'views.list');
    const own = ctx.actor.id === null ? [] : [{ ownerId: ctx.actor.id }];
    const rows = await ctx.db.savedView.findMany({ where: { list, OR: [{ isShared: true }, ...own] } });
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name, 'en');
    return rows
      .sort((a, b) => Number(a.isShared) - Number(b.isShared) || byName(a, b))
      .map((row) => toView(ctx, row));
  },
});
