import type { ActionArgs } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { changeActionItem } from '#server/postmortems/commands/manage-items';

/** What is done with an action item, on every page that shows them. */
export const itemIntents = {
  change: {
    access: 'postmortems.manage' as const,
    handle: async ({ ctx, context, form, url }: ActionArgs) => {
      const { itemId, version, title, email, dueOn, priority, state } = form;
      const item = await changeActionItem(ctx, { itemId, version, title, email, dueOn, priority, state });
      return redirectWithToast(context, `${url.pathname}${url.search}`, {
        kind: 'success',
        message: `"${item.title}" is changed.`,
      });
    },
  },
  finish: {
    access: 'postmortems.manage' as const,
    handle: async ({ ctx, context, form, url }: ActionArgs) => {
      const { itemId, version } = form;
      const item = await changeActionItem(ctx, { itemId, version, state: 'done' });
      return redirectWithToast(context, `${url.pathname}${url.search}`, {
        kind: 'success',
        message: `"${item.title}" is done.`,
      });
    },
  },
};
