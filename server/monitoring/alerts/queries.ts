import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import {
  type AlertChart,
  type AlertCounts,
  type AlertDetail,
  type AlertPage,
  alertFilter,
  alertInput,
  type RuleSnapshot,
} from '#server/monitoring/alerts/contract';
import { toSummary } from '#server/monitoring/alerts/records';
import type { AlertEventKind } from '#server/monitoring/alerts/words/contract';
import { getDelivery } from '#server/notifications/queries';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';

/**
 * A page of alerts: those that are open first, firing before acknowledged, each the newest first; or as they fired, the
 * oldest first.
 */
export const listAlerts = defineQuery({
  name: 'alerts.list',
  access: 'alerts.read',
  input: alertFilter,
  handle: async (ctx, filter): Promise<AlertPage> => {
    const where = conditions(filter);
    const { page, pageSize, order } = filter;
    const by =
      order === 'oldest'
        ? Prisma.sql`opened_at, id`
        : Prisma.sql`(state = 'resolved'), (state = 'acknowledged'), opened_at DESC, id`;
    const [ids, [count]] = await Promise.all([
      ctx.db.$queryRaw<{ id: string }[]>`
        SELECT id::text FROM alert WHERE ${where}
        ORDER BY ${by}
        LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
      ctx.db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM alert WHERE ${where}`,
    ]);
    const rows = await ctx.db.alert.findMany({ where: { id: { in: ids.map(({ id }) => id) } } });
    return {
      rows: ids.flatMap(({ id }) => rows.filter((row) => row.id === id).map(toSummary)),
      total: count?.total ?? 0,
      page,
      pageSize,
    };
  },
});

/** One alert whole: why it fired, what became of it, and who was told. @throws AppError `not_found` */
export const getAlert = defineQuery({
  name: 'alerts.get',
  access: 'alerts.read',
  input: alertInput,
  handle: async (ctx, { alertId }): Promise<AlertDetail> => {
    const row = await ctx.db.alert.findUnique({
      where: { id: alertId },
      include: { events: { orderBy: { id: 'asc' } } },
    });
    if (!row) {
      throw new AppError('not_found', 'This alert does not exist.', {
        hint: 'Open it from the list of alerts.',
      });
    }
    const told = row.events.flatMap(
      ({ details }) => (details as { notificationId?: string }).notificationId ?? [],
    );
    const deliveries = await Promise.all(told.map((notificationId) => getDelivery(ctx, { notificationId })));
    return {
      ...toSummary(row),
      rule: row.rule as RuleSnapshot,
      traffic: row.traffic,
      chart: row.chart as AlertChart | null,
      notice: row.notice as AlertDetail['notice'],
      history: row.events.map(({ id, kind, text, byName, runId, at }) => ({
        id: String(id),
        kind: kind as AlertEventKind,
        text,
        byName,
        runId,
        at: at.toISOString(),
      })),
      deliveries: deliveries.map(
        ({
          text: _text,
          fields: _fields,
          mentions: _mentions,
          link: _link,
          idempotencyKey: _key,
          history: _history,
          ...rest
        }) => rest,
      ),
    };
  },
});

/** How many alerts are open, for the header and the overview. */
export const countAlerts = defineQuery({
  name: 'alerts.count',
  access: 'alerts.read',
  input: z.object({}),
  handle: async (ctx): Promise<AlertCounts> => {
    const [counts] = await ctx.db.$queryRaw<AlertCounts[]>`
      SELECT count(*) FILTER (WHERE state = 'firing')::int AS firing,
        count(*) FILTER (WHERE state = 'acknowledged')::int AS acknowledged,
        count(*) FILTER (WHERE state = 'firing' AND severity = 'critical')::int AS critical
      FROM alert WHERE state <> 'resolved'`;
    return counts ?? { firing: 0, acknowledged: 0, critical: 0 };
  },
});

type Filter = z.infer<typeof alertFilter>;

function conditions({ state, severity, service, environment, rule, search }: Filter): Prisma.Sql {
  const all: Prisma.Sql[] = [Prisma.sql`TRUE`];
  if (state === 'open') all.push(Prisma.sql`state <> 'resolved'`);
  else if (state) all.push(Prisma.sql`state = ${state}`);
  if (severity) all.push(Prisma.sql`severity = ${severity}`);
  if (service) all.push(Prisma.sql`service = ${service}`);
  if (environment) all.push(Prisma.sql`environment = ${environment}`);
  if (rule) all.push(Prisma.sql`rule_key = ${rule}`);
  if (search) {
    const pattern = `%${search.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
    all.push(
      Prisma.sql`(title ILIKE ${pattern} OR rule_key ILIKE ${pattern} OR explanation ILIKE ${pattern})`,
    );
  }
  return Prisma.join(all, ' AND ');
}
