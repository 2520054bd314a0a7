import { defineQuery } from '#server/auth/guard';
import {
  listSecurityEventsInput,
  type SecurityCounts,
  type SecurityEventPage,
  type SecurityKind,
} from '#server/monitoring/security-events/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import type { EnvironmentKey } from '#server/services/contract';

interface Filter {
  service?: string | undefined;
  environment?: string | undefined;
  kind?: string | undefined;
  source?: string | undefined;
  sourceIp?: string | undefined;
  hours: number;
}

const ADDRESSES_SHOWN = 10;

/** Events of the last hours, the newest first. */
export const listSecurityEvents = defineQuery({
  name: 'security.list-events',
  access: 'security.read',
  input: listSecurityEventsInput,
  handle: async (ctx, { page, pageSize, ...filter }): Promise<SecurityEventPage> => {
    const where = whereOf(ctx, filter);
    const [rows, total] = await Promise.all([
      ctx.db.securityEvent.findMany({
        where,
        orderBy: [{ at: 'desc' }, { id: 'desc' }],
        skip: (page - 1) * pageSize,
        take: pageSize,
      }),
      ctx.db.securityEvent.count({ where }),
    ]);
    return {
      rows: rows.map(({ id, at, kind, recordedAt: _recordedAt, dedupKey: _dedupKey, ...row }) => ({
        ...row,
        id: String(id),
        kind: kind as SecurityKind,
        at: at.toISOString(),
      })),
      total,
      page,
      pageSize,
    };
  },
});

/** The same events counted by kind, source and address. */
export const countEvents = defineQuery({
  name: 'security.count-events',
  access: 'security.read',
  input: listSecurityEventsInput,
  handle: async (ctx, filter): Promise<SecurityCounts> => {
    const where = whereOf(ctx, filter);
    const countBy = async (field: 'kind' | 'source' | 'sourceIp', take: number) => {
      const rows = await ctx.db.securityEvent.groupBy({
        by: [field],
        where,
        _count: { _all: true },
        orderBy: { _count: { id: 'desc' } },
        take,
      });
      return rows.map((row) => ({ name: row[field] ?? 'unknown', count: row._count._all }));
    };
    const [total, byKind, bySource, byAddress] = await Promise.all([
      ctx.db.securityEvent.count({ where }),
      countBy('kind', 50),
      countBy('source', 50),
      countBy('sourceIp', ADDRESSES_SHOWN),
    ]);
    return { total, byKind, bySource, byAddress };
  },
});

function whereOf(ctx: Ctx, { service, environment, kind, source, sourceIp, hours }: Filter) {
  return {
    at: { gt: new Date(ctx.clock.now().getTime() - hours * 3_600_000) },
    ...(service ? { service } : {}),
    ...(environment ? { environment } : {}),
    ...(kind ? { kind } : {}),
    ...(source ? { source } : {}),
    ...(sourceIp ? { sourceIp } : {}),
  };
}

/**
 * How many events of a kind happened in the window that ends at a time, by their own time. For rules, not for people.
 * @param window.windowSeconds length; an event at its beginning does not count, one at its end does
 */
export async function countSecurityEvents(
  ctx: Ctx,
  window: EnvironmentKey & { kind: SecurityKind; windowSeconds: number; at: Date },
): Promise<number> {
  const { service, environment, kind, windowSeconds, at } = window;
  const from = new Date(at.getTime() - windowSeconds * 1_000);
  const rows = await ctx.db.$queryRaw<{ count: number }[]>(Prisma.sql`
    SELECT count(*)::int AS count FROM security_event
    WHERE service = ${service} AND environment = ${environment} AND kind = ${kind} AND at > ${from} AND at <= ${at}`);
  return rows[0]?.count ?? 0;
}
