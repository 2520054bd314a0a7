import type { z } from 'zod/mini';
import { type AuditPage, type AuditRow, auditBatchInput, auditFilter } from '#server/audit/contract';
import { defineQuery } from '#server/auth/guard';
import { Prisma } from '#server/platform/generated/prisma/client';

interface Row {
  id: bigint;
  at: Date;
  actor_type: string;
  actor_name: string;
  action: string;
  target_type: string;
  target_id: string | null;
  target_label: string | null;
  service: string | null;
  environment: string | null;
  reason: string | null;
  details: Record<string, unknown>;
  run_id: string | null;
  request_id: string | null;
}

interface Count {
  total: number;
}

const COLUMNS = Prisma.sql`id, at, actor_type, actor_name, action, target_type, target_id, target_label, service,
  environment, reason, details, run_id::text AS run_id, request_id`;

/** The words of an entry, as the search index has them; the migration says the same. */
const SEARCHED = Prisma.sql`(action || E'\\n' || actor_name || E'\\n' || coalesce(target_label, '') || E'\\n' ||
  coalesce(target_id, '') || E'\\n' || coalesce(reason, ''))`;

/** Of rows that have a text in them, how many are counted beyond the page: counting them all means reading them all. */
const COUNTED_AHEAD = 1_000;

/** A page of the audit log, newest first, with every action that occurs in it for the filter's choice. */
export const listAudit = defineQuery({
  name: 'audit.list',
  access: 'audit.read',
  input: auditFilter,
  handle: async (ctx, filter): Promise<AuditPage> => {
    const where = conditions(filter);
    const offset = (filter.page - 1) * filter.pageSize;
    const most = filter.search || filter.actor ? offset + COUNTED_AHEAD : null;
    const [rows, [count], actions] = await Promise.all([
      ctx.db.$queryRaw<Row[]>`
        SELECT ${COLUMNS} FROM audit_entry WHERE id IN (
          SELECT id FROM audit_entry WHERE ${where} ORDER BY id DESC LIMIT ${filter.pageSize} OFFSET ${offset})
        ORDER BY id DESC`,
      most === null
        ? ctx.db.$queryRaw<Count[]>`SELECT count(*)::int AS total FROM audit_entry WHERE ${where}`
        : ctx.db.$queryRaw<Count[]>`
            SELECT count(*)::int AS total FROM (SELECT FROM audit_entry WHERE ${where} LIMIT ${most + 1}) AS found`,
      // Hops from one action to the next along the index instead of reading every row.
      ctx.db.$queryRaw<{ action: string }[]>`
        WITH RECURSIVE hop AS (
          (SELECT action FROM audit_entry ORDER BY action LIMIT 1)
          UNION ALL
          SELECT (SELECT a.action FROM audit_entry a WHERE a.action > hop.action ORDER BY a.action LIMIT 1)
          FROM hop WHERE hop.action IS NOT NULL
        )
        SELECT action FROM hop WHERE action IS NOT NULL`,
    ]);
    const counted = count?.total ?? 0;
    return {
      rows: rows.map(viewOf),
      total: Math.min(counted, most ?? counted),
      isTotalExact: most === null || counted <= most,
      page: filter.page,
      pageSize: filter.pageSize,
      actions: actions.map((row) => row.action),
    };
  },
});

/** Up to `limit` rows of the filter below an id, newest first: an export walks the log with it, whatever is added meanwhile. */
export const readAuditBatch = defineQuery({
  name: 'audit.read-batch',
  access: 'audit.read',
  input: auditBatchInput,
  handle: async (ctx, { beforeId, limit, ...filter }): Promise<AuditRow[]> => {
    const older = beforeId ? Prisma.sql`id < ${BigInt(beforeId)}` : Prisma.sql`TRUE`;
    const rows = await ctx.db.$queryRaw<Row[]>`
      SELECT ${COLUMNS} FROM audit_entry WHERE ${conditions(filter)} AND ${older} ORDER BY id DESC LIMIT ${limit}`;
    return rows.map(viewOf);
  },
});

type Filter = Omit<z.infer<typeof auditFilter>, 'page' | 'pageSize'>;

function conditions(filter: Filter): Prisma.Sql {
  const all: Prisma.Sql[] = [Prisma.sql`TRUE`];
  if (filter.action) all.push(Prisma.sql`action = ${filter.action}`);
  if (filter.actor)
    all.push(Prisma.sql`(actor_id = ${filter.actor} OR actor_name ILIKE ${contains(filter.actor)})`);
  if (filter.service) all.push(Prisma.sql`service = ${filter.service}`);
  if (filter.environment) all.push(Prisma.sql`environment = ${filter.environment}`);
  if (filter.search) {
    const pattern = contains(filter.search);
    all.push(Prisma.sql`${SEARCHED} ILIKE ${pattern}`);
  }
  return Prisma.join(all, ' AND ');
}

/** A LIKE pattern that takes what the person typed literally. */
function contains(text: string): string {
  return `%${text.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

function viewOf(row: Row): AuditRow {
  return {
    id: String(row.id),
    at: row.at.toISOString(),
    actorType: row.actor_type,
    actorName: row.actor_name,
    action: row.action,
    targetType: row.target_type,
    targetId: row.target_id,
    targetLabel: row.target_label,
    service: row.service,
    environment: row.environment,
    reason: row.reason,
    details: row.details,
    runId: row.run_id,
    requestId: row.request_id,
  };
}
