import type { RequestHandler } from 'express';
import type { App } from '#server/platform/context';
import { messageOf } from '#server/platform/errors';

export interface HealthCheck {
  name: string;
  status: 'ok' | 'failed';
  durationMs: number;
  message?: string;
}

export interface Health {
  status: 'ok' | 'failed';
  /** ISO 8601, UTC */
  timestamp: string;
  checks: HealthCheck[];
  version: string;
}

/** A worker that was not seen for longer is taken for gone, seconds. Workers say that they live every few seconds. */
const WORKER_SILENCE_SECONDS = 15;
const CHECK_TIMEOUT_MS = 2_000;

/** Asks everything that the console needs, each with its own time limit. Never throws. */
export async function readHealth(app: App, version: string): Promise<Health> {
  const checks = await Promise.all([
    check('database', async () => {
      await app.database.client.$queryRaw`SELECT 1`;
    }),
    check('worker', async () => {
      const [row] = await app.database.client.$queryRaw<{ count: number; silence: number | null }[]>`
        SELECT count(*) FILTER (WHERE last_seen_at > clock_timestamp() - make_interval(secs => ${WORKER_SILENCE_SECONDS}))::int AS count,
               extract(epoch FROM clock_timestamp() - max(last_seen_at))::float8 AS silence
        FROM worker`;
      if (row && row.count > 0) return;
      throw new Error(
        row?.silence == null
          ? 'No worker has ever started: runs wait.'
          : `No worker for ${Math.round(row.silence)} s: runs wait.`,
      );
    }),
  ]);
  return {
    status: checks.every((each) => each.status === 'ok') ? 'ok' : 'failed',
    timestamp: app.clock.now().toISOString(),
    checks,
    version,
  };
}

/** `GET /api/health`: 200 when all is well, 503 otherwise, never cached, open to anyone. */
export function healthEndpoint(app: App, version: string): RequestHandler {
  return async (_req, res) => {
    const health = await readHealth(app, version);
    for (const failed of health.checks.filter((each) => each.status === 'failed')) {
      app.log.warn({ check: failed.name, message: failed.message }, 'health check failed');
    }
    res
      .status(health.status === 'ok' ? 200 : 503)
      .setHeader('Cache-Control', 'no-store')
      .json(health);
  };
}

async function check(name: string, ask: () => Promise<void>): Promise<HealthCheck> {
  const startedMs = performance.now();
  const spent = () => Math.round(performance.now() - startedMs);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${CHECK_TIMEOUT_MS} ms.`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([ask(), limit]);
    return { name, status: 'ok', durationMs: spent() };
  } catch (error) {
    return { name, status: 'failed', durationMs: spent(), message: safeMessage(name, error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Our own words pass; a driver's message may name hosts and users, and this page is open to anyone. */
function safeMessage(name: string, error: unknown): string {
  const message = messageOf(error);
  return /^No (answer|worker)/.test(message) ? message : `The ${name} check could not be made.`;
}
