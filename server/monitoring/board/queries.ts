import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import { listSwitches } from '#server/deployments/queries/switches';
import type { ChartResolution, Comparison, MeasureResult } from '#server/metrics/contract';
import { chartMany, lastHeardOf } from '#server/metrics/queries/charts';
import { measureMany } from '#server/metrics/queries/measure-many';
import {
  BOARD_CHARTS,
  BOARD_SPECS,
  type Board,
  type BoardChartKey,
  type BoardLimit,
  type BoardMark,
  type BoardWindow,
  boardInput,
  type TileSet,
} from '#server/monitoring/board/contract';
import { overdueColumn, stateColumn } from '#server/monitoring/checks/records';
import { worstState } from '#server/monitoring/checks/state';
import type { CheckState } from '#server/monitoring/checks/words/contract';
import type { Severity } from '#server/monitoring/rules/words/contract';
import type { Ctx } from '#server/platform/context';
import type { Env } from '#server/platform/env';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig, environmentViews } from '#server/services/queries';

/** Of each window: how long it is and its steps are, seconds, and what is read for it. */
const WINDOWS: Record<BoardWindow, { seconds: number; step: number; resolution: ChartResolution }> = {
  '1h': { seconds: 3_600, step: 60, resolution: '1m' },
  '6h': { seconds: 6 * 3_600, step: 120, resolution: '1m' },
  '24h': { seconds: 86_400, step: 600, resolution: '1m' },
  '7d': { seconds: 7 * 86_400, step: 3_600, resolution: '1h' },
};
/** Figures are of the last minute. */
const TILE_SECONDS = 60;
const TILES_SHARED_MS = 3_000;
/** By this one it is told when a service was last heard of. */
const HEARTBEAT = 'http_requests_total';
const MARKS_MAX = 200;

/** The charts of an environment with what happened meanwhile. @throws AppError `not_found` */
export const readBoard = defineQuery({
  name: 'monitoring.read-board',
  access: 'metrics.read',
  input: boardInput,
  handle: async (ctx, { window, ...place }): Promise<Board> => {
    environmentConfig(ctx, place);
    const now = ctx.clock.now().getTime();
    const { seconds, step, resolution } = WINDOWS[window];
    const stepMs = step * 1_000;
    const fromMs = Math.floor((now - seconds * 1_000) / stepMs) * stepMs;
    const wanted = BOARD_CHARTS.flatMap((chart) =>
      BOARD_SPECS[chart].series.map((series) => ({ chart, series })),
    );
    const [values, limits, marks, [heardAt = null]] = await Promise.all([
      chartMany(
        ctx,
        place,
        wanted.map(({ series }) => series.measure),
        { fromMs, toMs: now, stepMs, resolution },
      ),
      readFacts(ctx),
      readMarks(ctx, place, new Date(fromMs)),
      lastHeardOf(ctx, [place], HEARTBEAT),
    ]);
    return {
      ...place,
      window,
      startsAt: new Date(fromMs).toISOString(),
      stepSeconds: step,
      endsAt: new Date(now).toISOString(),
      charts: BOARD_CHARTS.map((key) => ({
        key,
        title: BOARD_SPECS[key].title,
        unit: BOARD_SPECS[key].unit,
        series: wanted.flatMap(({ chart, series: { key: name, label } }, at) =>
          chart === key ? [{ key: name, label, values: values[at] ?? [] }] : [],
        ),
        limits: limitsOf(limits, place, key),
      })),
      marks,
      heardAt: heardAt?.toISOString() ?? null,
    };
  },
});

async function readMarks(ctx: Ctx, place: EnvironmentKey, from: Date): Promise<BoardMark[]> {
  const { service, environment } = place;
  const [switches, alerts] = await Promise.all([
    listSwitches(ctx, place, from, MARKS_MAX),
    ctx.db.alert.findMany({
      where: { service, environment, OR: [{ resolvedAt: null }, { resolvedAt: { gte: from } }] },
      select: { id: true, title: true, cause: true, openedAt: true, resolvedAt: true },
      orderBy: { openedAt: 'desc' },
      take: MARKS_MAX,
    }),
  ]);
  return [
    ...switches.map(
      ({ runId, tag, direction, at }): BoardMark => ({
        id: runId,
        kind: direction,
        at: at.toISOString(),
        until: null,
        label: tag,
        refersTo: runId,
      }),
    ),
    ...alerts.map(
      ({ id, title, cause, openedAt, resolvedAt }): BoardMark => ({
        id,
        kind: 'alert',
        at: openedAt.toISOString(),
        until: resolvedAt?.toISOString() ?? null,
        label: cause === 'no_data' ? `Unknown: ${title}` : title,
        refersTo: id,
      }),
    ),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
}

/**
 * How every environment is, in three statements; one more where one is not heard of. Environments for practice are left
 * out: nobody depends on them.
 */
export const readTiles = defineQuery({
  name: 'monitoring.read-tiles',
  access: 'metrics.read',
  input: z.object({}),
  handle: async (ctx): Promise<TileSet[]> => {
    const places = environmentViews(ctx).filter(({ isPractice }) => !isPractice);
    const [{ asked, results }, facts] = await Promise.all([measureTiles(ctx, places), readFacts(ctx)]);
    const isSilent = ({ service, environment }: EnvironmentKey) =>
      asked.every(
        (each, at) => each.service !== service || each.environment !== environment || !results[at]?.newestAt,
      );
    const silent = places.filter(isSilent);
    const heard = await lastHeardOf(ctx, silent, HEARTBEAT);
    return places.map((place) => {
      const { service, environment } = place;
      const its = asked.flatMap((each, at) => {
        const result = results[at];
        if (each.service !== service || each.environment !== environment || !result) return [];
        return [{ key: each.key, result }];
      });
      const newest = its.map(({ result }) => result.newestAt?.getTime() ?? 0);
      const heardAt = silent.includes(place) ? heard[silent.indexOf(place)] : new Date(Math.max(...newest));
      return {
        service,
        environment,
        ...standingOf(facts, place),
        figures: its.map(({ key, result: { value, reason } }) => ({
          key,
          value,
          reason,
          limits: limitsOf(facts, place, key),
        })),
        heardAt: heardAt?.toISOString() ?? null,
      };
    });
  },
});

interface Measured {
  asked: (EnvironmentKey & { key: BoardChartKey })[];
  results: MeasureResult[];
}

const measured = new WeakMap<Env, { at: number; promise: Promise<Measured> }>();

/** The figures of the last minute. Everybody who looks within a few seconds shares one reading. */
function measureTiles(ctx: Ctx, places: readonly EnvironmentKey[]): Promise<Measured> {
  const known = measured.get(ctx.env);
  const at = performance.now();
  if (known && at - known.at < TILES_SHARED_MS) return known.promise;
  const asked = places.flatMap(({ service, environment }) =>
    BOARD_CHARTS.map((key) => ({ service, environment, key })),
  );
  const promise = measureMany(
    ctx,
    asked.map(({ key, ...place }) => ({ ...place, measure: measureOf(key), windowSeconds: TILE_SECONDS })),
  ).then((results) => ({ asked, results }));
  measured.set(ctx.env, { at, promise });
  promise.catch(() => measured.delete(ctx.env));
  return promise;
}

/** What a tile shows: the first series of the chart. */
function measureOf(key: BoardChartKey) {
  const [first] = BOARD_SPECS[key].series;
  if (!first) throw new Error(`The chart ${key} has no series`);
  return first.measure;
}

interface FactRow extends EnvironmentKey {
  what: 'check' | 'alert' | 'rule';
  /** State of checks, severity of alerts and rules. */
  name: string | null;
  /** State of alerts, key of rules; `overdue` of checks that nobody has looked at for long. */
  detail: string | null;
  comparison: string | null;
  amount: number;
  lastAt: Date | null;
  measure: string | null;
}

const MEASURES = BOARD_CHARTS.map((key) => ({ key, json: JSON.stringify(measureOf(key)) }));

/** Checks, open alerts, and the limits that rules set for what is shown, of all environments; one statement. */
async function readFacts(ctx: Ctx): Promise<FactRow[]> {
  const now = ctx.clock.now();
  return ctx.db.$queryRaw<FactRow[]>`
    SELECT 'check' AS what, service, environment, ${stateColumn(now)} AS name,
           CASE WHEN last_outcome IS NOT NULL AND ${overdueColumn(now)} THEN 'overdue' END AS detail, NULL AS comparison,
           count(*)::float8 AS amount, max(last_at) AS "lastAt", NULL AS measure
    FROM monitor_check c WHERE removed_at IS NULL AND paused_at IS NULL GROUP BY service, environment, 4, 5
    UNION ALL
    SELECT 'alert', service, environment, severity, state, NULL, count(*)::float8, NULL, NULL
    FROM alert WHERE state <> 'resolved' GROUP BY service, environment, severity, state
    UNION ALL
    SELECT 'rule', s.service, s.environment, r.severity, r.key, r.comparison, r.threshold, NULL, m.key
    FROM alert_rule r JOIN rule_state s ON s.rule_id = r.id
    JOIN jsonb_to_recordset(${`[${MEASURES.map(({ key, json }) => `{"key":"${key}","measure":${json}}`).join(',')}]`}::jsonb) AS m(key text, measure jsonb)
      ON m.measure = r.source -> 'measure'
    WHERE r.enabled`;
}

function limitsOf(facts: readonly FactRow[], place: EnvironmentKey, key: BoardChartKey): BoardLimit[] {
  return factsOf(facts, place, 'rule')
    .filter(({ measure }) => measure === key)
    .map(({ amount, comparison, name, detail }) => ({
      value: amount,
      comparison: comparison as Comparison,
      severity: name as Severity,
      ruleKey: detail ?? '',
    }))
    .sort((a, b) => a.value - b.value);
}

function standingOf(facts: readonly FactRow[], place: EnvironmentKey): Pick<TileSet, 'health' | 'alerts'> {
  const counts: Partial<Record<CheckState, number>> = {};
  let [lastAt, overdueSince]: (Date | null)[] = [null, null];
  for (const check of factsOf(facts, place, 'check')) {
    const state = check.name as CheckState;
    counts[state] = (counts[state] ?? 0) + check.amount;
    if (check.lastAt && (!lastAt || check.lastAt > lastAt)) lastAt = check.lastAt;
    if (check.detail === 'overdue') overdueSince = check.lastAt;
  }
  const alerts = { firing: 0, critical: 0, acknowledged: 0 };
  for (const { detail, name, amount } of factsOf(facts, place, 'alert')) {
    if (detail === 'acknowledged') alerts.acknowledged += amount;
    else {
      alerts.firing += amount;
      if (name === 'critical') alerts.critical += amount;
    }
  }
  return {
    health: {
      state: worstState(Object.keys(counts) as CheckState[]),
      counts,
      lastAt: lastAt?.toISOString() ?? null,
      overdueSince: overdueSince?.toISOString() ?? null,
    },
    alerts,
  };
}

function factsOf(facts: readonly FactRow[], place: EnvironmentKey, what: FactRow['what']): FactRow[] {
  return facts.filter(
    (fact) => fact.what === what && fact.service === place.service && fact.environment === place.environment,
  );
}
