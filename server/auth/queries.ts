import * as z from 'zod/mini';
import { type DemoPerson, setupLinkInput } from '#server/auth/contract';
import { DEMO_PEOPLE, demoPeopleAllowed } from '#server/auth/demo';
import { defineQuery } from '#server/auth/guard';
import { hashToken } from '#server/auth/tokens';

/** The people whom the login page offers, with their passwords; nobody where such people may not sign in. */
export const listDemoPeople = defineQuery({
  name: 'auth.list-demo-people',
  access: 'anyone',
  input: z.object({}),
  handle: async (ctx): Promise<DemoPerson[]> => {
    if (!demoPeopleAllowed(ctx.env)) return [];
    const present = await ctx.db.user.findMany({
      where: { isDemo: true, disabledAt: null },
      select: { email: true },
    });
    const emails = new Set(present.map((user) => user.email));
    return DEMO_PEOPLE.filter((person) => emails.has(person.email));
  },
});

/** True while nobody but demo people exists: then, and only then, a setup link can be made and used. */
export const needsSetup = defineQuery({
  name: 'auth.needs-setup',
  access: 'anyone',
  input: z.object({}),
  handle: async (ctx): Promise<boolean> => (await ctx.db.user.count({ where: { isDemo: false } })) === 0,
});

/** Whether a setup link still opens. */
export const checkSetupLink = defineQuery({
  name: 'auth.check-setup-link',
  access: 'anyone',
  input: setupLinkInput,
  handle: async (ctx, { token }): Promise<{ isOpen: boolean }> => {
    const [row] = await ctx.db.$queryRaw<{ open: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM setup_link
                     WHERE id = ${hashToken(token)} AND used_at IS NULL AND expires_at > clock_timestamp()) AS open`;
    return { isOpen: row?.open === true && (await needsSetup(ctx, {})) };
  },
});
