import { readChart } from '#server/metrics/queries/charts';
import type { AlertChart } from '#server/monitoring/alerts/contract';
import { explainBreach, explainMissing } from '#server/monitoring/alerts/explain';
import { dedupKeyOf, markFlapping, openAlert, resolveOpenAlert } from '#server/monitoring/alerts/records';
import { limitsFrom } from '#server/monitoring/rules/limits';
import { readSubjects, type Seen } from '#server/monitoring/rules/readings';
import { type Rule, toRule, toStanding } from '#server/monitoring/rules/records';
import { type Change, nextLookMs, type Standing, step } from '#server/monitoring/rules/state';
import { durationWords, valueWords } from '#server/monitoring/rules/words/contract';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import { messageOf } from '#server/platform/errors';
import { claimDueTasks, type LeasedTask } from '#server/platform/leased-tasks';
import { type PollLoop, startPollLoop } from '#server/platform/poll-loop';
import type { EnvironmentKey } from '#server/services/contract';

const TABLE = 'rule_state';
/** Rules that are looked at together. */
const BATCH = 500;
/** Who fires and resolves, in histories. */
const ACTOR = 'Rules';
/** Points of the chart that an alert keeps. */
const CHART_POINTS = 120;
const CHART_SECONDS_MIN = 300;

interface Due extends EnvironmentKey {
  task: LeasedTask;
  rule: Rule;
  standing: Standing;
}

interface Judgement extends Due {
  seen: Seen;
  next: Standing;
  changes: Change[];
  nextMs: number;
}

/** Looks at rules when they are due until it is stopped; several workers share them, and each firing is one alert. */
export function startRuleLoop(app: App, onError: (error: unknown) => void): PollLoop {
  return startPollLoop(
    app.env.RULE_POLL_MS,
    async () => {
      while ((await evaluateDueRules(app)) === BATCH) {
        // There are more.
      }
    },
    onError,
  );
}

/**
 * One batch of due rules.
 * @param now the moment that is judged; the database's when absent, whose clock dates switches and failures as well
 * @returns how many were looked at
 */
export async function evaluateDueRules(app: App, now?: Date): Promise<number> {
  const ctx = app.for(systemActor(ACTOR));
  const tasks = await claimDueTasks(ctx, TABLE, { limit: BATCH, leaseMs: app.env.RULE_LEASE_MS });
  const [first] = tasks;
  if (!first) return 0;
  const due = await loadDue(ctx, tasks);
  const limits = limitsFrom(ctx);
  const judged = (await readAll(ctx, due, now ?? first.claimedAt)).map(({ its, ...each }): Judgement => {
    const { standing: next, changes } = step(each.rule, each.standing, its.reading, limits);
    return { ...each, seen: its, next, changes, nextMs: nextLookMs(each.rule, next, its.reading.at) };
  });
  await writeStandings(
    ctx,
    judged.filter(({ changes }) => changes.length === 0),
  );
  for (const each of judged.filter(({ changes }) => changes.length > 0)) await carryOut(ctx, each);
  return tasks.length;
}

async function loadDue(ctx: Ctx, tasks: readonly LeasedTask[]): Promise<Due[]> {
  const rows = await ctx.db.ruleState.findMany({
    where: { id: { in: tasks.map(({ id }) => id) } },
    include: { rule: true },
  });
  return rows.flatMap((row) => {
    const task = tasks.find(({ id }) => id === row.id) as LeasedTask;
    const { service, environment } = row;
    try {
      return [{ task, service, environment, rule: toRule(row.rule), standing: toStanding(row) }];
    } catch (error) {
      ctx.log.error({ reason: messageOf(error), rule: row.rule.key }, 'rule cannot be read');
      return [];
    }
  });
}

/** Reads what the rules look at together, and one by one when that fails: what cannot be read stops no other rule. */
async function readAll(ctx: Ctx, due: readonly Due[], at: Date): Promise<(Due & { its: Seen })[]> {
  const read = async (some: readonly Due[]) => {
    const seen = await readSubjects(ctx, some, at);
    return some.map((each, index) => ({ ...each, its: seen[index] as Seen }));
  };
  try {
    return await read(due);
  } catch (error) {
    ctx.log.error(
      { err: error, rules: due.length },
      'rules cannot be read together, reading them one by one',
    );
  }
  const found: (Due & { its: Seen })[] = [];
  const startedMs = performance.now();
  for (const each of due) {
    // Without a lease nothing is written; the rest is taken up again.
    if (performance.now() - startedMs > ctx.env.RULE_LEASE_MS) break;
    try {
      found.push(...(await read([each])));
    } catch (error) {
      const { rule, service, environment } = each;
      ctx.log.error(
        { reason: messageOf(error), rule: rule.key, service, environment },
        'rule cannot be read',
      );
    }
  }
  return found;
}

/**
 * Writes how rules stand and gives them back, as far as their leases are still held. One statement.
 * @returns how many were written
 */
async function writeStandings(ctx: Ctx, judged: readonly Judgement[]): Promise<number> {
  if (judged.length === 0) return 0;
  const rows = judged.map(({ task, next, seen, nextMs }) => ({
    id: task.id,
    token: task.leaseToken,
    state: next.state,
    breach_since: next.breachSince,
    missing_since: next.missingSince,
    is_unknown: next.isUnknown,
    clear_since: next.clearSince,
    is_flapping: next.isFlapping,
    turns: next.turns,
    counts_from: next.countsFrom,
    last_value: seen.value,
    last_traffic: seen.traffic,
    data_at: next.dataAt,
    evaluated_at: seen.reading.at,
    next_ms: nextMs,
  }));
  // Beats that were missed are not made up for; a look that comes sooner than the beat does not move it.
  return ctx.db.$executeRaw`
    UPDATE rule_state s SET lease_until = NULL, lease_token = NULL, state = w.state, breach_since = w.breach_since,
      missing_since = w.missing_since, is_unknown = w.is_unknown, clear_since = w.clear_since,
      is_flapping = w.is_flapping, turns = w.turns, counts_from = w.counts_from, last_value = w.last_value,
      last_traffic = w.last_traffic, data_at = w.data_at, evaluated_at = w.evaluated_at,
      next_at = CASE WHEN s.next_at + w.next_ms * interval '1 millisecond' > clock_timestamp()
        THEN s.next_at + w.next_ms * interval '1 millisecond'
        ELSE clock_timestamp() + w.next_ms * interval '1 millisecond' END
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS w(id uuid, token uuid, state text, breach_since timestamptz,
      missing_since timestamptz, is_unknown boolean, clear_since timestamptz, is_flapping boolean, turns timestamptz[],
      counts_from timestamptz, last_value float8, last_traffic float8, data_at timestamptz, evaluated_at timestamptz,
      next_ms float8)
    WHERE s.id = w.id AND s.lease_token = w.token AND s.lease_until > clock_timestamp()`;
}

/** What has changed becomes alerts, in one transaction with how the rule stands; nothing when the lease was lost. */
async function carryOut(ctx: Ctx, judgement: Judgement): Promise<void> {
  const { rule, task, service, environment } = judgement;
  try {
    const chart = await chartOf(ctx, judgement);
    await ctx.transaction(async (tx) => {
      if ((await writeStandings(tx, [judgement])) === 0) return;
      for (const change of judgement.changes) await apply(tx, judgement, change, chart);
    });
  } catch (error) {
    ctx.log.error({ err: error, rule: rule.key, service, environment }, 'alert not written, trying again');
    // Given back, so that the next look is soon.
    await ctx.db.$executeRaw`
      UPDATE rule_state SET lease_until = NULL, lease_token = NULL
      WHERE id = ${task.id}::uuid AND lease_token = ${task.leaseToken}::uuid`;
  }
}

async function apply(tx: Ctx, judgement: Judgement, change: Change, chart: AlertChart | null): Promise<void> {
  const { rule, service, environment, seen } = judgement;
  const place = { service, environment };
  const key = (cause: 'breach' | 'no_data') => dedupKeyOf(rule.id, place, cause);
  const { at } = seen.reading;
  const { value, traffic } = seen;
  const common = { ...place, rule, value, traffic };
  switch (change.kind) {
    case 'fire': {
      const { breachSince } = change;
      const explanation = explainBreach(rule, seen, breachSince, at);
      await openAlert(tx, { ...common, cause: 'breach', breachSince, explanation, chart });
      return;
    }
    case 'unknown': {
      const explanation = explainMissing(rule, change.since);
      await openAlert(tx, { ...common, cause: 'no_data', breachSince: change.since, explanation, chart });
      return;
    }
    case 'resolve': {
      const now = value === null ? '' : ` It is ${valueWords(value, rule.source)} now.`;
      await resolveOpenAlert(tx, key('breach'), { byName: ACTOR, reason: `It is well again.${now}` });
      return;
    }
    case 'known':
      await resolveOpenAlert(tx, key('no_data'), { byName: ACTOR, reason: 'It is measured again.' });
      return;
    case 'flap': {
      const window = durationWords(Math.round(tx.env.ALERT_FLAP_SECONDS));
      const text = `It goes on and off: ${tx.env.ALERT_FLAP_TURNS} turns within ${window}. It stays open, and nothing more is told, until it has been well for ${window}.`;
      await markFlapping(tx, key('breach'), text);
    }
  }
}

/** The measure around the moment, for the alert to keep. An alert without a chart is better than none. */
async function chartOf(ctx: Ctx, { rule, seen, changes, ...place }: Judgement): Promise<AlertChart | null> {
  const opening = changes.find((change) => change.kind === 'fire' || change.kind === 'unknown');
  if (!opening || rule.source.type !== 'metric') return null;
  const sinceMs = (opening.kind === 'fire' ? opening.breachSince : opening.since).getTime();
  const toMs = seen.reading.at.getTime();
  const fromMs = Math.min(sinceMs - CHART_SECONDS_MIN * 1_000, toMs - CHART_SECONDS_MIN * 1_000);
  try {
    const { stepSeconds, points } = await readChart(ctx, {
      service: place.service,
      environment: place.environment,
      measure: rule.source.measure,
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      points: CHART_POINTS,
    });
    return { stepSeconds, points };
  } catch (error) {
    ctx.log.warn({ reason: messageOf(error), rule: rule.key }, 'no chart for an alert');
    return null;
  }
}
