import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushMetrics } from '#server/metrics/commands';
import { keepMetricPartitions } from '#server/metrics/partitions';
import { listMetrics } from '#server/metrics/queries/catalog';
import type { Ctx } from '#server/platform/context';
import { hasPostgresCode } from '#server/platform/database-errors';
import { createTestApp, type TestApp } from '#server/testing/context';
import { METRICS_CONFIG } from '#server/testing/metrics';

const PLACE = { service: 'shop', environment: 'production' };

let app: TestApp;
let responder: Ctx;

beforeAll(async () => {
  app = await createTestApp({ config: METRICS_CONFIG, env: { METRICS_MAX_SERIES: '30' } });
  responder = await app.asRole('responder');
});
afterAll(() => app.close());

async function stored(name: string): Promise<{ at: Date; value: number; labels: unknown }[]> {
  return app.system.db.$queryRaw`
    SELECT at, value, labels FROM metric_sample JOIN metric_series ON id = series_id WHERE name = ${name} ORDER BY at, labels::text`;
}

describe('samples that are sent', () => {
  it('are kept once, whatever else is wrong in their batch', async () => {
    const at = Date.now() - 5_000;
    const good = { name: 'orders_total', kind: 'counter', value: 3, at, labels: { b: '2', a: '1' } };
    const samples = [
      good,
      { ...good, labels: { a: '1', b: '2' }, value: 9 },
      { ...good, value: Number.NaN },
      { ...good, at: Date.now() + 120_000 },
      { ...good, kind: 'gauge', at: at + 1 },
      'nonsense',
      { ...good, labels: { a: 'x\0' } },
      { ...good, at: at + 2 },
    ];
    const result = await pushMetrics(responder, { ...PLACE, samples });
    expect(result).toMatchObject({ accepted: 2, duplicates: 1 });
    expect(result.rejected.map(({ index }) => index)).toEqual([2, 3, 4, 5, 6]);
    expect(result.rejected[2]?.error).toContain('orders_total is a counter here');
    // The first of two with one time stays; labels have no order.
    expect(await stored('orders_total')).toEqual([
      { at: new Date(at), value: 3, labels: { a: '1', b: '2' } },
      { at: new Date(at + 2), value: 3, labels: { a: '1', b: '2' } },
    ]);
    expect(await pushMetrics(responder, { ...PLACE, samples: [good] })).toEqual({
      accepted: 0,
      duplicates: 1,
      rejected: [],
    });
  });

  it('of an unknown environment, by strangers, or too many at once change nothing', async () => {
    const samples = [{ name: 'lost', kind: 'gauge', value: 1 }];
    await expect(
      pushMetrics(responder, { service: 'shop', environment: 'nowhere', samples }),
    ).rejects.toMatchObject({ kind: 'not_found' });
    await expect(pushMetrics(await app.asRole('viewer'), { ...PLACE, samples })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    const many = Array.from({ length: 5_001 }, () => samples[0]);
    await expect(pushMetrics(responder, { ...PLACE, samples: many })).rejects.toMatchObject({
      kind: 'invalid_input',
    });
    expect(await stored('lost')).toEqual([]);
  });

  it('keep one kind a name and one series a set of labels when many are sent at once', async () => {
    const kinds = ['gauge', 'counter', 'gauge', 'counter'];
    const results = await Promise.all(
      kinds.map((kind, n) =>
        pushMetrics(responder, {
          ...PLACE,
          samples: [{ name: 'raced', kind, value: 1, at: Date.now() - n }],
        }),
      ),
    );
    const rows = await app.system.db.$queryRaw<
      { kind: string }[]
    >`SELECT kind FROM metric_series WHERE name = 'raced'`;
    expect(rows).toHaveLength(1);
    expect(results.map((each) => each.accepted)).toEqual(
      kinds.map((kind) => (kind === rows[0]?.kind ? 1 : 0)),
    );
  });

  it('make no more series than are allowed, and those that are there go on', async () => {
    const samples = Array.from({ length: 40 }, (_, n) => ({
      name: 'many',
      kind: 'gauge',
      value: n,
      labels: { n: String(n) },
    }));
    const result = await pushMetrics(responder, { ...PLACE, samples });
    expect(result.accepted).toBeGreaterThan(0);
    expect(result.accepted + result.rejected.length).toBe(40);
    expect(result.rejected.at(-1)?.error).toContain('30 series');
    const [{ count = 0 } = {}] = await app.system.db.$queryRaw<
      { count: number }[]
    >`SELECT count(*)::int AS count FROM metric_series`;
    expect(count).toBe(30);
    expect(
      await pushMetrics(responder, { ...PLACE, samples: [{ ...samples[0], at: Date.now() - 50 }] }),
    ).toMatchObject({ accepted: 1 });
  });

  it('are listed by metric with their labels', async () => {
    const metrics = await listMetrics(await app.asRole('viewer'), PLACE);
    expect(metrics.find((each) => each.name === 'orders_total')).toEqual({
      name: 'orders_total',
      kind: 'counter',
      series: 1,
      labels: [
        { name: 'a', values: ['1'] },
        { name: 'b', values: ['2'] },
      ],
    });
  });
});

describe('partitions', () => {
  const names = async (): Promise<string[]> =>
    (
      await app.system.db.$queryRaw<{ name: string }[]>`
      SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'metric_sample'::regclass ORDER BY 1`
    ).map((row) => row.name);
  const dayName = (offset: number) =>
    `metric_sample_${new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')}`;

  it('are there for every time that is taken, and those that are too old go', async () => {
    await app.system.db
      .$queryRaw`SELECT make_partitions(ARRAY['metric_sample'], now() - interval '20 days', now())`;
    const old = Date.now() - 6.9 * 86_400_000;
    expect(
      await pushMetrics(responder, {
        ...PLACE,
        samples: [
          { name: 'raced', kind: 'gauge', value: 1, at: old },
          { name: 'raced', kind: 'counter', value: 1, at: old },
        ],
      }),
    ).toMatchObject({ accepted: 1 });
    const dropped = await keepMetricPartitions(app.system);
    expect(dropped).toContain(dayName(-20));
    const kept = await names();
    expect(kept).toEqual(expect.arrayContaining([dayName(-7), dayName(0), dayName(3)]));
    expect(kept).not.toContain(dayName(-9));
  });

  it.each([
    ["SELECT drop_partitions('metric_sample', now())", '22023'],
    ["SELECT drop_partitions('audit_entry', now() - interval '9 days')", '22023'],
    ["SELECT make_partitions(ARRAY['metric_sample'], now(), now() + interval '900 days')", '22023'],
    ["SELECT make_partitions(ARRAY['audit_entry'], now(), now())", '22023'],
    ['DELETE FROM metric_sample', '42501'],
    ['CREATE TABLE metric_sample_x PARTITION OF metric_sample DEFAULT', '42501'],
  ])('are not to be misused by who serves: %s', async (statement, code) => {
    const error = await app.system.db.$executeRawUnsafe(statement).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(hasPostgresCode(error, code), String(error)).toBe(true);
  });
});
