import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXPOSITION_LIMIT_BYTES } from '#server/metrics/drivers/exposition-source';
import { listScrapeTargets } from '#server/metrics/queries/catalog';
import { measureMany } from '#server/metrics/queries/measure-many';
import { scrape, startScrapeLoop, syncScrapeTargets } from '#server/metrics/scrape';
import { claimDueTasks } from '#server/platform/leased-tasks';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { metricsConfig } from '#server/testing/metrics';

const PLACE = { service: 'shop', environment: 'production' };

let app: TestApp;
let server: Server;
let answer: RequestListener;
let requests = 0;

beforeAll(async () => {
  server = createServer((req, res) => {
    requests += 1;
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app = await createTestApp({
    config: metricsConfig(url, { intervalMs: 1_000, timeoutMs: 1_000 }),
    env: { SCRAPE_POLL_MS: '20' },
  });
  await syncScrapeTargets(app.system);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await app.close();
});
beforeEach(async () => {
  requests = 0;
  await app.system.db.$executeRaw`UPDATE scrape_target SET last_good_at = NULL, process_started_at = NULL`;
});

/** Scrapes now, however soon after the last time, and says how it went. */
async function scrapeNow() {
  await app.system.db
    .$executeRaw`UPDATE scrape_target SET next_at = clock_timestamp() - interval '1 millisecond', lease_until = NULL`;
  const [task] = await claimDueTasks(app.system, 'scrape_target', { limit: 1, leaseMs: 5_000 });
  if (!task) throw new Error('Nothing was due');
  await scrape(app.system, task);
  const [target] = await listScrapeTargets(app.system, {});
  return target;
}

function says(text: string): RequestListener {
  return (_req, res) => res.end(text);
}

async function values(name: string): Promise<number[]> {
  const rows = await app.system.db.$queryRaw<{ value: number }[]>`
    SELECT value FROM metric_sample JOIN metric_series ON id = series_id WHERE name = ${name} ORDER BY at`;
  return rows.map((row) => row.value);
}

describe('a scrape', () => {
  it('keeps what the target says, and that it answered', async () => {
    answer = says('# TYPE hits_total counter\nhits_total{route="/"} 7\n# TYPE heat gauge\nheat NaN\n');
    expect(await scrapeNow()).toMatchObject({ lastError: null, lastSamples: 1, intervalMs: 1_000 });
    expect(await values('hits_total')).toEqual([7]);
    expect((await values('up')).at(-1)).toBe(1);
    expect((await values('scrape_duration_seconds')).at(-1)).toBeGreaterThan(0);
  });

  it.each<[string, RequestListener, string]>([
    ['hangs', () => undefined, 'No full answer within 1000 ms'],
    ['stops in the middle', (_req, res) => res.write('a 1\n'), 'No full answer within 1000 ms'],
    [
      'answers without end',
      (_req, res) => {
        res.on('error', () => undefined);
        const more = () => {
          while (!res.destroyed && res.write('a 1\n'.repeat(50_000)));
        };
        res.on('drain', more);
        more();
      },
      `over ${EXPOSITION_LIMIT_BYTES / 1_000_000} MB`,
    ],
    ['answers with garbage', says('<html>no</html>\n'), 'Not in the Prometheus text format. Line 1'],
    ['answers with no text', (_req, res) => res.end(Buffer.from([0xff, 0xfe, 0x0a])), 'no UTF-8'],
    [
      'leads elsewhere',
      (_req, res) => res.writeHead(302, { location: '/other' }).end(),
      'redirects are not followed',
    ],
    ['fails', (_req, res) => res.writeHead(500).end('a 1\n'), 'status 500'],
    ['cuts the connection', (req) => req.socket.destroy(), 'Not reached'],
  ])('of a target that %s brings nothing but that it did not answer', async (_name, how, words) => {
    answer = how;
    const target = await scrapeNow();
    expect(target?.lastError).toContain(words);
    expect((await values('up')).at(-1)).toBe(0);
    expect(await values('a')).toEqual([]);
    expect(requests).toBe(1);
  });

  it('keeps the rest when one series cannot be', async () => {
    answer = says('# TYPE hits_total gauge\nhits_total{route="/new"} 7\nsound 3\n');
    const target = await scrapeNow();
    expect(target?.lastError).toContain('hits_total is a counter here');
    expect(await values('sound')).toEqual([3]);
  });
});

describe('counters between scrapes', () => {
  const exposition = (start: number, counts: Record<string, number>) =>
    says(
      [
        `# TYPE process_start_time_seconds gauge`,
        `process_start_time_seconds ${start}`,
        '# TYPE done_total counter',
        ...Object.entries(counts).map(([kind, count]) => `done_total{kind="${kind}"} ${count}`),
        '',
      ].join('\n'),
    );
  const increase = async (kind: string) => {
    const measure = { kind: 'increase', metric: 'done_total', labels: { kind } } as const;
    const [result] = await measureMany(app.system, [{ ...PLACE, measure, windowSeconds: 60 }]);
    return result?.value;
  };

  it('count from 0 when they are new, and when another process answers with more than the last one had', async () => {
    answer = exposition(1_000, { known: 50 });
    await scrapeNow();
    // What a counter had before anybody looked is not known to be new.
    expect(await increase('known')).toBeNull();
    answer = exposition(1_000, { known: 52, first: 4 });
    await scrapeNow();
    expect([await increase('known'), await increase('first')]).toEqual([2, 4]);
    answer = exposition(2_000, { known: 60 });
    await scrapeNow();
    expect([await increase('known'), await increase('first')]).toEqual([62, 4]);
    answer = exposition(2_000, { known: 61, first: 9 });
    await scrapeNow();
    expect([await increase('known'), await increase('first')]).toEqual([63, 13]);
  });
});

describe('scrapes by workers', () => {
  it('are shared: each target once a beat, and a lease that was lost writes nothing', async () => {
    answer = says('shared 1\n');
    await app.system.db
      .$executeRaw`UPDATE scrape_target SET interval_ms = 200, next_at = clock_timestamp(), lease_until = NULL`;
    const faults: unknown[] = [];
    const loops = [0, 1, 2].map(() => startScrapeLoop(app, (error) => faults.push(error)));
    await eventually(async () => expect(await values('shared')).not.toHaveLength(0));
    requests = 0;
    const started = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const beats = (Date.now() - started) / 200;
    await Promise.all(loops.map((loop) => loop.stop()));
    expect(faults).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(Math.floor(beats / 2));
    expect(requests).toBeLessThanOrEqual(Math.ceil(beats) + 1);

    await app.system.db
      .$executeRaw`UPDATE scrape_target SET next_at = clock_timestamp() - interval '1 millisecond'`;
    const [task] = await claimDueTasks(app.system, 'scrape_target', { limit: 1, leaseMs: 1 });
    const before = await values('up');
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (task) await scrape(app.system, task);
    expect(task).toBeDefined();
    expect(await values('up')).toEqual(before);
  });

  it('end when the configuration no longer names them', async () => {
    const other = await createTestApp({
      config: metricsConfig('http://127.0.0.1:9'),
      database: app.testDatabase,
    });
    await syncScrapeTargets(other.system);
    expect(await listScrapeTargets(app.system, {})).toEqual([]);
    await other.close();
  });
});
