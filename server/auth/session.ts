import { isTokenLive } from '#server/auth/bearer';
import { isOpenSession, mayAct } from '#server/auth/conditions';
import type { Role, Viewer } from '#server/auth/contract';
import { hashToken, newToken } from '#server/auth/tokens';
import type { Ctx } from '#server/platform/context';

/** How often a session's use is written down, seconds. */
const TOUCH_SECONDS = 60;

export interface Session {
  /** The hash of the token. */
  id: string;
  viewer: Viewer;
  expiresAt: Date;
  reauthenticatedAt: Date;
  /** The expiry moved with this use: the browser's copy should move too. */
  wasRenewed: boolean;
}

interface SessionRow {
  id: string;
  user_id: string;
  name: string;
  email: string;
  role: Role;
  expires_at: Date;
  reauthenticated_at: Date;
  is_due: boolean;
}

/**
 * The live session of a cookie's token, null when there is none, it has ended, or its person was disabled. Its expiry
 * slides with use, up to SESSION_MAX_DAYS after its login. The database's clock judges.
 */
export async function findSession(ctx: Ctx, token: string): Promise<Session | null> {
  const id = hashToken(token);
  const [row] = await ctx.db.$queryRaw<SessionRow[]>`
    SELECT s.id, s.user_id, u.name, u.email, u.role::text AS role, s.expires_at, s.reauthenticated_at,
           s.last_seen_at < clock_timestamp() - make_interval(secs => ${TOUCH_SECONDS}) AS is_due
    FROM session s JOIN app_user u ON u.id = s.user_id
    WHERE s.id = ${id} AND ${isOpenSession(ctx)} AND ${mayAct(ctx)}`;
  if (!row) return null;
  if (row.is_due) {
    await ctx.db.$executeRaw`
      UPDATE session SET last_seen_at = clock_timestamp(),
                         expires_at = least(clock_timestamp() + make_interval(hours => ${ctx.env.SESSION_HOURS}),
                                            created_at + make_interval(days => ${ctx.env.SESSION_MAX_DAYS}))
      WHERE id = ${id}`;
  }
  return {
    id: row.id,
    viewer: { id: row.user_id, name: row.name, email: row.email, role: row.role },
    expiresAt: row.expires_at,
    reauthenticatedAt: row.reauthenticated_at,
    wasRenewed: row.is_due,
  };
}

/**
 * True while what a context was made from still lets its person in with the same role: the session of a browser, or the
 * token of a program. What holds a connection open asks now and then.
 */
export async function isSessionLive(ctx: Ctx): Promise<boolean> {
  if (ctx.actor.token) return isTokenLive(ctx, ctx.actor.token.id);
  const [row] = await ctx.db.$queryRaw<{ live: boolean }[]>`
    SELECT EXISTS (
      SELECT 1 FROM session s JOIN app_user u ON u.id = s.user_id
      WHERE s.id = ${ctx.request.sessionId ?? ''} AND ${isOpenSession(ctx)} AND ${mayAct(ctx)}
        AND u.role::text = ${ctx.actor.role ?? ''}
    ) AS live`;
  return row?.live ?? false;
}

/**
 * Opens a session for a person and returns its token, which is kept nowhere else. The request's earlier session ends,
 * and so do the person's expired ones.
 */
export async function openSession(ctx: Ctx, userId: string): Promise<string> {
  const token = newToken();
  await ctx.db.$executeRaw`
    DELETE FROM session
    WHERE id = ${ctx.request.sessionId ?? ''} OR (user_id = ${userId}::uuid AND expires_at <= clock_timestamp())`;
  await ctx.db.$executeRaw`
    INSERT INTO session (id, user_id, created_at, last_seen_at, reauthenticated_at, expires_at, ip_address, user_agent)
    VALUES (${hashToken(token)}, ${userId}::uuid, clock_timestamp(), clock_timestamp(), clock_timestamp(),
            clock_timestamp() + least(make_interval(hours => ${ctx.env.SESSION_HOURS}),
                                      make_interval(days => ${ctx.env.SESSION_MAX_DAYS})),
            ${ctx.request.ipAddress ?? null}, ${ctx.request.userAgent ?? null})`;
  return token;
}

/**
 * Ends a person's sessions, all or all but one.
 * @returns how many there were
 */
export function endSessions(ctx: Ctx, userId: string, exceptId: string | null = null): Promise<number> {
  return ctx.db.$executeRaw`
    DELETE FROM session WHERE user_id = ${userId}::uuid AND id <> ${exceptId ?? ''}`;
}
