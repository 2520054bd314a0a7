import * as z from 'zod/mini';
import { recordAudit } from '#server/audit/commands';
import { loginInput, reauthenticateInput, type Viewer } from '#server/auth/contract';
import { type Command, defineCommand } from '#server/auth/guard';
import { clearFailures } from '#server/auth/login-limit';
import { actorOf } from '#server/auth/person';
import {
  holdProved,
  loginRefused,
  proveLogin,
  proveOwnPassword,
  recordFailedLogin,
} from '#server/auth/prove-password';
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
  prepare: (ctx, input) => proveLogin(ctx, input),
  handle: async (ctx, input, proved): Promise<SignedIn | null> => {
    const viewer = await holdProved(ctx, proved);
    if (!viewer) {
      await recordFailedLogin(ctx, input.email);
      return null;
    }
    await clearFailures(ctx, input.email);
    const token = await openSession(ctx, viewer.id);
    await recordAudit(ctx.as(actorOf(viewer)), {
      action: 'auth.login',
      target: { type: 'user', id: viewer.id, label: viewer.email },
    });
    return { token, viewer };
  },
});

/**
 * Opens a session for e-mail and password. The refusal is the same for a wrong password, an unknown person, one without
 * a password, a disabled one and a demo person where those may not sign in; the audit log keeps it.
 * @throws AppError `unprocessable` when they do not fit, `rate_limited` after too many failures
 */
export const login: Command<SignedIn> = Object.assign(
  async (ctx: Ctx, input: unknown): Promise<SignedIn> => {
    const signedIn = await attemptLogin(ctx, input);
    if (signedIn) return signedIn;
    throw loginRefused();
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
    if (!ctx.request.sessionId) return null;
    return (await proveOwnPassword(ctx, input.password))?.email ?? null;
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
