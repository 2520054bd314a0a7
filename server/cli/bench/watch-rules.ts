import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { percentile } from '#server/cli/bench/figures';
import { pushMetrics } from '#server/metrics/commands';
import { createRule } from '#server/monitoring/rules/commands';
import type { Ctx } from '#server/platform/context';

const PLACE = { service: 'shop', environment: 'production' };
const ROUTES = 100;
/** Between two batches of samples, as a scrape brings them, ms. */
const PUSH_MS = 1_000;

/** Of ten rules seven look at a metric, two at a check and one at events; none of them fires. */
function ruleOf(at: number, intervalSeconds: number) {
  const common = {
    key: `rule-${at}`,
    title: `Rule ${at}`,
    ...PLACE,
    severity: 'warning',
    channel: 'ALERTS',
    missingData: 'ok',
    intervalSeconds,
  };
  const route = `/route-${at % ROUTES}`;
  const metric = 'bench_requests_total';
  if (at % 10 < 7) {
    const measure = {
      kind: 'ratio',
      numerator: [{ metric, labels: { route, status: '5xx' } }],
      denominator: [{ metric, labels: { route } }],
    };
    const source = { type: 'metric', measure, windowSeconds: 30 + (at % 30) };
    return { ...common, source, comparison: '>', threshold: 50, forSeconds: 60 };
  }
  const source =
    at % 10 < 9
      ? { type: 'check', checkKey: `check-${at}` }
      : { type: 'events', eventKind: 'any', windowSeconds: 600 };
  return { ...common, source, comparison: '>=', threshold: 3, forSeconds: 0 };
}

/** Makes rules as people make them. */
export async function makeRules(ctx: Ctx, count: number, intervalSeconds: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await createRule(ctx, ruleOf(at, intervalSeconds));
}

/** Sends the samples that the rules look at until it is told to stop. */
export async function feedSamples(ctx: Ctx, signal: AbortSignal): Promise<void> {
  let answered = 0;
  while (!signal.aborted) {
    answered += 10;
    const samples = Array.from({ length: ROUTES }, (_, route) =>
      ['2xx', '5xx'].map((status) => ({
        name: 'bench_requests_total',
        kind: 'counter',
        labels: { route: `/route-${route}`, status },
        value: status === '2xx' ? answered : Math.floor(answered / 100),
      })),
    ).flat();
    await pushMetrics(ctx, { ...PLACE, samples });
    await delay(PUSH_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Keeps the time of every look at a rule: the console keeps only the last. */
export async function recordLooks(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE TABLE bench_look (id uuid, at timestamptz);
    GRANT INSERT ON bench_look TO ops_app;
    CREATE FUNCTION bench_looked() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO bench_look VALUES (new.id, clock_timestamp()); RETURN NULL; END $$;
    CREATE TRIGGER bench_looked AFTER UPDATE OF evaluated_at ON rule_state FOR EACH ROW EXECUTE FUNCTION bench_looked();`);
}

export interface Looks {
  rules: number;
  looks: number;
  /** Less than half an interval after the one before. */
  doubledLooks: number;
  /** Later than an interval and a lease after the one before. */
  missedLooks: number;
  /** Between two looks at a rule, ms. */
  worstGapMs: number;
  firing: number;
}

/** What became of the looks at the rules of {@link makeRules} since a moment. */
export async function readLooks(
  client: pg.Client,
  since: Date,
  { intervalMs, leaseMs }: { intervalMs: number; leaseMs: number },
): Promise<Looks> {
  const { rows } = await client.query<{ looks: number[] | null; state: string; data: boolean }>(
    `SELECT s.state, s.last_value IS NOT NULL OR r.source->>'type' <> 'metric' AS data,
       (SELECT array_agg(extract(epoch FROM l.at)::float8 * 1000 ORDER BY l.at) FROM bench_look l
        WHERE l.id = s.id AND l.at >= $1) AS looks
     FROM rule_state s JOIN alert_rule r ON r.id = s.rule_id WHERE r.key LIKE 'rule-%'`,
    [since],
  );
  const seen = rows.filter((row) => row.data && row.looks !== null && row.looks.length > 1);
  const gaps = seen.flatMap(({ looks }) =>
    (looks ?? []).slice(1).map((at, index) => at - ((looks ?? [])[index] as number)),
  );
  return {
    rules: seen.length,
    looks: rows.reduce((sum, { looks }) => sum + (looks?.length ?? 0), 0),
    doubledLooks: gaps.filter((gap) => gap < intervalMs / 2).length,
    missedLooks: gaps.filter((gap) => gap > intervalMs + leaseMs + 1_000).length,
    worstGapMs: Math.round(percentile(gaps, 1)),
    firing: rows.filter(({ state }) => state === 'firing').length,
  };
}
