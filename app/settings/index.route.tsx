import { redirect } from '@remix-run/node';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { settingsSections } from '#app/settings/sections';

/** Leads to the first section that the person may see. */
export const loader = protectedLoader({ access: 'account.manage' }, async ({ ctx }) => {
  const [first] = settingsSections(ctx.actor);
  throw redirect(first?.href ?? paths.overview(), 303);
});
