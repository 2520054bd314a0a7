import type { RequestHandler } from 'express';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ReadHealth } from '#server/http/health';
import type { App } from '#server/platform/context';

/** Upper bounds of the duration histogram, seconds; pages should answer within 0.2. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10];

export interface OwnMetrics {
  /** Counts every request that passes; ahead of everything that answers. */
  observe: RequestHandler;
  /** `GET /metrics`: the metrics of this process and of the console as a whole, in the Prometheus text format. */
  expose: RequestHandler;
}

/** The kinds of address, few whatever is asked for. */
export function routeClassOf(path: string): string {
  if (path.startsWith('/api/v1/')) return 'api';
  if (path === '/api/health' || path === '/metrics') return 'probe';
  if (path.startsWith('/streams/')) return 'stream';
  return path.startsWith('/assets/') ? 'asset' : 'page';
}

/** Collects what the console says about itself. What lies in the database is read when somebody asks. */
export function createOwnMetrics(app: App, readHealth: ReadHealth): OwnMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'ops_http_requests_total',
    help: 'Requests answered, by kind of address and class of status.',
    labelNames: ['route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'ops_http_request_duration_seconds',
    help: 'Time to answer, by kind of address; event streams apart.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers,
  });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const parts = {
    runs: gauge('ops_runs', 'Runs that have not ended, by status.', ['status']),
    queue: gauge('ops_run_queue_oldest_seconds', 'How long the oldest queued run has waited.'),
    events: gauge(
      'ops_event_deliveries',
      'Event deliveries that are still to be made or were given up, by status.',
      ['status'],
    ),
    workers: gauge('ops_workers', 'Workers that said within the last 15 s that they live.'),
    marks: gauge('ops_metric_rollup_marks', 'Rollup buckets that are to be reckoned.'),
    scrapes: gauge('ops_scrape_targets', 'Targets by how the last scrape went.', ['result']),
    health: gauge('ops_health_check', '1 when the check of the console is well; "events" is its listener.', [
      'check',
    ]),
  };
  return {
    observe: (req, res, next) => {
      const route = routeClassOf(req.path);
      const end = durations.startTimer({ route });
      res.once('close', () => {
        requests.inc({ route, status: `${Math.floor(res.statusCode / 100)}xx` });
        if (route !== 'stream') end();
      });
      next();
    },
    expose: async (_req, res) => {
      const [row, health] = await Promise.all([readBacklogs(app), readHealth()]);
      for (const each of Object.values(parts)) each.reset();
      for (const { status, count } of row.runs) parts.runs.set({ status }, count);
      for (const { status, count } of row.events) parts.events.set({ status }, count);
      parts.queue.set(row.queueSeconds);
      parts.workers.set(row.workers);
      parts.marks.set(row.marks);
      parts.scrapes.set({ result: 'good' }, row.targets - row.failing);
      parts.scrapes.set({ result: 'failed' }, row.failing);
      for (const { name, status } of health.checks)
        parts.health.set({ check: name }, status === 'ok' ? 1 : 0);
      const text = await registry.metrics();
      res.setHeader('Cache-Control', 'no-store').setHeader('Content-Type', registry.contentType).send(text);
    },
  };
}

interface Backlogs {
  runs: { status: string; count: number }[];
  events: { status: string; count: number }[];
  queueSeconds: number;
  workers: number;
  marks: number;
  targets: number;
  failing: number;
}

async function readBacklogs(app: App): Promise<Backlogs> {
  const [row] = await app.database.client.$queryRaw<Backlogs[]>`
    SELECT
      (SELECT coalesce(jsonb_agg(r), '[]') FROM (SELECT status::text, count(*) FROM run
        WHERE status::text NOT IN ('succeeded', 'failed', 'cancelled', 'timed_out') GROUP BY 1) r) AS runs,
      (SELECT coalesce(jsonb_agg(e), '[]') FROM (SELECT status, count(*) FROM event_delivery
        WHERE status <> 'delivered' GROUP BY 1) e) AS events,
      (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM run WHERE status::text = 'queued') AS "queueSeconds",
      (SELECT count(*)::int FROM worker WHERE last_seen_at > clock_timestamp() - interval '15 seconds') AS workers,
      (SELECT count(*)::int FROM metric_dirty) AS marks,
      (SELECT count(*)::int FROM scrape_target) AS targets,
      (SELECT count(*)::int FROM scrape_target WHERE last_error IS NOT NULL) AS failing`;
  return row as Backlogs;
}
