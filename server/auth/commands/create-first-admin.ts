import * as z from 'zod/mini';
import { recordAudit } from '#server/audit/commands';
import type { SignedIn } from '#server/auth/commands/sign-in';
import { createFirstAdminInput, type SetupLink } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import { hashPassword } from '#server/auth/passwords';
import { actorOf } from '#server/auth/person';
import { checkSetupLink, needsSetup } from '#server/auth/queries';
import { openSession } from '#server/auth/session';
import { hashToken, newToken } from '#server/auth/tokens';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';

/** How long a setup link opens, hours. */
const SETUP_LINK_HOURS = 24;

/**
 * Makes the one-time link by which the first admin is created; for the process that starts the console.
 * @returns null when there is an admin who can sign in, so that nothing needs to be set up
 */
export const createSetupLink = defineCommand({
  name: 'auth.create-setup-link',
  access: 'people.manage',
  input: z.object({}),
  audit: 'none',
  handle: async (ctx): Promise<SetupLink | null> => {
    if (!(await needsSetup(ctx, {}))) return null;
    const token = newToken();
    await ctx.db
      .$executeRaw`DELETE FROM setup_link WHERE user_id IS NULL AND expires_at <= clock_timestamp()`;
    const [row] = await ctx.db.$queryRaw<{ expires_at: Date }[]>`
      INSERT INTO setup_link (id, created_at, expires_at)
      VALUES (${hashToken(token)}, clock_timestamp(), clock_timestamp() + make_interval(hours => ${SETUP_LINK_HOURS}))
      RETURNING expires_at`;
    await recordAudit(ctx, { action: 'auth.setup-link.created', target: { type: 'setup_link' } });
    if (!row) throw new Error('The setup link was not stored');
    return { path: `/setup/${token}`, expiresAt: row.expires_at.toISOString() };
  },
});

function linkRefused(): AppError {
  return new AppError(
    'not_found',
    'This setup link does not open: it was used, it has ended, or an admin exists. Nothing was changed.',
    {
      hint: 'Sign in, or restart the console for a new link.',
    },
  );
}

/**
 * Creates the first admin and signs them in. Of several people with links at the same time one becomes admin.
 * @throws AppError `not_found` when the link does not open, `invalid_input` for a taken e-mail address
 */
export const createFirstAdmin = defineCommand({
  name: 'auth.create-first-admin',
  access: 'anyone',
  input: createFirstAdminInput,
  prepare: async (ctx, input) => {
    // Hashing is slow on purpose, so it is done only for those who hold a link.
    if (!(await checkSetupLink(ctx, { token: input.token })).isOpen) throw linkRefused();
    return hashPassword(input.password);
  },
  handle: async (ctx, input, passwordHash): Promise<SignedIn> => {
    await ctx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('first admin', 0))`;
    const used = await ctx.db.$executeRaw`
      UPDATE setup_link SET used_at = clock_timestamp()
      WHERE id = ${hashToken(input.token)} AND user_id IS NULL AND used_at IS NULL AND expires_at > clock_timestamp()`;
    if (used !== 1 || !(await needsSetup(ctx, {}))) throw linkRefused();
    const viewer = { id: ctx.ids.uuid(), name: input.name, email: input.email, role: 'admin' as const };
    await ctx.db.user.create({ data: { ...viewer, passwordHash } }).catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError('invalid_input', 'This e-mail address is taken. Nothing was changed.', {
        fields: { email: ['This e-mail address is taken.'] },
      });
    });
    const token = await openSession(ctx, viewer.id);
    await recordAudit(ctx.as(actorOf(viewer)), {
      action: 'auth.first-admin.created',
      target: { type: 'user', id: viewer.id, label: viewer.email },
    });
    return { token, viewer };
  },
});
