import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { StreamUnavailable } from '#server/cli/ops/client/client';
import { HttpClient, type HttpOptions } from '#server/cli/ops/client/http';
import { toRequest } from '#server/cli/ops/client/request';
import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure } from '#server/cli/ops/failure';

const RUN = '00000000-0000-7000-8000-000000000001';
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Seen {
  method: string;
  url: string;
  key: string | undefined;
  authorization: string | undefined;
  body: string;
}

/** A console that answers as told, and a client of it. */
async function consoleWith(
  answer: (req: IncomingMessage, res: ServerResponse, count: number) => void,
  options: Partial<HttpOptions> = {},
) {
  const seen: Seen[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      const key = headers['idempotency-key'] as string | undefined;
      seen.push({ method, url, key, authorization: headers.authorization, body });
      answer(req, res, seen.length);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { signal } = new AbortController();
  const client = new HttpClient({
    url,
    token: 'hvo_test',
    timeoutMs: 5_000,
    signal,
    retryMs: [5, 5],
    ...options,
  });
  return { client, seen, url };
}

const json = (res: ServerResponse, status: number, body: unknown) =>
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));

async function failureOf(work: Promise<unknown>): Promise<OpsFailure> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OpsFailure);
  return error as OpsFailure;
}

describe('a request', () => {
  it('has fields of its address there, and the others as query or body', () => {
    expect(
      toRequest(
        { method: 'get', path: '/runs/{runId}/log' },
        { runId: 'a/b ?', afterSeq: 3, limit: undefined },
      ),
    ).toEqual({ method: 'GET', path: '/api/v1/runs/a%2Fb%20%3F/log?afterSeq=3', body: null });
    expect(
      toRequest({ method: 'post', path: '/x/{service}' }, { service: 'shop', reason: 'why', tag: undefined }),
    ).toEqual({ method: 'POST', path: '/api/v1/x/shop', body: '{"reason":"why"}' });
  });

  it('carries the token, and only a write a key', async () => {
    const { client, seen } = await consoleWith((_req, res) => json(res, 200, { status: 'cancelled' }));
    await client.call('getRun', { runId: RUN });
    await client.call('cancelRun', { runId: RUN, reason: 'because' });
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer hvo_test', 'Bearer hvo_test']);
    expect(seen[0]?.key).toBeUndefined();
    expect(seen[1]?.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen[1]?.body).toBe('{"reason":"because"}');
  });

  it('that breaks before its answer is sent again with the same key', async () => {
    const { client, seen } = await consoleWith((req, res, count) => {
      if (count < 3) req.socket.destroy();
      else json(res, 200, { status: 'cancelled' });
    });
    expect(await client.call('cancelRun', { runId: RUN, reason: 'because' })).toEqual({
      status: 'cancelled',
    });
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    await client.call('cancelRun', { runId: RUN, reason: 'because' });
    expect(seen[3]?.key).not.toBe(seen[0]?.key);
  });

  it('that breaks in the middle of its answer is sent again, too', async () => {
    const { client } = await consoleWith((_req, res, count) => {
      if (count > 1) return json(res, 200, { status: 'cancelled' });
      res.writeHead(200, { 'Content-Length': '100' }).write('{"status":');
      setTimeout(() => res.destroy(), 20);
    });
    expect(await client.call('cancelRun', { runId: RUN, reason: 'because' })).toEqual({
      status: 'cancelled',
    });
  });

  it('that breaks every time is given up, and says that it may have been taken', async () => {
    const { client, seen } = await consoleWith((req) => req.socket.destroy());
    const failure = await failureOf(client.call('cancelRun', { runId: RUN, reason: 'because' }));
    expect(failure.exitCode).toBe(EXIT.unavailable);
    expect(failure.message).toContain('It may have been taken');
    expect(failure.hint).toContain('ops runs list');
    expect(seen).toHaveLength(3);
    const read = await failureOf(client.call('getRun', { runId: RUN }));
    expect(read.message).toContain('Nothing is known to have been started');
  });

  it('without a token is not repeated when it writes: nobody keeps its key', async () => {
    const { client, seen } = await consoleWith((req) => req.socket.destroy(), { token: null });
    await failureOf(client.call('logIn', { email: 'a@b.example', password: 'x', name: 'y' }));
    expect(seen).toHaveLength(1);
  });

  it('to a console that is not there says what was tried, and offers --direct', async () => {
    const { client, url } = await consoleWith(() => undefined);
    servers[0]?.close();
    servers[0]?.closeAllConnections();
    const failure = await failureOf(client.call('cancelRun', { runId: RUN, reason: 'because' }));
    expect(failure.exitCode).toBe(EXIT.unavailable);
    expect(failure.message).toBe(
      `No console answers at ${url}: nothing listens there. Nothing is known to have been started.`,
    );
    expect(failure.hint).toContain('--direct');
  });

  it('that nobody answers in time is given up', async () => {
    const { client, seen } = await consoleWith(() => undefined, { timeoutMs: 1_000 });
    const failure = await failureOf(client.call('cancelRun', { runId: RUN, reason: 'because' }));
    expect(failure.message).toMatch(/no answer within 1 s.*may have been taken/);
    expect(seen).toHaveLength(1);
  });

  it('ends at Ctrl-C, and says whether something may have been taken', async () => {
    const stop = new AbortController();
    const { client } = await consoleWith(() => stop.abort(), { signal: stop.signal });
    const failure = await failureOf(client.call('cancelRun', { runId: RUN, reason: 'because' }));
    expect(failure.exitCode).toBe(EXIT.interrupted);
    expect(failure.message).toContain('It may have been taken');
  });

  it('that is refused says what the console says, with its hint and fields', async () => {
    const problem = {
      kind: 'stale_plan',
      detail: 'Things have changed. Nothing was started.',
      hint: 'Look again.',
      fields: { planHash: ['Old.'] },
    };
    const { client } = await consoleWith((_req, res) => json(res, 409, problem));
    const failure = await failureOf(client.call('getRun', { runId: RUN }));
    expect(failure).toMatchObject({
      exitCode: EXIT.refused,
      message: problem.detail,
      hint: problem.hint,
      fields: problem.fields,
      kind: 'stale_plan',
    });
  });

  it('to something that is no console says so', async () => {
    const { client } = await consoleWith((_req, res, count) => {
      if (count === 1) res.writeHead(404).end('<h1>nginx</h1>');
      else if (count === 2) res.writeHead(301, { Location: 'https://ops.example.com/' }).end();
      else res.writeHead(200).end('<h1>hello</h1>');
    });
    const messages: string[] = [];
    for (let each = 0; each < 3; each += 1) {
      const failure = await failureOf(client.call('getRun', { runId: RUN }));
      expect(failure.exitCode).toBe(EXIT.unavailable);
      messages.push(failure.message);
    }
    expect(messages[0]).toContain('did not answer like a console (status 404)');
    expect(messages[1]).toContain('answers from elsewhere: https://ops.example.com/');
    expect(messages[2]).toContain('did not answer like a console (status 200)');
  });

  it('with nothing to tell is answered with nothing', async () => {
    const { client } = await consoleWith((_req, res) => res.writeHead(204).end());
    expect(await client.call('resumeSchedule', { scheduleId: RUN })).toBeUndefined();
  });
});

describe('the live stream', () => {
  const from = { runId: RUN, afterSeq: 7, lastEventId: null as string | null };

  it('is asked for from behind a line, and behind the last event', async () => {
    const { client, seen } = await consoleWith((req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.end(`id: ${req.headers['last-event-id'] ?? 'none'}\nevent: log\ndata: []\n\n`);
    });
    const { signal } = new AbortController();
    const ids: string[] = [];
    for (const lastEventId of [null, 'x.9']) {
      for await (const event of client.live({ ...from, lastEventId, signal })) ids.push(event.id);
    }
    expect(ids).toEqual(['none', 'x.9']);
    expect(seen[0]?.url).toBe(`/streams/live?run=${RUN}&after=7`);
  });

  it('that is none is told apart from one that is refused', async () => {
    const { client } = await consoleWith((_req, res, count) => {
      if (count === 1) res.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>login</p>');
      else if (count === 2) res.writeHead(502).end('bad gateway');
      else json(res, 403, { kind: 'forbidden', detail: 'No.' });
    });
    const { signal } = new AbortController();
    const read = async () => {
      for await (const _event of client.live({ ...from, signal }));
    };
    await expect(read()).rejects.toBeInstanceOf(StreamUnavailable);
    await expect(read()).rejects.toBeInstanceOf(StreamUnavailable);
    expect((await failureOf(read())).exitCode).toBe(EXIT.denied);
  });

  it('that falls silent is given up', async () => {
    const { client } = await consoleWith(
      (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': ping\n\n');
      },
      { streamSilenceMs: 50 },
    );
    const { signal } = new AbortController();
    const read = async () => {
      for await (const _event of client.live({ ...from, signal }));
    };
    expect((await failureOf(read())).kind).toBe('unreachable');
  });
});

describe('health', () => {
  it('is an answer when it is bad as well', async () => {
    const health = { status: 'unhealthy', timestamp: new Date().toISOString(), checks: [], version: '1' };
    const { client } = await consoleWith((_req, res) => json(res, 503, health));
    expect(await client.health()).toEqual(health);
  });
});
