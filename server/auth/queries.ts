import * as z from 'zod/mini';
import type { DemoPerson } from '#server/auth/contract';
import { DEMO_PEOPLE, demoPeopleAllowed } from '#server/auth/demo';
import { defineQuery } from '#server/auth/guard';

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
