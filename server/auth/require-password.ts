import { recordAudit } from '#server/audit/commands';
import { reauthenticate } from '#server/auth/commands/sign-in';
import { clearFailures } from '#server/auth/login-limit';
import { proveOwnPassword } from '#server/auth/prove-password';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** How long a password counts for what is drastic, minutes. */
const FRESH_MINUTES = 5;

/**
 * For what must not be done from an open browser that its person has left, or with a token alone: the person has given
 * the password within five minutes, or gives it now. The console itself has none and acts as it is wired.
 * @throws AppError `unprocessable` with the field `password`, `rate_limited` after too many failures
 */
export async function requireFreshPassword(ctx: Ctx, password: string | undefined): Promise<void> {
  if (ctx.actor.type === 'system') return;
  if (password && ctx.request.sessionId) return reauthenticate(ctx, { password });
  if (password) return provePassword(ctx, password);
  if (await isFresh(ctx)) return;
  throw new AppError('unprocessable', 'Give your password once more: this needs it. Nothing was started.', {
    hint: `It counts for ${FRESH_MINUTES} minutes.`,
    fields: { password: ['Enter your password.'] },
  });
}

/** True when the person of the request's session has given the password within five minutes. */
export async function isFresh(ctx: Ctx): Promise<boolean> {
  if (!ctx.request.sessionId) return false;
  const rows = await ctx.db.$queryRaw<{ fresh: boolean }[]>`
    SELECT reauthenticated_at > clock_timestamp() - make_interval(mins => ${FRESH_MINUTES}) AS fresh
    FROM session WHERE id = ${ctx.request.sessionId}`;
  return rows[0]?.fresh ?? false;
}

async function provePassword(ctx: Ctx, password: string): Promise<void> {
  const proved = await proveOwnPassword(ctx, password);
  const target = { type: 'user', id: ctx.actor.id, label: ctx.actor.name };
  if (proved) return clearFailures(ctx, proved.email);
  await ctx.transaction((tx) => recordAudit(tx, { action: 'auth.reauthenticate.failed', target }));
  throw new AppError('unprocessable', 'This is not your password. Nothing was started.', {
    fields: { password: ['This is not your password.'] },
  });
}
