import type { AlertSummary } from '#server/monitoring/alerts/contract';
import { listAlerts } from '#server/monitoring/alerts/queries';
import type { RuleDefinition } from '#server/monitoring/rules/contract';
import { ruleDefinition } from '#server/monitoring/rules/contract';
import { evaluateDueRules } from '#server/monitoring/rules/engine';
import { settleRules } from '#server/monitoring/rules/settle';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { FakeClock } from '#server/testing/fake-clock';
import { METRICS_CONFIG, putSamples } from '#server/testing/metrics';

const SECOND = 1_000;

/** Two engines on one database, with a clock that stands still, and rules over counters that a test writes. */
export interface RuleHarness {
  app: TestApp;
  other: TestApp;
  clock: FakeClock;
  responder: Ctx;
  commander: Ctx;
  /** No rule is on, and nothing that was told is recent; the clock shows a whole second near now. */
  reset(): Promise<void>;
  /** A rule over a counter of its own: more than 5 % of requests fail for 20 s. */
  addRule(change?: Partial<RuleDefinition>): Promise<{ id: string; key: string; metric: string }>;
  /** Ten requests a second from now on, of which three fail in the stretches given in seconds. */
  visit(metric: string, seconds: number, bad: readonly (readonly [number, number])[]): Promise<void>;
  /** Looks at every rule, by both engines at once, at a second after the start. */
  look(startedAt: Date, second: number): Promise<void>;
  alertsOf(key: string): Promise<AlertSummary[]>;
  close(): Promise<void>;
}

export async function createRuleHarness(settings: Record<string, string> = {}): Promise<RuleHarness> {
  const clock = new FakeClock();
  const env = {
    RULE_LEASE_MS: '5000',
    ALERT_GROUP_SECONDS: '0.3',
    RULE_UNKNOWN_SECONDS: '20',
    ALERT_FLAP_TURNS: '4',
    ...settings,
  };
  const app = await createTestApp({ config: METRICS_CONFIG, clock, env });
  const other = await createTestApp({ config: METRICS_CONFIG, clock, env, database: app.testDatabase });
  const [responder, commander] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
  let counter = 0;
  return {
    app,
    other,
    clock,
    responder,
    commander,
    reset: async () => {
      await app.system.db.$executeRaw`UPDATE alert_rule SET enabled = false`;
      await settleRules(app.system);
      await app.system.db.$executeRaw`UPDATE alert SET noticed_at = noticed_at - interval '1 hour'`;
      clock.set(new Date(Math.floor(Date.now() / SECOND) * SECOND));
    },
    addRule: async (change = {}) => {
      counter += 1;
      const metric = `requests_${counter}_total`;
      const key = `rule-${counter}`;
      const failed = { metric, labels: { status: '5xx' } };
      const measure = { kind: 'ratio', numerator: failed, denominator: { metric } };
      const rule = ruleDefinition.parse({
        title: `Errors of ${counter}`,
        source: { type: 'metric', windowSeconds: 10, measure },
        comparison: '>',
        threshold: 5,
        forSeconds: 20,
        minimumTraffic: 20,
        severity: 'critical',
        channel: 'CRITICAL',
        mentions: ['tech-lead'],
        intervalSeconds: 1,
        ...change,
      });
      const id = app.ids.uuid();
      await app.system.db.alertRule.create({ data: { ...rule, id, key, updatedByName: 'Test' } as never });
      await settleRules(app.system);
      return { id, key, metric };
    },
    visit: async (metric, seconds, bad) => {
      const startMs = clock.now().getTime();
      let [good, failed] = [0, 0];
      const samples: { good: [number, number][]; failed: [number, number][] } = { good: [], failed: [] };
      for (let second = 0; second <= seconds; second += 1) {
        if (second > 0) {
          const isBad = bad.some(([from, to]) => second > from && second <= to);
          failed += isBad ? 3 : 0;
          good += isBad ? 7 : 10;
        }
        samples.good.push([startMs + second * SECOND, good]);
        samples.failed.push([startMs + second * SECOND, failed]);
      }
      await putSamples(app.system, [
        { name: metric, kind: 'counter', labels: { status: '2xx' }, samples: samples.good },
        { name: metric, kind: 'counter', labels: { status: '5xx' }, samples: samples.failed },
      ]);
    },
    look: async (startedAt, second) => {
      clock.set(new Date(startedAt.getTime() + second * SECOND));
      // Kept to the millisecond, now itself may be later than now.
      await app.system.db.$executeRaw`
        UPDATE rule_state SET next_at = clock_timestamp() - interval '1 millisecond', lease_until = NULL`;
      await Promise.all([app, other].map((engine) => evaluateDueRules(engine, clock.now())));
    },
    alertsOf: async (key) => (await listAlerts(responder, { rule: key })).rows,
    close: async () => {
      await other.close();
      await app.close();
    },
  };
}

/** An alert of the health rule that fires in the shop's production, and of which nobody was told. @returns its id */
export async function addAlert(ctx: Ctx): Promise<string> {
  const id = ctx.ids.uuid();
  await ctx.db.$executeRaw`
    INSERT INTO alert (id, dedup_key, rule_id, rule_key, service, environment, title, cause, severity, channel, rule,
      explanation, breach_since, notice)
    SELECT ${id}::uuid, ${id}, id, key, 'shop', 'production', title, 'breach', severity, channel,
      to_jsonb(alert_rule) || '{"words":"","forSeconds":0,"minimumTraffic":0,"dryRun":false,"resolveThreshold":null}',
      'Errors', now(), 'none' FROM alert_rule WHERE key = 'health-critical'`;
  return id;
}
