import { can, type Permission, ROLES, type Role } from '#server/auth/contract';
import type { Access } from '#server/auth/guard';
import type { App } from '#server/platform/context';
import { snapshotOf } from '#server/testing/snapshot';

/** Everybody there is: a person of each role, and nobody. */
export const EVERYBODY: readonly (Role | null)[] = [...ROLES, null];

/** What the one resolver says of a role, or of nobody. */
export function allows(access: Access, role: Role | null): boolean {
  if (access === 'anyone') return true;
  if (role === null) return false;
  return access === 'signed-in' || can({ type: 'user', role }, access as Permission);
}

/** What the database holds, but for when tokens and sessions were last used: a refused call leaves it as it is. */
export async function heldBy(app: Pick<App, 'database'>): Promise<Record<string, unknown>> {
  const [tokens] = await app.database.client.$queryRaw<Record<string, unknown>[]>`
    SELECT (SELECT md5(string_agg(id::text || scopes::text || coalesce(revoked_at::text, ''), ',' ORDER BY id)) FROM api_token) AS tokens,
           (SELECT md5(string_agg(id, ',' ORDER BY id)) FROM session) AS sessions`;
  return { ...(await snapshotOf(app, ['api_token', 'session'])), ...tokens };
}
