import { isInMaintenance } from '#server/maintenance/queries';
import { uptime } from '#server/monitoring/checks/queries/uptime';
import type { Ctx } from '#server/platform/context';
import type {
  PublicComponent,
  PublicIncident,
  PublicMaintenance,
  PublicStatus,
} from '#server/status/contract';
import {
  BAR_DAYS,
  type Impacts,
  maintenanceStatus,
  stateOfComponent,
  uptimeDays,
  worstImpacts,
  worstOf,
} from '#server/status/state';
import type { PublicState } from '#server/status/words/contract';

const DAY_MS = 86_400_000;
/** Public incidents and maintenance that the public can look back to. */
const INCIDENTS = 500;
const MAINTENANCE_PAST_DAYS = 30;

/**
 * What the public sees now. Each field is named by hand: nothing comes along because a table has it.
 */
export async function readPublicStatus(ctx: Ctx): Promise<PublicStatus> {
  const now = ctx.clock.now();
  const [known, incidents, announced] = await Promise.all([
    ctx.db.statusComponent.findMany({
      where: { isShown: true },
      orderBy: [{ position: 'asc' }, { key: 'asc' }],
    }),
    ctx.db.statusIncident.findMany({
      orderBy: [{ openedAt: 'desc' }, { number: 'desc' }],
      take: INCIDENTS,
      include: {
        updates: { orderBy: { id: 'desc' }, select: { state: true, text: true, impacts: true, at: true } },
      },
    }),
    ctx.db.statusMaintenance.findMany({
      where: { endsAt: { gt: new Date(now.getTime() - MAINTENANCE_PAST_DAYS * DAY_MS) } },
      orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    }),
  ]);
  // What is retired is shown no more, and what the public was told of it keeps its name.
  const rows = known.filter(({ retiredAt }) => retiredAt === null);
  const names = new Map(known.map(({ key, name }) => [key, name]));
  const open = incidents.filter(({ state }) => state !== 'resolved');
  const underWay = announced.filter((each) => maintenanceStatus(each, now) === 'under_way');
  const components = await readComponents(ctx, now, rows, {
    impactsOf: (key) => open.map(({ impacts }) => (impacts as Impacts)[key] ?? 'none'),
    isAnnounced: (key) => underWay.some((each) => each.components.includes(key)),
  });
  return {
    // Where nothing is shown, nothing is known to work.
    overall: components.length > 0 ? worstOf(components.map(({ state }) => state)) : 'unknown',
    components,
    incidents: incidents.map(
      (row): PublicIncident => ({
        number: row.number,
        title: row.title,
        state: row.state as PublicState,
        openedAt: row.openedAt.toISOString(),
        resolvedAt: row.resolvedAt?.toISOString() ?? null,
        nextUpdateAt: row.nextUpdateAt?.toISOString() ?? null,
        affected: affectedBy(
          names,
          row.state === 'resolved'
            ? worstImpacts(row.updates.map(({ impacts }) => impacts as Impacts))
            : (row.impacts as Impacts),
        ),
        updates: row.updates.map(({ state, text, at }) => ({
          state: state as PublicState,
          text,
          at: at.toISOString(),
        })),
      }),
    ),
    maintenance: announced.map(
      (row): PublicMaintenance => ({
        title: row.title,
        text: row.text,
        startsAt: row.startsAt.toISOString(),
        endsAt: row.endsAt.toISOString(),
        status: maintenanceStatus(row, now),
        components: row.components.flatMap((key) => names.get(key) ?? []),
      }),
    ),
  };
}

interface ComponentRow {
  key: string;
  name: string;
  description: string;
  group: string;
  service: string;
  environment: string;
  checkKeys: string[];
}

async function readComponents(
  ctx: Ctx,
  now: Date,
  rows: readonly ComponentRow[],
  told: {
    impactsOf: (key: string) => PublicIncident['affected'][number]['impact'][];
    isAnnounced: (key: string) => boolean;
  },
): Promise<PublicComponent[]> {
  const checks = await ctx.db.monitorCheck.findMany({
    // What was looked at once stays in the bars, whatever became of its check.
    where: {
      OR: rows.map(({ service, environment, checkKeys }) => ({
        service,
        environment,
        ...(checkKeys.length === 0 ? {} : { key: { in: checkKeys } }),
      })),
    },
    select: {
      id: true,
      key: true,
      service: true,
      environment: true,
      lastAt: true,
      lastOutcome: true,
      consecutiveFailures: true,
      intervalMs: true,
      removedAt: true,
      pausedAt: true,
    },
  });
  const from = new Date(now.getTime() - (BAR_DAYS - 1) * DAY_MS);
  from.setUTCHours(0, 0, 0, 0);
  const hours = await uptime(ctx, { checkIds: checks.map(({ id }) => id), from, to: now, bucket: 'day' });
  const bucketsOf = new Map(hours.map(({ checkId, buckets }) => [checkId, buckets]));
  return Promise.all(
    rows.map(async ({ key, name, description, group, service, environment, checkKeys }) => {
      const own = checks.filter(
        (check) =>
          check.service === service &&
          check.environment === environment &&
          (checkKeys.length === 0 || checkKeys.includes(check.key)),
      );
      const { days, percent } = uptimeDays(
        own.flatMap(({ id }) => bucketsOf.get(id) ?? []),
        now,
      );
      const state = stateOfComponent({
        impacts: told.impactsOf(key),
        isInMaintenance: told.isAnnounced(key) || (await isInMaintenance(ctx, { service, environment })),
        checks: own.filter(({ removedAt, pausedAt }) => removedAt === null && pausedAt === null),
        now,
      });
      return { name, description, group, state, uptimePercent: percent, days };
    }),
  );
}

function affectedBy(names: ReadonlyMap<string, string>, impacts: Impacts): PublicIncident['affected'] {
  return Object.entries(impacts).flatMap(([key, impact]) => {
    const name = names.get(key);
    return name === undefined || impact === 'none' ? [] : [{ name, impact }];
  });
}
