import { IS_ACTIVE_TOKEN, mayAct } from '#server/auth/conditions';
import { hashToken, looksLikeApiToken } from '#server/auth/tokens';
import type { Actor, Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** How often a token's use is written down, seconds. */
const TOUCH_SECONDS = 60;

interface BearerRow {
  id: string;
  name: string;
  scopes: string[];
  expires_at: Date;
  revoked_at: Date | null;
  revoked_by_name: string | null;
  is_expired: boolean;
  is_due: boolean;
  user_id: string;
  user_name: string;
  role: string;
  is_disabled: boolean;
  may_act: boolean;
}

/**
 * The person whom an `Authorization` header speaks for, narrowed to the token's scopes. Its use is written down at most
 * once a minute.
 * @throws AppError `unauthenticated`: for a known token with what became of it, for all others with one same sentence
 */
export async function findBearer(ctx: Ctx, header: string): Promise<Actor> {
  const secret = /^bearer +(\S+)$/i.exec(header.trim())?.[1];
  if (secret === undefined) {
    throw refused(
      'This Authorization header cannot be read.',
      'Send "Authorization: Bearer" and a token of this console.',
    );
  }
  const row = looksLikeApiToken(secret) ? await readToken(ctx, secret) : null;
  if (!row) {
    throw refused(
      'This token is not one of this console.',
      'Copy it whole, or make a new one in the settings.',
    );
  }
  const reason = whyShut(row);
  if (reason) {
    ctx.log.info({ token: row.id, user: row.user_id, reason: reason.message }, 'token refused');
    throw reason;
  }
  if (row.is_due) await touch(ctx, row.id);
  const { id, name, scopes } = row;
  return {
    type: 'user',
    id: row.user_id,
    name: row.user_name,
    role: row.role,
    token: { id, name, scopes },
  };
}

async function readToken(ctx: Ctx, secret: string): Promise<BearerRow | null> {
  const [row] = await ctx.db.$queryRaw<BearerRow[]>`
    SELECT t.id, t.name, t.scopes, t.expires_at, t.revoked_at, t.revoked_by_name,
           t.expires_at <= clock_timestamp() AS is_expired,
           coalesce(t.last_used_at < clock_timestamp() - make_interval(secs => ${TOUCH_SECONDS}), true) AS is_due,
           t.user_id, u.name AS user_name, u.role::text AS role,
           u.disabled_at IS NOT NULL AS is_disabled, ${mayAct(ctx)} AS may_act
    FROM api_token t JOIN app_user u ON u.id = t.user_id
    WHERE t.hash = ${hashToken(secret)}`;
  return row ?? null;
}

function whyShut(row: BearerRow): AppError | null {
  const other = 'Use another token, or make a new one.';
  if (row.revoked_at) {
    const by = row.revoked_by_name ? ` by ${row.revoked_by_name}` : '';
    return refused(`This token was revoked${by} at ${row.revoked_at.toISOString()}.`, other);
  }
  if (row.is_expired) return refused(`This token expired at ${row.expires_at.toISOString()}.`, other);
  if (row.is_disabled) return refused('The person of this token is disabled.', 'Ask an admin.');
  if (!row.may_act) {
    return refused('The person of this token is a demo person, and those may not act here.', other);
  }
  return null;
}

function refused(what: string, hint: string): AppError {
  return new AppError('unauthenticated', `${what} Nothing was changed.`, { hint });
}

/** The condition repeats the wait, so that of requests at the same time one writes. */
async function touch(ctx: Ctx, tokenId: string): Promise<void> {
  await ctx.db.$executeRaw`
    UPDATE api_token SET last_used_at = clock_timestamp(), last_used_ip = ${ctx.request.ipAddress ?? null}
    WHERE id = ${tokenId}::uuid
      AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - make_interval(secs => ${TOUCH_SECONDS}))`;
}

/** True while a token would still let in the person whom the context acts as, with the same role. */
export async function isTokenLive(ctx: Ctx, tokenId: string): Promise<boolean> {
  const [row] = await ctx.db.$queryRaw<{ live: boolean }[]>`
    SELECT EXISTS (
      SELECT 1 FROM api_token t JOIN app_user u ON u.id = t.user_id
      WHERE t.id = ${tokenId}::uuid AND ${IS_ACTIVE_TOKEN} AND ${mayAct(ctx)}
        AND u.role::text = ${ctx.actor.role ?? ''}
    ) AS live`;
  return row?.live ?? false;
}
