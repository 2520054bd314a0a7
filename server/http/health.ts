import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { RequestHandler } from 'express';
import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import type { Health, HealthCheck } from '#server/http/contract';
import { type App, defineToken } from '#server/platform/context';
import type { Listener } from '#server/platform/listener';

/** A worker that was not seen for longer is taken for gone, seconds. Workers say that they live every few seconds. */
const WORKER_SILENCE_SECONDS = 15;
const CHECK_TIMEOUT_MS = 2_000;
/** A question that has hung for so many time limits is asked once more. */
const ASK_ANEW_AFTER = 5;
const MOST_PENDING = 3;

/** Something that the console needs. `ask` resolves when it is well, with what is worth knowing, and throws otherwise. */
export interface Probe {
  name: string;
  ask: () => Promise<string | undefined>;
}

/** What is not well, in words that anybody may read; the message of any other error is kept to the log. */
export class Unwell extends Error {
  override name = 'Unwell';
}

/** A way out of the console, such as a chat channel. */
export interface OutboundChannel {
  name: string;
  /** @throws Unwell */
  ask: () => Promise<void>;
}

export interface HealthParts {
  app: App;
  version: string;
  listener: Listener;
  /** The ways out that are configured. */
  channels?: readonly OutboundChannel[];
  /** Longest wait for one check, ms; tests shorten it. */
  timeoutMs?: number;
}

/** Reads the health of this console; never throws. */
export type ReadHealth = () => Promise<Health>;
export const HEALTH = defineToken<ReadHealth>('health');

/** How the console is; nothing in it is secret. Where nothing provides it, the process serves no requests. */
export const getHealth = defineQuery({
  name: 'health.get',
  access: 'anyone',
  input: z.object({}),
  handle: (ctx): Promise<Health> => ctx.use(HEALTH)(),
});

/** Asks everything that the console needs, each with its own time limit. */
export function createHealth(parts: HealthParts): ReadHealth {
  const { app, version, timeoutMs = CHECK_TIMEOUT_MS } = parts;
  const checks = probesOf(parts).map((probe) => limited(probe, timeoutMs));
  return async () => {
    const results = await Promise.all(checks.map((check) => check()));
    for (const { name, message, cause } of results.filter((each) => each.status === 'failed')) {
      app.log.warn({ check: name, message, err: cause }, 'health check failed');
    }
    return {
      status: results.every((each) => each.status === 'ok') ? 'healthy' : 'unhealthy',
      timestamp: app.clock.now().toISOString(),
      checks: results.map(({ cause: _cause, ...check }) => check),
      version,
    };
  };
}

/** `GET /api/health`: 200 when all is well, 503 otherwise, never cached, open to anyone. */
export function healthEndpoint(read: ReadHealth): RequestHandler {
  return async (_req, res) => {
    const health = await read();
    res
      .status(health.status === 'healthy' ? 200 : 503)
      .setHeader('Cache-Control', 'no-cache, no-store, must-revalidate')
      .json(health);
  };
}

function probesOf({ app, listener, channels = [] }: HealthParts): Probe[] {
  return [
    {
      name: 'database',
      ask: async () => {
        await app.database.client.$queryRaw`SELECT 1`;
        return undefined;
      },
    },
    { name: 'worker', ask: () => askWorker(app) },
    {
      name: 'events',
      ask: async () => {
        await listener.ping();
        return undefined;
      },
    },
    { name: 'disk', ask: () => askDisk(app.env.DATA_DIR, app.env.HEALTH_DISK_FREE_MB) },
    { name: 'outbound', ask: () => askChannels(channels) },
  ];
}

async function askWorker(app: App): Promise<undefined> {
  const [row] = await app.database.client.$queryRaw<{ count: number; silence: number | null }[]>`
    SELECT count(*) FILTER (WHERE last_seen_at > clock_timestamp() - make_interval(secs => ${WORKER_SILENCE_SECONDS}))::int AS count,
           extract(epoch FROM clock_timestamp() - max(last_seen_at))::float8 AS silence
    FROM worker`;
  if (row && row.count > 0) return;
  throw new Unwell(
    row?.silence == null
      ? 'No worker has ever started: runs wait.'
      : `No worker for ${Math.round(row.silence)} s: runs wait.`,
  );
}

/** Looks at the file system of the folder, or of the nearest one above it that exists. @throws Unwell */
export async function askDisk(folder: string, leastMb: number): Promise<string> {
  const { bavail, bsize } = await statfsAbove(path.resolve(folder));
  const freeMb = Math.floor((bavail * bsize) / 1_000_000);
  if (leastMb > 0 && freeMb < leastMb) {
    throw new Unwell(`${freeMb} MB are free where the data is; ${leastMb} MB are the least.`);
  }
  return `${freeMb} MB free`;
}

async function statfsAbove(folder: string): Promise<{ bavail: number; bsize: number }> {
  try {
    return await statfs(folder);
  } catch (error) {
    const parent = path.dirname(folder);
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing || parent === folder) throw error;
    return statfsAbove(parent);
  }
}

async function askChannels(channels: readonly OutboundChannel[]): Promise<string> {
  if (channels.length === 0) return 'None configured.';
  const asked = await Promise.allSettled(channels.map((channel) => channel.ask()));
  const failed = asked.flatMap((each, at) => (each.status === 'rejected' ? [channels[at]?.name] : []));
  if (failed.length > 0) throw new Unwell(`Not reached: ${failed.join(', ')}.`);
  return `${channels.length} reached`;
}

type Result = HealthCheck & { cause?: unknown };

/**
 * A check that ends in time whatever its probe does. Who asks while it is asked shares the answer; a question that hangs
 * is asked anew after a while, {@link MOST_PENDING} times at most, so that asking often holds no more than that.
 */
function limited({ name, ask }: Probe, timeoutMs: number): () => Promise<Result> {
  let pending = 0;
  let newest: { answer: Promise<string | undefined>; startedMs: number } | null = null;
  const answerOf = (): Promise<string | undefined> => {
    const nowMs = performance.now();
    const isStuck = newest && nowMs - newest.startedMs > ASK_ANEW_AFTER * timeoutMs;
    if (newest && (!isStuck || pending >= MOST_PENDING)) return newest.answer;
    pending += 1;
    const mine = {
      startedMs: nowMs,
      answer: ask().finally(() => {
        pending -= 1;
        if (newest === mine) newest = null;
      }),
    };
    newest = mine;
    return mine.answer;
  };
  return async () => {
    const startedMs = performance.now();
    const spent = () => Math.round(performance.now() - startedMs);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Unwell(`No answer within ${timeoutMs} ms.`)), timeoutMs);
    });
    try {
      const message = await Promise.race([answerOf(), limit]);
      return { name, status: 'ok', durationMs: spent(), ...(message ? { message } : {}) };
    } catch (cause) {
      const message = cause instanceof Unwell ? cause.message : `The ${name} check could not be made.`;
      return { name, status: 'failed', durationMs: spent(), message, cause };
    } finally {
      clearTimeout(timer);
    }
  };
}
