import { recordAudit } from '#server/audit/commands';
import { changePasswordInput, type EndedSessions } from '#server/auth/contract';
import { type Command, defineCommand } from '#server/auth/guard';
import { clearFailures } from '#server/auth/login-limit';
import { hashPassword } from '#server/auth/passwords';
import { closeInvitations } from '#server/auth/person';
import { proveOwnPassword, withoutKey } from '#server/auth/prove-password';
import { endSessions } from '#server/auth/session';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

const attemptChange = defineCommand({
  name: 'auth.change-password',
  access: 'account.manage',
  input: changePasswordInput,
  prepare: async (ctx, input) => {
    await refuseDemoPeople(ctx);
    const person = await proveOwnPassword(ctx, input.currentPassword);
    return person && { person, newHash: await hashPassword(input.newPassword) };
  },
  handle: async (tx, _input, proved): Promise<EndedSessions | null> => {
    const target = { type: 'user', id: tx.actor.id, label: proved?.person.email ?? tx.actor.name };
    if (!proved) {
      await recordAudit(tx, { action: 'auth.password.change-failed', target });
      return null;
    }
    const { person, newHash } = proved;
    const changed = await tx.db.$executeRaw`
      UPDATE app_user SET password_hash = ${newHash}
      WHERE id = ${person.id}::uuid AND password_hash = ${person.passwordHash} AND disabled_at IS NULL`;
    if (changed !== 1) {
      throw new AppError(
        'conflict',
        'Your password was changed elsewhere just now. Nothing was changed here.',
        {
          hint: 'Sign in with the newer one.',
        },
      );
    }
    await clearFailures(tx, person.email);
    await closeInvitations(tx, person.id);
    const ended = await endSessions(tx, person.id, tx.request.sessionId);
    await tx.db.$executeRaw`
      UPDATE session SET reauthenticated_at = clock_timestamp() WHERE id = ${tx.request.sessionId ?? ''}`;
    await recordAudit(tx, { action: 'auth.password.changed', target, details: { endedSessions: ended } });
    return { ended };
  },
});

async function refuseDemoPeople(ctx: Ctx): Promise<void> {
  const { id } = ctx.actor;
  if (id === null || (await ctx.db.user.count({ where: { id, isDemo: true } })) === 0) return;
  throw new AppError(
    'unprocessable',
    'Demo people keep the password that everybody knows. Nothing was changed.',
  );
}

/**
 * Gives the caller another password and ends their other sessions. Their tokens stay.
 * @throws AppError `unprocessable` when the current password does not fit and for demo people, `rate_limited` after too
 * many failures, `conflict` when it was changed elsewhere meanwhile
 */
export const changePassword: Command<EndedSessions> = Object.assign(
  async (ctx: Ctx, input: unknown): Promise<EndedSessions> => {
    const changed = await attemptChange(withoutKey(ctx), input);
    if (changed) return changed;
    throw new AppError('unprocessable', 'This is not your current password. Nothing was changed.', {
      fields: { currentPassword: ['This is not your current password.'] },
    });
  },
  { operation: 'command', access: attemptChange.access } as const,
);
