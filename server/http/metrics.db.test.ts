import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExposition } from '#server/metrics/exposition';
import { type ApiAnswer, callApi, expectProblem } from '#server/testing/api-client';
import type { TestApp } from '#server/testing/context';
import { addPerson, addToken } from '#server/testing/people';
import { createWebTestApp, startTestWebServer, type TestWebServer } from '#server/testing/web-server';

const PLACE = { service: 'shop', environment: 'production' };
const PATH = '/api/v1/metrics';

let app: TestApp;
let web: TestWebServer;
let pusher: string;
let reader: string;

beforeAll(async () => {
  app = await createWebTestApp();
  web = await startTestWebServer(app);
  const { ctx } = await addPerson(app, 'responder');
  pusher = (await addToken(ctx, ['metrics.push'])).secret;
  reader = (await addToken(ctx, ['metrics.read'])).secret;
});
afterAll(async () => {
  await web.close();
  await app.close();
});

const push = (samples: unknown, token: string | null = pusher): Promise<ApiAnswer> =>
  callApi(web, 'POST', PATH, { token, body: { ...PLACE, samples } });

async function countSamples(): Promise<number> {
  const [row] = await app.system.db.$queryRaw<
    { count: number }[]
  >`SELECT count(*)::int AS count FROM metric_sample`;
  return row?.count ?? -1;
}

describe('samples over HTTP', () => {
  const good = { name: 'orders_total', kind: 'counter', value: 1, labels: { shop: 'one' } };

  it('are kept, and each faulty one is told with its place and reason', async () => {
    const answer = await push([good, { ...good, value: 'NaN' }, { ...good, at: Date.now() + 3_600_000 }, {}]);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [
        { index: 1, error: expect.stringContaining('NaN') },
        { index: 2, error: expect.stringContaining('in the future') },
        { index: 3, error: expect.stringContaining('name') },
      ],
    });
  });

  it('with a number that JSON does not have, too many of them, too many bytes, or a wrong token change nothing', async () => {
    const before = await countSamples();
    const raw = `{"service":"shop","environment":"production","samples":[{"name":"a","kind":"gauge","value":NaN}]}`;
    const headers = { 'Content-Type': 'application/json' };
    expectProblem(await callApi(web, 'POST', PATH, { token: pusher, raw, headers }), 400, 'invalid_input');
    expectProblem(await push(Array.from({ length: 5_001 }, () => good)), 400, 'invalid_input');
    expectProblem(await push([{ ...good, labels: { a: 'x'.repeat(1_000_001) } }]), 413, 'too_large');
    expectProblem(await push([good], 'ops_wrong'), 401, 'unauthenticated');
    expectProblem(await push([good], null), 401, 'unauthenticated');
    expectProblem(await push([good], reader), 403, 'forbidden');
    expect(await countSamples()).toBe(before);
  });

  it('are read back as metrics and as a chart', async () => {
    const get = (path: string) =>
      callApi(web, 'GET', `/api/v1/environments/shop/production/${path}`, { token: reader });
    expect((await get('metrics')).body).toMatchObject({ rows: [{ name: 'orders_total', series: 1 }] });
    const measure = encodeURIComponent(
      JSON.stringify({ kind: 'gauge', metric: 'orders_total', aggregate: 'last' }),
    );
    const span = `from=${new Date(Date.now() - 600_000).toISOString()}&to=${new Date(Date.now() + 5_000).toISOString()}`;
    const chart = await get(`chart?measure=${measure}&${span}&points=20`);
    expect(chart.body).toMatchObject({ resolution: 'raw' });
    expect(
      (chart.body as { points: { value: number | null }[] }).points.filter((each) => each.value === 1),
    ).toHaveLength(1);
    expect((await callApi(web, 'GET', '/api/v1/scrape-targets', { token: reader })).body).toEqual({
      rows: [],
    });
  });
});

describe('what the console says about itself', () => {
  const ask = (token?: string) =>
    fetch(`${web.origin}/metrics`, token ? { headers: { Authorization: `Bearer ${token}` } } : {});

  it('is for who may read metrics', async () => {
    expect((await ask()).status).toBe(401);
    expect((await ask('ops_wrong')).status).toBe(401);
    expect((await ask(pusher)).status).toBe(403);
    expect((await ask(reader)).status).toBe(200);
  });

  it('is in the Prometheus text format, with requests, runs, backlogs and checks', async () => {
    const response = await ask(reader);
    expect(response.headers.get('Content-Type')).toMatch(/^text\/plain;.*version=0\.0\.4/);
    const samples = parseExposition(await response.text());
    const read = (name: string, labels: Record<string, string> = {}) =>
      samples.find(
        (each) =>
          each.name === name && Object.entries(labels).every(([key, text]) => each.labels[key] === text),
      )?.value;
    expect(read('ops_http_requests_total', { route: 'api', status: '2xx' })).toBeGreaterThan(0);
    expect(read('ops_http_request_duration_seconds_count', { route: 'api' })).toBeGreaterThan(0);
    expect(read('ops_health_check', { check: 'events' })).toBe(1);
    expect(read('ops_health_check', { check: 'worker' })).toBe(0);
    expect(read('ops_metric_rollup_marks')).toBeGreaterThan(0);
    expect(read('ops_run_queue_oldest_seconds')).toBe(0);
    expect(read('process_cpu_seconds_total')).toBeGreaterThan(0);
  });
});
