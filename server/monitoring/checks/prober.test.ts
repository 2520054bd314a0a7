import type { lookup as lookUpName } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProber, type Prober, type ProbeTarget } from '#server/monitoring/checks/drivers/prober';

const TIMEOUT_MS = 300;

let server: Server;
let answer: RequestListener;
let url: string;
let port: number;
let stalled = 0;
let connections = 0;
let prober: Prober;

beforeAll(async () => {
  server = createServer((req, res) => answer(req, res));
  server.on('connection', () => {
    connections += 1;
  });
  port = await listen(server);
  url = `http://127.0.0.1:${port}/`;
  prober = createProber({ stalledMs: () => stalled });
});
afterAll(() => {
  prober.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  stalled = 0;
  connections = 0;
});

async function listen(of: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => of.listen(0, '127.0.0.1', resolve));
  return (of.address() as AddressInfo).port;
}

function http(over: Partial<ProbeTarget> = {}): ProbeTarget {
  const none = { host: null, port: null, bodyIncludes: null };
  return { ...none, kind: 'http', url, expectStatus: 200, timeoutMs: TIMEOUT_MS, ...over };
}

const slowly: RequestListener = (_req, res) => {
  const timer = setInterval(() => res.write('.'), 20);
  res.on('close', () => clearInterval(timer));
};

describe('an http check', () => {
  it('is well with the right status and text, and keeps its connection', async () => {
    answer = (_req, res) => res.end('<h1>Herbs</h1>');
    const target = http({ bodyIncludes: 'Herbs' });
    expect(await prober.probe(target)).toMatchObject({ outcome: 'ok', statusCode: 200, message: null });
    await prober.probe(target);
    expect(connections).toBe(1);
  });

  it.each<[string, RequestListener, string]>([
    ['hangs', () => undefined, `No full answer within ${TIMEOUT_MS} ms.`],
    ['answers too slowly', slowly, `No full answer within ${TIMEOUT_MS} ms.`],
    ['fails', (_req, res) => res.writeHead(500).end(), 'Answered with status 500, not 200.'],
    [
      'leads elsewhere',
      (_req, res) => res.writeHead(302, { location: '/x' }).end(),
      'Redirects are not followed',
    ],
    ['says something else', (_req, res) => res.end('Nothing'), 'does not hold "Herbs"'],
    ['hangs up', (req) => req.socket.destroy(), 'Closed the connection without an answer.'],
    ['speaks no HTTP', (req) => req.socket.end('SMTP ready\r\n'), 'Does not answer in HTTP.'],
  ])('fails when the target %s', async (_name, how, words) => {
    answer = how;
    const result = await prober.probe(http({ bodyIncludes: 'Herbs' }));
    expect(result).toMatchObject({ outcome: 'failed', message: expect.stringContaining(words) });
    expect(result.durationMs).toBeLessThan(TIMEOUT_MS * 3);
  });

  it('reads no more than the beginning of an answer without end', async () => {
    answer = (_req, res) => {
      const more = () => {
        while (!res.destroyed && res.write('x'.repeat(100_000)));
      };
      res.on('drain', more).on('error', () => undefined);
      more();
    };
    expect(await prober.probe(http({ timeoutMs: 5_000 }))).toMatchObject({ outcome: 'ok' });
    expect(await prober.probe(http({ timeoutMs: 5_000, bodyIncludes: 'y' }))).toMatchObject({
      outcome: 'failed',
      message: 'Its answer does not hold "y" in its beginning.',
    });
  });

  it('takes no connection that the target had closed meanwhile for a failure', async () => {
    answer = (_req, res) => res.end();
    await prober.probe(http());
    const closing = new Promise((resolve) => setImmediate(resolve));
    server.closeAllConnections();
    const result = await prober.probe(http());
    await closing;
    expect(result.outcome).toBe('ok');
  });

  it('could not run when the worker stood still meanwhile', async () => {
    answer = () => {
      stalled += TIMEOUT_MS / 2;
    };
    expect(await prober.probe(http())).toMatchObject({
      outcome: 'not_run',
      message: expect.stringContaining('too busy'),
    });
  });
});

describe('a name', () => {
  const failing = (code: string) =>
    ((_host: string, _options: unknown, done: (error: Error) => void) =>
      done(Object.assign(new Error('no'), { code }))) as unknown as typeof lookUpName;

  it.each([
    ['EAI_AGAIN', 'not_run'],
    ['ENOTFOUND', 'failed'],
  ])('that ends with %s means %s', async (code, outcome) => {
    const own = createProber({ stalledMs: () => 0, lookup: failing(code) });
    expect((await own.probe(http({ url: 'http://shop.example/' }))).outcome).toBe(outcome);
    own.close();
  });

  it('that is not found in time says nothing about the target, and is asked for once', async () => {
    let asked = 0;
    const hanging = (() => {
      asked += 1;
    }) as unknown as typeof lookUpName;
    const own = createProber({ stalledMs: () => 0, lookup: hanging });
    const target = http({ url: 'http://shop.example/' });
    const results = await Promise.all([own.probe(target), own.probe(target), own.probe(target)]);
    expect(results.map((each) => each.outcome)).toEqual(['not_run', 'not_run', 'not_run']);
    expect(asked).toBe(1);
    own.close();
  });
});

describe('a tcp check', () => {
  const tcp = (to: number): ProbeTarget =>
    http({ kind: 'tcp', url: null, host: '127.0.0.1', port: to, expectStatus: null });

  it('is well when somebody listens, and fails when nobody does', async () => {
    const listening = createTcpServer((socket) => socket.on('error', () => undefined));
    const at = await listen(listening);
    expect(await prober.probe(tcp(at))).toMatchObject({ outcome: 'ok', statusCode: null });
    await new Promise((resolve) => listening.close(resolve));
    expect(await prober.probe(tcp(at))).toMatchObject({
      outcome: 'failed',
      message: 'Refused the connection.',
    });
  });
});

it('a health check keeps what the service says of each thing it needs', async () => {
  answer = (_req, res) => {
    res.writeHead(503).end(
      JSON.stringify({
        status: 'unhealthy',
        timestamp: new Date().toISOString(),
        checks: [{ name: 'payments', status: 'failed', durationMs: 12, message: 'declined' }],
        version: 'v1',
      }),
    );
  };
  expect(await prober.probe(http({ kind: 'health' }))).toMatchObject({
    outcome: 'failed',
    statusCode: 503,
    message: 'Unhealthy: payments (declined).',
    subChecks: [{ name: 'payments', status: 'failed', durationMs: 12 }],
  });
});
