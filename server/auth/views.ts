import { IS_ACTIVE_TOKEN, isOpenSession, mayAct } from '#server/auth/conditions';
import type {
  PersonStatus,
  PersonView,
  Role,
  SessionView,
  TokenStatus,
  TokenView,
} from '#server/auth/contract';
import type { Ctx } from '#server/platform/context';
import type { Prisma } from '#server/platform/generated/prisma/client';

interface TokenRow {
  id: string;
  name: string;
  hint: string;
  user_id: string;
  owner_name: string;
  scopes: string[];
  status: TokenStatus;
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
  revoked_by_name: string | null;
}

/** The tokens that a condition on `api_token t` chooses: those that still open first, each kind newest first. */
export async function tokenViews(ctx: Ctx, where: Prisma.Sql): Promise<TokenView[]> {
  const rows = await ctx.db.$queryRaw<TokenRow[]>`
    SELECT t.id, t.name, t.hint, t.user_id, u.name AS owner_name, t.scopes, t.created_at, t.expires_at,
           t.last_used_at, t.revoked_at, t.revoked_by_name,
           CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN ${IS_ACTIVE_TOKEN} THEN 'active' ELSE 'expired' END
             AS status
    FROM api_token t JOIN app_user u ON u.id = t.user_id
    WHERE ${where}
    ORDER BY ${IS_ACTIVE_TOKEN} DESC, t.created_at DESC, t.id DESC`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    hint: row.hint,
    ownerId: row.user_id,
    ownerName: row.owner_name,
    scopes: row.scopes,
    status: row.status,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    lastUsedAt: iso(row.last_used_at),
    revokedAt: iso(row.revoked_at),
    revokedByName: row.revoked_by_name,
  }));
}

interface PersonRow {
  id: string;
  name: string;
  email: string;
  role: Role;
  status: PersonStatus;
  slack_handle: string | null;
  is_demo: boolean;
  created_at: Date;
  last_seen_at: Date | null;
  open_sessions: number;
  active_tokens: number;
}

/**
 * The people whom a condition on `app_user u` chooses, by name. Last seen is the latest of a session's use, a token's
 * use and an audited act, because sessions go with a logout. BETWEEN and the order hold Postgres to the index that
 * starts with the actor: with `=` it walks the whole log for everybody who never did anything.
 */
export async function personViews(ctx: Ctx, where: Prisma.Sql): Promise<PersonView[]> {
  const rows = await ctx.db.$queryRaw<PersonRow[]>`
    SELECT u.id, u.name, u.email, u.role::text AS role, u.slack_handle, u.is_demo, u.created_at,
           CASE WHEN NOT ${mayAct(ctx)} THEN 'disabled' WHEN u.password_hash IS NULL THEN 'invited' ELSE 'active' END
             AS status,
           greatest((SELECT max(s.last_seen_at) FROM session s WHERE s.user_id = u.id),
                    (SELECT max(t.last_used_at) FROM api_token t WHERE t.user_id = u.id),
                    (SELECT a.at FROM audit_entry a WHERE a.actor_id BETWEEN u.id::text AND u.id::text
                     ORDER BY a.actor_id DESC, a.id DESC LIMIT 1))
             AS last_seen_at,
           (SELECT count(*)::int FROM session s WHERE s.user_id = u.id AND ${isOpenSession(ctx)}) AS open_sessions,
           (SELECT count(*)::int FROM api_token t WHERE t.user_id = u.id AND ${IS_ACTIVE_TOKEN}) AS active_tokens
    FROM app_user u
    WHERE ${where}
    ORDER BY lower(u.name), u.email`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role,
    status: row.status,
    slackHandle: row.slack_handle,
    isDemo: row.is_demo,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: iso(row.last_seen_at),
    openSessions: row.open_sessions,
    activeTokens: row.active_tokens,
  }));
}

interface SessionRow {
  id: string;
  user_id: string;
  user_name: string;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
  ip_address: string | null;
  user_agent: string | null;
}

/** The open sessions that a condition on `session s` chooses, the one of this request first, then by their last use. */
export async function sessionViews(ctx: Ctx, where: Prisma.Sql): Promise<SessionView[]> {
  const current = ctx.request.sessionId ?? '';
  const rows = await ctx.db.$queryRaw<SessionRow[]>`
    SELECT s.id, s.user_id, u.name AS user_name, s.created_at, s.last_seen_at, s.expires_at, s.ip_address, s.user_agent
    FROM session s JOIN app_user u ON u.id = s.user_id
    WHERE ${where} AND ${isOpenSession(ctx)} AND ${mayAct(ctx)}
    ORDER BY s.id = ${current} DESC, s.last_seen_at DESC, s.id`;
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    userName: row.user_name,
    isCurrent: row.id === current,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
  }));
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
