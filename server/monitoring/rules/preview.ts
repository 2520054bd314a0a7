import type { Measure } from '#server/metrics/contract';
import { readChart } from '#server/metrics/queries/charts';
import type { RuleDefinition, RulePreview } from '#server/monitoring/rules/contract';
import { limitsFrom } from '#server/monitoring/rules/limits';
import { placesOf } from '#server/monitoring/rules/records';
import {
  AT_REST,
  isBreach,
  type Limits,
  type Reading,
  type Standing,
  step,
} from '#server/monitoring/rules/state';
import { ruleWords } from '#server/monitoring/rules/words/contract';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** History is kept by the minute, and charts have so many points at most. */
const STEP_SECONDS = 60;
const STEPS_AT_ONCE = 700;
const FIRINGS_SHOWN = 100;
const EVENTS_MOST = 20_000;

type PlacePreview = RulePreview['places'][number];

/** A moment of the past: what the data said, and whether they said anything. */
interface Past {
  reading: Reading;
  value: number | null;
}

/** Plays a rule over what is stored, with the same state machine as the engine: when would it have fired? */
export async function previewPast(ctx: Ctx, rule: RuleDefinition, days: number): Promise<RulePreview> {
  const stepMs = STEP_SECONDS * 1_000;
  const toMs = Math.floor(ctx.clock.now().getTime() / stepMs) * stepMs;
  const fromMs = toMs - days * 86_400_000;
  const limits = limitsFrom(ctx);
  const places: PlacePreview[] = [];
  for (const place of placesOf(ctx, rule)) {
    const past = await readPast(ctx, rule, place, fromMs, toMs);
    const firings = play(rule, past, limits);
    places.push({
      ...place,
      firings: firings.slice(0, FIRINGS_SHOWN),
      total: firings.length,
      steps: past.length,
      stepsWithData: past.filter(({ value }) => value !== null).length,
    });
  }
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    stepSeconds: STEP_SECONDS,
    words: ruleWords(rule),
    total: places.reduce((sum, each) => sum + each.total, 0),
    places,
    limitation: limitationOf(rule),
  };
}

function limitationOf({ source, forSeconds }: RuleDefinition): string | null {
  if (source.type !== 'metric') return null;
  if (forSeconds >= 2 * STEP_SECONDS && source.windowSeconds >= STEP_SECONDS) return null;
  return 'History is kept by the minute, so what lasted for less may count as a whole minute, or not at all.';
}

/** When the rule would have begun and ceased to fire. */
function play(rule: RuleDefinition, past: readonly Past[], limits: Limits): PlacePreview['firings'] {
  const looked = { ...rule, intervalSeconds: STEP_SECONDS };
  let standing: Standing = AT_REST;
  const firings: PlacePreview['firings'] = [];
  for (const { reading, value } of past) {
    const { standing: next, changes } = step(looked, standing, reading, limits);
    standing = next;
    for (const change of changes) {
      const at = reading.at.toISOString();
      if (change.kind === 'fire')
        firings.push({ breachSince: change.breachSince.toISOString(), firedAt: at, resolvedAt: null, value });
      const last = firings.at(-1);
      if (change.kind === 'resolve' && last) last.resolvedAt = at;
    }
  }
  return firings;
}

function readPast(
  ctx: Ctx,
  rule: RuleDefinition,
  place: EnvironmentKey,
  fromMs: number,
  toMs: number,
): Promise<Past[]> {
  switch (rule.source.type) {
    case 'metric':
      return metricPast(ctx, rule, rule.source.measure, place, fromMs, toMs);
    case 'events':
      return eventPast(ctx, rule, rule.source, place, fromMs, toMs);
    case 'check':
      return checkPast(ctx, rule, rule.source.checkKey, place, fromMs);
  }
}

async function metricPast(
  ctx: Ctx,
  rule: RuleDefinition,
  measure: Measure,
  place: EnvironmentKey,
  fromMs: number,
  toMs: number,
): Promise<Past[]> {
  const values = await chartOver(ctx, measure, place, fromMs, toMs);
  const traffics = await Promise.all(
    (rule.minimumTraffic > 0 ? trafficOf(measure) : []).map((each) =>
      chartOver(ctx, each, place, fromMs, toMs),
    ),
  );
  const past: Past[] = [];
  let since: Date | null = null;
  let traffic = 0;
  for (const [index, { at: startedAt, value }] of values.entries()) {
    const at = new Date(startedAt.getTime() + STEP_SECONDS * 1_000);
    if (value === null) {
      past.push({ reading: { kind: rule.missingData === 'unknown' ? 'silent' : 'missing', at }, value });
      continue;
    }
    const isBad = isBreach(rule, value);
    since = isBad ? (since ?? startedAt) : null;
    const its = traffics.reduce((sum, each) => sum + (each[index]?.value ?? 0), 0);
    traffic = isBad ? traffic + its : its;
    const counted = traffics.length > 0 ? traffic : null;
    past.push({
      reading: { kind: 'value', at, value, traffic: counted, breachedSince: since, isLasting: true },
      value,
    });
  }
  return past;
}

/** What a measure takes its share of; nothing for gauges, which know no traffic. */
function trafficOf(measure: Measure): Measure[] {
  switch (measure.kind) {
    case 'gauge':
      return [];
    case 'ratio':
      return [measure.denominator].flat().map((each) => ({ kind: 'increase', ...each }));
    case 'quantile':
      return [
        { kind: 'increase', metric: `${measure.metric}_bucket`, labels: { ...measure.labels, le: '+Inf' } },
      ];
    default:
      return [{ kind: 'increase', metric: measure.metric, labels: measure.labels }];
  }
}

async function chartOver(
  ctx: Ctx,
  measure: Measure,
  place: EnvironmentKey,
  fromMs: number,
  toMs: number,
): Promise<{ at: Date; value: number | null }[]> {
  const all: { at: Date; value: number | null }[] = [];
  const pieceMs = STEPS_AT_ONCE * STEP_SECONDS * 1_000;
  for (let startMs = fromMs; startMs < toMs; startMs += pieceMs) {
    const endMs = Math.min(startMs + pieceMs, toMs);
    // A piece of an hour or less would be read from samples, in other steps.
    const { points, stepSeconds } = await readChart(ctx, {
      service: place.service,
      environment: place.environment,
      measure,
      from: new Date(startMs).toISOString(),
      to: new Date(endMs).toISOString(),
      points: Math.min(STEPS_AT_ONCE, Math.max(10, Math.ceil((endMs - startMs) / (STEP_SECONDS * 1_000)))),
    });
    if (stepSeconds !== STEP_SECONDS) throw new Error(`A preview was read in steps of ${stepSeconds} s`);
    all.push(...points.map(({ at, value }) => ({ at: new Date(at), value })));
  }
  return all;
}

async function eventPast(
  ctx: Ctx,
  rule: RuleDefinition,
  source: Extract<RuleDefinition['source'], { type: 'events' }>,
  { service, environment }: EnvironmentKey,
  fromMs: number,
  toMs: number,
): Promise<Past[]> {
  const windowMs = source.windowSeconds * 1_000;
  const rows = await ctx.db.securityEvent.findMany({
    where: {
      service,
      environment,
      ...(source.eventKind === 'any' ? {} : { kind: source.eventKind }),
      at: { gt: new Date(fromMs - windowMs), lte: new Date(toMs) },
    },
    orderBy: { at: 'desc' },
    take: EVENTS_MOST,
    select: { at: true },
  });
  const times = rows.map(({ at }) => at.getTime()).reverse();
  // Only then does the number change: when one happens, and when it leaves the window.
  const moments = [...new Set([fromMs, ...times, ...times.map((time) => time + windowMs)])]
    .filter((ms) => ms >= fromMs && ms <= toMs)
    .sort((a, b) => a - b);
  let [first, end] = [0, 0];
  let since: Date | null = null;
  return moments.map((ms) => {
    while ((times[end] ?? Number.POSITIVE_INFINITY) <= ms) end += 1;
    while ((times[first] ?? Number.POSITIVE_INFINITY) <= ms - windowMs) first += 1;
    const value = end - first;
    const at = new Date(ms);
    since = isBreach(rule, value) ? (since ?? at) : null;
    return {
      reading: { kind: 'value', at, value, traffic: null, breachedSince: since, isLasting: true },
      value,
    };
  });
}

interface Row {
  outcome: string;
  began: Date;
  failures: number;
  reached: Date | null;
}

async function checkPast(
  ctx: Ctx,
  rule: RuleDefinition,
  key: string,
  { service, environment }: EnvironmentKey,
  fromMs: number,
): Promise<Past[]> {
  const nth = rule.comparison === '>' ? rule.threshold + 1 : rule.threshold;
  // Rows of equal outcomes, one after the other; what could not run neither adds to one nor ends it.
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT outcome, min(at) AS began, count(*)::int AS failures, (array_agg(at ORDER BY at))[${nth}::int] AS reached
    FROM (
      SELECT at, outcome, count(*) FILTER (WHERE outcome IS DISTINCT FROM before) OVER (ORDER BY at) AS run FROM (
        SELECT r.at, r.outcome, lag(r.outcome) OVER (ORDER BY r.at) AS before
        FROM check_result r JOIN monitor_check c ON c.id = r.check_id
        WHERE c.service = ${service} AND c.environment = ${environment} AND c.key = ${key} AND c.removed_at IS NULL
          AND r.at > ${new Date(fromMs)} AND r.outcome <> 'not_run') AS results) AS runs
    GROUP BY run, outcome ORDER BY began`;
  return rows.map(({ outcome, began, failures, reached }) => {
    const isBad = outcome === 'failed' && reached !== null;
    const value = outcome === 'failed' ? failures : 0;
    const at = isBad ? reached : began;
    const breachedSince = isBad ? began : null;
    return {
      reading: { kind: 'value', at, value: isBad ? nth : 0, traffic: null, breachedSince, isLasting: true },
      value,
    };
  });
}
