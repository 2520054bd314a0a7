import { tmpdir } from 'node:os';
import type { Request, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { health } from '#server/http/contract';
import { createHealth, healthEndpoint, type OutboundChannel, Unwell } from '#server/http/health';
import { systemClock } from '#server/platform/clock';
import type { App } from '#server/platform/context';
import type { Listener } from '#server/platform/listener';
import { createLogger } from '#server/platform/logger';

const never = () => new Promise<never>(() => undefined);
const WELL = async () => [{ count: 1, silence: 0 }];

/** A console whose parts answer as told; absent: well. */
function consoleOf(parts: {
  query?: () => Promise<unknown>;
  ping?: () => Promise<void>;
  channels?: OutboundChannel[];
  freeMb?: number;
}) {
  const app = {
    database: { client: { $queryRaw: parts.query ?? WELL } },
    env: { DATA_DIR: `${tmpdir()}/not/yet/made`, HEALTH_DISK_FREE_MB: parts.freeMb ?? 1 },
    clock: systemClock,
    log: createLogger({ level: 'silent', process: 'web' }),
  } as unknown as App;
  const listener = { ping: parts.ping ?? (async () => undefined) } as unknown as Listener;
  return createHealth({ app, listener, version: '1.2.3', channels: parts.channels ?? [], timeoutMs: 400 });
}

async function answerOf(read: ReturnType<typeof consoleOf>) {
  const answer = { status: 0, headers: {} as Record<string, string>, body: {} as unknown };
  const res = {
    status: (status: number) => {
      answer.status = status;
      return res;
    },
    setHeader: (name: string, value: string) => {
      answer.headers[name] = value;
      return res;
    },
    json: (body: unknown) => {
      answer.body = body;
    },
  } as unknown as Response;
  await healthEndpoint(read)({} as Request, res, () => undefined);
  return { ...answer, body: health.parse(answer.body) };
}

describe('GET /api/health', () => {
  it('is 200, healthy and never cached when all is well', async () => {
    const { status, headers, body } = await answerOf(consoleOf({}));
    expect([status, body.status, body.version]).toEqual([200, 'healthy', '1.2.3']);
    expect(headers['Cache-Control']).toBe('no-cache, no-store, must-revalidate');
    expect(body.checks.map(({ name }) => name)).toEqual(['database', 'worker', 'events', 'disk', 'outbound']);
    expect(Object.keys(body).sort()).toEqual(['checks', 'status', 'timestamp', 'version']);
    expect(Math.abs(Date.parse(body.timestamp) - Date.now())).toBeLessThan(60_000);
  });

  it.each<[string, Parameters<typeof consoleOf>[0], string[]]>([
    ['database', { query: never }, ['database', 'worker']],
    ['event stream', { ping: never }, ['events']],
    ['channel', { channels: [{ name: 'chat', ask: never }] }, ['outbound']],
    ['anything at once', { query: never, ping: never }, ['database', 'worker', 'events']],
  ])('is 503 in time although it hangs: %s', async (_what, parts, failed) => {
    const startedAt = performance.now();
    const { status, headers, body } = await answerOf(consoleOf(parts));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect([status, body.status]).toEqual([503, 'unhealthy']);
    expect(headers['Cache-Control']).toBe('no-cache, no-store, must-revalidate');
    const notOk = body.checks.filter((check) => check.status === 'failed');
    expect(notOk.map(({ name }) => name)).toEqual(failed);
    for (const { message } of notOk) expect(message).toBe('No answer within 400 ms.');
  });

  it('says what is not well, and nothing that an error may give away', async () => {
    const secret = async () => {
      throw new Error('connect to postgres://ops:secret@db failed');
    };
    const channels = [
      {
        name: 'chat',
        ask: async () => {
          throw new Unwell('no');
        },
      },
    ];
    const { body } = await answerOf(consoleOf({ query: secret, channels, freeMb: Number.MAX_SAFE_INTEGER }));
    expect(JSON.stringify(body)).not.toContain('secret');
    const messages = Object.fromEntries(body.checks.map(({ name, message }) => [name, message]));
    expect(messages).toMatchObject({
      database: 'The database check could not be made.',
      disk: expect.stringMatching(/^\d+ MB are free where the data is; \d+ MB are the least\.$/),
      outbound: 'Not reached: chat.',
    });
  });

  it.each([
    [null, 'No worker has ever started: runs wait.'],
    [99.4, 'No worker for 99 s: runs wait.'],
  ])('is unwell without a worker', async (silence, message) => {
    const { status, body } = await answerOf(consoleOf({ query: async () => [{ count: 0, silence }] }));
    expect(status).toBe(503);
    expect(body.checks.find(({ name }) => name === 'worker')).toMatchObject({ status: 'failed', message });
  });

  it('holds no more questions open than three of a kind, however often it is asked', async () => {
    let asked = 0;
    const read = consoleOf({
      ping: () => {
        asked += 1;
        return never();
      },
    });
    for (let round = 0; round < 25; round += 1) await Promise.all([read(), read(), read()]);
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThanOrEqual(3);
  });
});
