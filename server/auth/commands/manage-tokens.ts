import { recordAudit } from '#server/audit/commands';
import {
  type CreatedToken,
  can,
  createTokenInput,
  createTokenWithPasswordInput,
  LOGIN_TOKEN_DAYS_DEFAULT,
  type Permission,
  permissionsOf,
  revokeTokenInput,
  type Subject,
  TOKEN_DAYS_DEFAULT,
  type TokenView,
  whyNot,
} from '#server/auth/contract';
import { type Command, defineCommand } from '#server/auth/guard';
import { issueToken } from '#server/auth/issue-token';
import { clearFailures } from '#server/auth/login-limit';
import { actorOf } from '#server/auth/person';
import {
  holdProved,
  loginRefused,
  proveLogin,
  recordFailedLogin,
  withoutKey,
} from '#server/auth/prove-password';
import { tokenViews } from '#server/auth/views';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';

/**
 * Makes a token for the person who asks, with no more than what they may do now. Made through another token it ends no
 * later than that one.
 * @returns the secret, this once
 * @throws AppError `forbidden` for a scope that the caller lacks, `invalid_input` for days past the end of the token
 * that asks, `unprocessable` for too many active tokens
 */
export const createToken = defineCommand({
  name: 'auth.create-token',
  access: 'account.manage',
  input: createTokenInput,
  handle: async (tx, input): Promise<CreatedToken> => {
    assertWithin(tx.actor, input.scopes);
    const endsBy = await endOfOwnToken(tx, input.days);
    return issueToken(tx, { ...input, days: input.days ?? TOKEN_DAYS_DEFAULT, endsBy });
  },
  stored: (result) => ({ ...result, secret: null }),
});

function assertWithin(subject: Subject, scopes: readonly Permission[]): void {
  const missing = scopes.filter((scope) => !can(subject, scope));
  if (missing.length === 0) return;
  throw new AppError(
    'forbidden',
    `A token has no more than who makes it, and you do not have ${missing.join(', ')}. Nothing was changed.`,
    { hint: whyNot(missing[0] as Permission, subject) },
  );
}

/**
 * When the token ends through which the caller acts; null in a browser. A begun day counts whole, so that a token of
 * 30 days can be made right after one. Its row is held, so that it cannot be revoked in between.
 */
async function endOfOwnToken(tx: Ctx, days: number | undefined): Promise<Date | null> {
  if (!tx.actor.token) return null;
  const [own] = await tx.db.$queryRaw<{ expires_at: Date; days_left: number }[]>`
    SELECT expires_at, ceil(extract(epoch FROM expires_at - clock_timestamp()) / 86400)::int AS days_left
    FROM api_token
    WHERE id = ${tx.actor.token.id}::uuid AND revoked_at IS NULL AND expires_at > clock_timestamp() FOR SHARE`;
  if (!own) {
    throw new AppError('unauthenticated', 'Your token has ended just now. Nothing was changed.', {
      hint: 'Use another token, or make a new one.',
    });
  }
  if (days !== undefined && days > own.days_left) {
    const most = own.days_left === 1 ? '1 day' : `${own.days_left} days`;
    const message = `A token made through another ends no later than it: ${most} at most.`;
    throw new AppError('invalid_input', `${message} Nothing was changed.`, {
      hint: 'Make it in the settings for longer.',
      fields: { days: [message] },
    });
  }
  return own.expires_at;
}

const attemptTokenWithPassword = defineCommand({
  name: 'auth.create-token-with-password',
  access: 'anyone',
  input: createTokenWithPasswordInput,
  prepare: (ctx, input) => proveLogin(ctx, input),
  handle: async (tx, input, proved): Promise<CreatedToken | null> => {
    const viewer = await holdProved(tx, proved);
    if (!viewer) {
      await recordFailedLogin(tx, input.email);
      return null;
    }
    const as = tx.as(actorOf(viewer));
    const scopes = input.scopes ?? permissionsOf(as.actor);
    assertWithin(as.actor, scopes);
    await clearFailures(tx, input.email);
    return issueToken(as, { name: input.name, scopes, days: input.days ?? LOGIN_TOKEN_DAYS_DEFAULT });
  },
});

/**
 * Makes a token for e-mail and password, for programs that have nothing else yet. Limits, refusal and audit of a failure
 * are those of a login.
 * @returns the secret, this once
 * @throws AppError `unprocessable` when they do not fit or there are too many active tokens, `rate_limited` after too
 * many failures, `forbidden` for a scope beyond the person's role
 */
export const createTokenWithPassword: Command<CreatedToken> = Object.assign(
  async (ctx: Ctx, input: unknown): Promise<CreatedToken> => {
    const created = await attemptTokenWithPassword(withoutKey(ctx), input);
    if (created) return created;
    throw loginRefused();
  },
  { operation: 'command', access: attemptTokenWithPassword.access } as const,
);

/**
 * Makes a token open nothing any more, at once. Everybody's needs `tokens.manage`; without it another person's token is
 * not found.
 * @throws AppError `not_found`; `conflict` when it was revoked before, with who did it
 */
export const revokeToken = defineCommand({
  name: 'auth.revoke-token',
  access: 'account.manage',
  input: revokeTokenInput,
  handle: async (tx, { tokenId }): Promise<TokenView> => {
    const [before] = await tx.db.$queryRaw<
      { user_id: string; revoked_at: Date | null; revoked_by_name: string | null }[]
    >`
      SELECT user_id, revoked_at, revoked_by_name FROM api_token WHERE id = ${tokenId}::uuid FOR UPDATE`;
    if (!before || (before.user_id !== tx.actor.id && !can(tx.actor, 'tokens.manage'))) {
      throw new AppError('not_found', 'There is no such token of yours. Nothing was changed.');
    }
    if (before.revoked_at) {
      throw new AppError(
        'conflict',
        `${before.revoked_by_name} revoked it at ${before.revoked_at.toISOString()}. Nothing was changed.`,
      );
    }
    await tx.db.$executeRaw`
      UPDATE api_token SET revoked_at = clock_timestamp(), revoked_by_name = ${tx.actor.name}
      WHERE id = ${tokenId}::uuid`;
    const [token] = await tokenViews(tx, Prisma.sql`t.id = ${tokenId}::uuid`);
    if (!token) throw new Error(`Token ${tokenId} is gone`);
    await recordAudit(tx, {
      action: 'auth.token.revoked',
      target: { type: 'api_token', id: tokenId, label: token.name },
      details: { ownerId: token.ownerId, ownerName: token.ownerName, hint: token.hint },
    });
    return token;
  },
});
