import type { App } from '#server/platform/context';

/**
 * What the database holds, table by table, as hashes of all rows: two are equal when nothing was changed between them.
 * @param except tables that change by being looked at, or that somebody else writes meanwhile
 */
export async function snapshotOf(
  app: Pick<App, 'database'>,
  except: readonly string[] = [],
): Promise<Record<string, string>> {
  const tables = await app.database.client.$queryRaw<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1`;
  const names = tables.map(({ name }) => name).filter((name) => !except.includes(name));
  const parts = names.map(
    (name) =>
      `SELECT '${name}' AS name, md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS hash FROM "${name}" t`,
  );
  const rows = await app.database.client.$queryRawUnsafe<{ name: string; hash: string | null }[]>(
    parts.join(' UNION ALL '),
  );
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash ?? 'empty']));
}
