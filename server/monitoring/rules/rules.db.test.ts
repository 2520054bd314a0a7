import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollUp } from '#server/metrics/rollups';
import { createRule, switchRule, updateRule } from '#server/monitoring/rules/commands';
import { getRule, listRules, previewRule, testRule } from '#server/monitoring/rules/queries';
import { settleRules } from '#server/monitoring/rules/settle';
import { storeSecurityEvents } from '#server/monitoring/security-events/store';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG, putSamples } from '#server/testing/metrics';

const PLACE = { service: 'shop', environment: 'production' };
const MINUTE = 60_000;

let app: TestApp;
let commander: Ctx;
let viewer: Ctx;

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG });
  [commander, viewer] = await Promise.all([app.asRole('commander'), app.asRole('viewer')]);
});
afterAll(() => app.close());

const measure = {
  kind: 'ratio',
  numerator: { metric: 'visits_total', labels: { status: '5xx' } },
  denominator: { metric: 'visits_total' },
};
const RULE = {
  key: 'too-many-errors',
  title: 'Too many errors',
  source: { type: 'metric', measure, windowSeconds: 60 },
  comparison: '>',
  threshold: 5,
  forSeconds: 120,
  minimumTraffic: 20,
  severity: 'warning',
  channel: 'ALERTS',
  mentions: '@devops, tech-lead',
};

describe('rules', () => {
  it('are made, changed by the version that was looked at, and switched', async () => {
    const made = await createRule(commander, RULE);
    expect(made).toMatchObject({
      version: 1,
      mentions: ['devops', 'tech-lead'],
      action: 'none',
      missingData: 'unknown',
    });
    expect(made.standings).toMatchObject([{ ...PLACE, state: 'no_data' }]);
    await expect(createRule(commander, RULE)).rejects.toMatchObject({ kind: 'conflict' });
    const changed = await updateRule(commander, { ...RULE, version: 1, threshold: '7' });
    expect(changed).toMatchObject({ version: 2, threshold: 7 });
    await expect(updateRule(commander, { ...RULE, version: 1, threshold: 9 })).rejects.toMatchObject({
      kind: 'conflict',
    });
    await switchRule(commander, { key: RULE.key, enabled: false, reason: 'A false alarm every night' });
    expect(await getRule(viewer, { key: RULE.key })).toMatchObject({
      enabled: false,
      threshold: 7,
      standings: [],
    });
    await switchRule(commander, { key: RULE.key, enabled: 'true', dryRun: 'true' });
    expect(await getRule(viewer, { key: RULE.key })).toMatchObject({ enabled: true, dryRun: true });
    expect((await listRules(viewer, { search: 'too many' })).rows).toHaveLength(1);
    await expect(createRule(viewer, { ...RULE, key: 'other' })).rejects.toMatchObject({ kind: 'forbidden' });
    const audit = await app.system.db.auditEntry.findMany({
      where: { targetType: 'rule' },
      orderBy: { id: 'asc' },
    });
    expect(audit.map(({ action, reason }) => [action, reason])).toEqual([
      ['rules.create', null],
      ['rules.update', null],
      ['rules.switch', 'A false alarm every night'],
      ['rules.switch', null],
    ]);
  });

  it('are not forgotten again by who looked for those that are gone when they were made', async () => {
    const key = 'made-meanwhile';
    let settled: Promise<void> | undefined;
    await app.system.transaction(async (tx) => {
      await createRule(tx.as(commander.actor), { ...RULE, key });
      settled = settleRules(app.system);
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    await settled;
    expect((await getRule(viewer, { key })).standings).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['a share of more than all', { threshold: 120 }, 'threshold'],
    ['no limit', { threshold: '' }, 'threshold'],
    ['no time', { forSeconds: null }, 'forSeconds'],
    ['an end on the wrong side', { resolveThreshold: 6 }, 'resolveThreshold'],
    [
      'a window longer than the time',
      { source: { type: 'metric', measure, windowSeconds: 300 } },
      'source.windowSeconds',
    ],
    ['a rollback after one request', { action: 'rollback', minimumTraffic: 0 }, 'minimumTraffic'],
    ['a rollback at once', { action: 'rollback', forSeconds: 0 }, 'forSeconds'],
    ['a rollback for want of data', { action: 'rollback', missingData: 'breach' }, 'missingData'],
    ['an environment without its service', { environment: 'production' }, 'service'],
    ['a place that is not there', { service: 'nowhere' }, 'service'],
    [
      'half a failure',
      { source: { type: 'check', checkKey: 'health' }, comparison: '>=', threshold: 1.5, minimumTraffic: 0 },
      'threshold',
    ],
    [
      'more events than are counted',
      {
        source: { type: 'events', eventKind: 'any', windowSeconds: 600 },
        threshold: 3_000_000_000,
        minimumTraffic: 0,
      },
      'threshold',
    ],
    [
      'a name that no metric has',
      { source: { type: 'metric', windowSeconds: 60, measure: { kind: 'rate', metric: '5%' } } },
      'source.measure.metric',
    ],
    ['a key with spaces', { key: 'Too many' }, 'key'],
  ])('refuse %s, and say which field', async (_name, change, field) => {
    const count = await app.system.db.alertRule.count();
    const refused = await createRule(commander, { ...RULE, key: 'nonsense', ...change }).catch(
      (error: unknown) => error,
    );
    expect(Object.keys((refused as { fields: object }).fields)).toContain(field);
    expect(await app.system.db.alertRule.count()).toBe(count);
  });
});

describe('the preview', () => {
  it('finds what would have fired in stored history, with the same times', async () => {
    const nowMs = Math.floor(Date.now() / MINUTE) * MINUTE;
    const startMs = nowMs - 300 * MINUTE;
    // Three minutes bad, one minute bad, five minutes bad.
    const bad = [
      [50, 53],
      [100, 101],
      [200, 205],
    ];
    let [good, failed] = [0, 0];
    const samples: { good: [number, number][]; failed: [number, number][] } = { good: [], failed: [] };
    for (let minute = 0; minute < 300; minute += 1) {
      const isBad = bad.some(([from = 0, to = 0]) => minute >= from && minute < to);
      good += 50;
      failed += isBad ? 20 : 0;
      samples.good.push([startMs + minute * MINUTE + 30_000, good]);
      samples.failed.push([startMs + minute * MINUTE + 30_000, failed]);
    }
    await putSamples(app.system, [
      { name: 'visits_total', kind: 'counter', labels: { status: '2xx' }, samples: samples.good },
      { name: 'visits_total', kind: 'counter', labels: { status: '5xx' }, samples: samples.failed },
    ]);
    while ((await rollUp(app.system)) > 0);
    const { key: _key, ...rule } = RULE;
    const preview = await previewRule(viewer, { ...rule, days: 1 });
    expect(preview.total).toBe(2);
    const time = (minute: number) => new Date(startMs + minute * MINUTE).toISOString();
    expect(
      preview.places[0]?.firings.map(({ breachSince, firedAt, resolvedAt }) => ({
        breachSince,
        firedAt,
        resolvedAt,
      })),
    ).toEqual([
      { breachSince: time(50), firedAt: time(52), resolvedAt: time(54) },
      { breachSince: time(200), firedAt: time(202), resolvedAt: time(206) },
    ]);
    expect(preview.places[0]?.stepsWithData).toBe(299);
    expect((await previewRule(viewer, { ...rule, days: 1, minimumTraffic: 1_000 })).total).toBe(0);
  });

  it('counts hostile requests as they came', async () => {
    const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000);
    const event = {
      ...PLACE,
      kind: 'sql_injection' as const,
      source: 'test',
      sourceIp: null,
      method: null,
      path: null,
      evidence: null,
    };
    await storeSecurityEvents(
      app.system,
      [7_200, 7_190, 7_180, 3_600].map((ago, index) => ({ ...event, at: at(ago), dedupKey: `p${index}` })),
    );
    const { key: _key, ...rule } = RULE;
    const source = { type: 'events', eventKind: 'any', windowSeconds: 600 };
    const preview = await previewRule(viewer, {
      ...rule,
      source,
      comparison: '>=',
      threshold: 3,
      forSeconds: 0,
      minimumTraffic: 0,
      days: 1,
    });
    expect(preview.places[0]?.firings).toMatchObject([{ value: 3 }]);
    const seconds = (preview.places[0]?.firings ?? []).map(({ firedAt }) =>
      Math.round((Date.now() - Date.parse(firedAt)) / 1_000),
    );
    expect(Math.abs((seconds[0] ?? 0) - 7_180)).toBeLessThan(30);
  });

  it('of a rule that is there comes with what it sees now', async () => {
    const tested = await testRule(viewer, { key: 'health-critical', days: 1 });
    expect(tested.now).toEqual([
      { ...PLACE, value: null, traffic: null, breaches: false, note: 'Nothing is measured.' },
    ]);
    await expect(testRule(viewer, { key: 'nothing' })).rejects.toMatchObject({ kind: 'not_found' });
  });
});
