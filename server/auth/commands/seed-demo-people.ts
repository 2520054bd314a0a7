import * as z from 'zod/mini';
import { recordAudit } from '#server/audit/commands';
import { DEMO_PEOPLE, demoPeopleAllowed } from '#server/auth/demo';
import { defineCommand } from '#server/auth/guard';
import { hashPassword } from '#server/auth/passwords';
import { AppError } from '#server/platform/errors';

/**
 * Makes sure that one person of each role with a known password exists; those who exist are left as they are.
 * @throws AppError `unprocessable` where people with known passwords are not allowed
 */
export const seedDemoPeople = defineCommand({
  name: 'auth.seed-demo-people',
  access: 'people.manage',
  input: z.object({}),
  audit: 'none',
  prepare: async (ctx) => {
    if (!demoPeopleAllowed(ctx.env)) {
      throw new AppError(
        'unprocessable',
        'People with known passwords are allowed on a loopback address only. Nobody was added.',
        {
          hint: 'DEMO_PEOPLE needs a loopback HOST, no proxy in front and no public address.',
        },
      );
    }
    const existing = await ctx.db.user.findMany({
      where: { email: { in: DEMO_PEOPLE.map((person) => person.email) } },
      select: { email: true },
    });
    const known = new Set(existing.map((user) => user.email));
    return Promise.all(
      DEMO_PEOPLE.filter((person) => !known.has(person.email)).map(async ({ password, ...person }) => ({
        ...person,
        id: ctx.ids.uuid(),
        isDemo: true,
        passwordHash: await hashPassword(password),
      })),
    );
  },
  handle: async (ctx, _input, missing): Promise<{ added: number }> => {
    const { count } = await ctx.db.user.createMany({ data: missing, skipDuplicates: true });
    if (count > 0) {
      await recordAudit(ctx, {
        action: 'auth.demo-people.seeded',
        target: { type: 'user' },
        details: { added: count },
      });
    }
    return { added: count };
  },
});
