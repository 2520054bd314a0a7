import * as z from 'zod/mini';
import { recordAudit } from '#server/audit/commands';
import { loginInput, type Role, reauthenticateInput, type Viewer } from '#server/auth/contract';
import { demoPeopleAllowed } from '#server/auth/demo';
import { type Command, defineCommand } from '#server/auth/guard';
import { admitAttempt, clearFailures } from '#server/auth/login-limit';
import { verifyPassword } from '#server/auth/passwords';
import { openSession } from '#server/auth/session';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

export interface SignedIn {
  /** For the browser's cookie; the database knows only its hash. */
  token: string;
  viewer: Viewer;
}

const attemptLogin = defineCommand({
  name: 'auth.login',
  access: 'anyone',
  input: loginInput,
  prepare: async (ctx, input) => {
    await admitAttempt(ctx, input.email);
    const user = await ctx.db.user.findUnique({ where: { email: input.email } });
    const isOpen = user !== null && user.disabledAt === null && (!user.isDemo || demoPeopleAllowed(ctx.env));
    const matches = await verifyPassword(isOpen ? user.passwordHash : null, input.password);
    return matches && user
      ? { id: user.id, name: user.name, email: user.email, role: user.role as Role }
      : null;
  },
  handle: async (ctx, input, viewer): Promise<SignedIn | null> => {
    if (!viewer) {
      await recordAudit(ctx, {
        action: 'auth.login.failed',
        target: { type: 'user', label: input.email },
        details: { email: input.email },
      });
      return null;
    }
    await clearFailures(ctx, input.email);
    const token = await openSession(ctx, viewer.id);
    await recordAudit(ctx.as({ type: 'user', id: viewer.id, name: viewer.name, role: viewer.role }), {
      action: 'auth.login',
      target: { type: 'user', id: viewer.id, label: viewer.email },
    });
    return { token, viewer };
  },
});

/**
 * Opens a session for e-mail and password. The refusal is the same for a wrong password, an unknown person, a disabled
 * one and a demo person where those may not sign in; the audit log keeps it.
 * @throws AppError `unprocessable` when they do not fit, `rate_limited` after too many failures
 */
export const login: Command<SignedIn> = Object.assign(
  async (ctx: Ctx, input: unknown): Promise<SignedIn> => {
    const signedIn = await attemptLogin(ctx, input);
    if (signedIn) return signedIn;
    throw new AppError('unprocessable', 'This e-mail address and password do not fit together.', {
      hint: 'Check both, or ask an admin.',
    });
  },
  { operation: 'command', access: attemptLogin.access } as const,
);

/** Ends the request's session; without one nothing happens. */
export const logout = defineCommand({
  name: 'auth.logout',
  access: 'anyone',
  input: z.object({}),
  audit: 'none',
  handle: async (ctx): Promise<void> => {
    const ended = await ctx.db.session.deleteMany({ where: { id: ctx.request.sessionId ?? '' } });
    if (ended.count > 0) {
      await recordAudit(ctx, {
        action: 'auth.logout',
        target: { type: 'user', id: ctx.actor.id, label: ctx.actor.name },
      });
    }
  },
});

const attemptReauthentication = defineCommand({
  name: 'auth.reauthenticate',
  access: 'signed-in',
  input: reauthenticateInput,
  prepare: async (ctx, input) => {
    if (!ctx.actor.id || !ctx.request.sessionId) return null;
    const user = await ctx.db.user.findUniqueOrThrow({
      where: { id: ctx.actor.id },
      select: { email: true, passwordHash: true },
    });
    await admitAttempt(ctx, user.email);
    return (await verifyPassword(user.passwordHash, input.password)) ? user.email : null;
  },
  handle: async (ctx, _input, email): Promise<boolean> => {
    const target = { type: 'user', id: ctx.actor.id, label: ctx.actor.name };
    if (email === null) {
      await recordAudit(ctx, { action: 'auth.reauthenticate.failed', target });
      return false;
    }
    await clearFailures(ctx, email);
    await ctx.db.$executeRaw`
      UPDATE session SET reauthenticated_at = clock_timestamp() WHERE id = ${ctx.request.sessionId ?? ''}`;
    await recordAudit(ctx, { action: 'auth.reauthenticate', target });
    return true;
  },
});

/**
 * Notes that the person of the request's session proved the password just now.
 * @throws AppError `unprocessable` when it does not fit, `rate_limited` after too many failures
 */
export const reauthenticate: Command<void> = Object.assign(
  async (ctx: Ctx, input: unknown): Promise<void> => {
    if (await attemptReauthentication(ctx, input)) return;
    throw new AppError('unprocessable', 'This is not your password. Nothing was changed.', {
      fields: { password: ['This is not your password.'] },
    });
  },
  { operation: 'command', access: attemptReauthentication.access } as const,
);
