import { recordAudit } from '#server/audit/commands';
import { mayAct } from '#server/auth/conditions';
import type { Viewer } from '#server/auth/contract';
import { admitAttempt } from '#server/auth/login-limit';
import { verifyPassword } from '#server/auth/passwords';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** A person who has just proved the password, and the hash that it fitted. */
export interface ProvedPerson {
  id: string;
  email: string;
  passwordHash: string;
}

/**
 * Looks at an e-mail address and a password, for every way in that takes them.
 * @returns the person whom they fit; null for a wrong password, an unknown person, one without a password, a disabled
 * one, and a demo person where those may not sign in: all take the same time
 * @throws AppError `rate_limited` after too many failures
 */
export async function proveLogin(
  ctx: Ctx,
  { email, password }: { email: string; password: string },
): Promise<ProvedPerson | null> {
  await admitAttempt(ctx, email);
  const [user] = await ctx.db.$queryRaw<{ id: string; password_hash: string | null }[]>`
    SELECT u.id, u.password_hash FROM app_user u WHERE u.email = ${email} AND ${mayAct(ctx)}`;
  const passwordHash = user?.password_hash ?? null;
  const matches = await verifyPassword(passwordHash, password);
  return matches && user && passwordHash ? { id: user.id, email, passwordHash } : null;
}

/**
 * The proved person as they are now, held until the transaction ends, so that nobody comes in with what was changed
 * while their password was looked at.
 * @returns null when the password was changed or the person was disabled meanwhile
 */
export async function holdProved(tx: Ctx, proved: ProvedPerson | null): Promise<Viewer | null> {
  if (!proved) return null;
  const [viewer] = await tx.db.$queryRaw<Viewer[]>`
    SELECT u.id, u.name, u.email, u.role::text AS role FROM app_user u
    WHERE u.id = ${proved.id}::uuid AND u.password_hash = ${proved.passwordHash} AND ${mayAct(tx)} FOR SHARE`;
  return viewer ?? null;
}

/** The audit entry of an attempt that proved nobody. */
export async function recordFailedLogin(tx: Ctx, email: string): Promise<void> {
  await recordAudit(tx, {
    action: 'auth.login.failed',
    target: { type: 'user', label: email },
    details: { email },
  });
}

/** The one refusal of every attempt that does not fit, whatever the cause. */
export function loginRefused(): AppError {
  return new AppError('unprocessable', 'This e-mail address and password do not fit together.', {
    hint: 'Check both, or ask an admin.',
  });
}

/**
 * Looks at the password of the person who acts; attempts count like those of a login.
 * @returns null when it does not fit
 * @throws AppError `rate_limited` after too many failures, `unprocessable` for the console itself
 */
export async function proveOwnPassword(ctx: Ctx, password: string): Promise<ProvedPerson | null> {
  if (!ctx.actor.id) {
    throw new AppError('unprocessable', 'Only a person has a password. Nothing was changed.');
  }
  const user = await ctx.db.user.findUniqueOrThrow({
    where: { id: ctx.actor.id },
    select: { id: true, email: true, passwordHash: true },
  });
  await admitAttempt(ctx, user.email);
  const { id, email, passwordHash } = user;
  return passwordHash !== null && (await verifyPassword(passwordHash, password))
    ? { id, email, passwordHash }
    : null;
}

/**
 * The same context without an idempotency key, for commands that take a password: what is kept with a key would let
 * whoever reads the table try passwords against it, and every attempt is looked at.
 */
export function withoutKey(ctx: Ctx): Ctx {
  return ctx.as(ctx.actor, { idempotency: null });
}
