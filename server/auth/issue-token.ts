import { recordAudit } from '#server/audit/commands';
import { IS_ACTIVE_TOKEN } from '#server/auth/conditions';
import { type CreatedToken, type Permission, TOKENS_MAX } from '#server/auth/contract';
import { hashToken, newApiToken } from '#server/auth/tokens';
import { tokenViews } from '#server/auth/views';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';

export interface TokenOrder {
  name: string;
  scopes: readonly Permission[];
  days: number;
  /** The token that makes it; the new one ends no later. */
  endsBy?: Date | null;
}

/**
 * Makes a token for the person who acts and records it, in the caller's transaction. The caller has checked the scopes.
 * @throws AppError `unprocessable` for more than {@link TOKENS_MAX} active tokens, also of requests at the same time
 */
export async function issueToken(tx: Ctx, order: TokenOrder): Promise<CreatedToken> {
  const ownerId = tx.actor.id;
  if (!ownerId) throw new AppError('unprocessable', 'Only a person has tokens. Nothing was changed.');
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`tokens of ${ownerId}`}, 0))`;
  const [held] = await tx.db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM api_token t WHERE t.user_id = ${ownerId}::uuid AND ${IS_ACTIVE_TOKEN}`;
  if ((held?.count ?? 0) >= TOKENS_MAX) {
    throw new AppError(
      'unprocessable',
      `You have ${TOKENS_MAX} active tokens, and that is the most. Nothing was changed.`,
      { hint: 'Revoke one that is not used any more.' },
    );
  }
  const id = tx.ids.uuid();
  const secret = newApiToken();
  const scopes = [...new Set(order.scopes)];
  await tx.db.$executeRaw`
    INSERT INTO api_token (id, name, hash, hint, user_id, scopes, created_by_name, expires_at)
    VALUES (${id}::uuid, ${order.name}, ${hashToken(secret)}, ${secret.slice(-4)}, ${ownerId}::uuid, ${scopes},
            ${tx.actor.name},
            least(clock_timestamp() + make_interval(hours => ${order.days * 24}), ${order.endsBy ?? null}::timestamptz))`;
  const [token] = await tokenViews(tx, Prisma.sql`t.id = ${id}::uuid`);
  if (!token) throw new Error(`Token ${id} was not stored`);
  await recordAudit(tx, {
    action: 'auth.token.created',
    target: { type: 'api_token', id, label: order.name },
    details: { scopes, expiresAt: token.expiresAt, hint: token.hint },
  });
  return { token, secret };
}
