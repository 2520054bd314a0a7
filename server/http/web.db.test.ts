import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Health } from '#server/http/contract';
import type { TestApp } from '#server/testing/context';
import {
  cookieOf,
  createWebTestApp,
  formBody,
  pagesFromSource,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

let app: TestApp;
let web: TestWebServer;
let secure: TestWebServer;
let secureApp: TestApp;

beforeAll(async () => {
  app = await createWebTestApp();
  const build = await pagesFromSource();
  web = await startTestWebServer(app, { build });
  secureApp = await createWebTestApp({
    env: { TRUST_PROXY: '1', PUBLIC_URL: 'https://ops.example' },
    database: app.testDatabase,
  });
  secure = await startTestWebServer(secureApp, { build });
});
afterAll(async () => {
  await web.close();
  await secure.close();
  await secureApp.close();
  await app.close();
});
describe('headers', () => {
  it('allow only our own scripts and those with the nonce of the response', async () => {
    const response = await web.request('/login');
    const policy = response.headers.get('Content-Security-Policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
    expect(policy).toContain(`script-src 'self' 'nonce-${nonce}'`);
    for (const rule of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "form-action 'self'",
      "base-uri 'self'",
    ]) {
      expect(policy).toContain(rule);
    }
    expect(policy.match(/script-src[^;]*/)?.[0]).not.toContain('unsafe');
    const html = await response.text();
    const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)([^>]*)>/g)].map((match) => match[1]);
    expect(inline.length).toBeGreaterThan(0);
    for (const attributes of inline) expect(attributes).toContain(`nonce="${nonce}"`);
    expect((await web.request('/login')).headers.get('Content-Security-Policy')).not.toBe(policy);
    expect(response.headers.get('Referrer-Policy')).toBe('same-origin');
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(response.headers.get('X-Powered-By')).toBeNull();
    expect(response.headers.get('Cache-Control')).toBe('private, no-cache');
  });

  it('speak of HSTS over https only', async () => {
    expect((await web.request('/login')).headers.get('Strict-Transport-Security')).toBeNull();
    const proxied = await secure.request('/login', {
      headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'ops.example' },
    });
    expect(proxied.headers.get('Strict-Transport-Security')).toContain('max-age=');
  });

  it('carry a request id of our own, never the client’s', async () => {
    const response = await web.request('/login', { headers: { 'X-Request-Id': 'forged' } });
    expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('mark built files as unchanging and never a missing one', async () => {
    const response = await web.request('/assets/no-such-file.js');
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([404, 'no-store']);
  });
});

describe('writes', () => {
  const forged: [string, Record<string, string>][] = [
    ['another origin', { Origin: 'https://evil.example' }],
    ['an opaque origin', { Origin: 'null' }],
    ['the same host on another port', { Origin: 'http://127.0.0.1:1' }],
    ['a cross-site request without Origin', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a same-site request without Origin', { 'Sec-Fetch-Site': 'same-site' }],
    ['a client that says nothing', {}],
    ['a forged forwarded host', { Origin: 'https://evil.example', 'X-Forwarded-Host': 'evil.example' }],
  ];
  it.each(forged)('are refused from %s, and change nothing', async (_name, headers) => {
    const cookie = await cookieOf(await app.asRole('admin'));
    const sessions = await app.database.client.session.count();
    const status = await new Promise<number>((resolve, reject) => {
      // Not fetch: it adds Sec-Fetch headers of its own.
      const request = http.request(
        `${web.origin}/logout`,
        { method: 'POST', headers: { cookie, ...headers } },
        (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        },
      );
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(403);
    expect(await app.database.client.session.count()).toBe(sessions);
  });

  it('are taken from our own pages, with Origin or with Sec-Fetch-Site', async () => {
    const cookie = await cookieOf(await app.asRole('viewer'));
    const statusOf = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        const options = {
          method: 'POST',
          headers: {
            cookie,
            'Content-Type': 'application/x-www-form-urlencoded',
            'Content-Length': '0',
            ...headers,
          },
        };
        const request = http.request(`${web.origin}/logout`, options, (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        });
        request.on('error', reject);
        request.end();
      });
    expect(await statusOf({ 'Sec-Fetch-Site': 'same-origin' })).toBe(303);
    expect(await statusOf({ Origin: web.origin })).toBe(303);
  });

  it('are taken at the public address behind a proxy that rewrites Host', async () => {
    const response = await secure.request('/logout', {
      ...formBody({}),
      headers: { Origin: 'https://ops.example', 'X-Forwarded-Proto': 'https' },
    });
    expect(response.status).toBe(303);
  });

  it('are refused over the size limit and without a length', async () => {
    const large = await web.request('/login', { ...formBody({ email: 'x'.repeat(1_000_001) }) });
    expect(large.status).toBe(413);
    const chunked = await new Promise<number>((resolve, reject) => {
      const request = http.request(
        `${web.origin}/login`,
        { method: 'POST', headers: { Origin: web.origin, 'Transfer-Encoding': 'chunked' } },
        (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        },
      );
      request.on('error', reject);
      request.end('email=x');
    });
    expect(chunked).toBe(400);
  });
});

describe('the host name', () => {
  const statusOf = (server: TestWebServer, host: string, path = '/login') =>
    new Promise<number>((resolve, reject) => {
      http
        .get(`${server.origin}${path}`, { headers: { Host: host } }, (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        })
        .on('error', reject);
    });

  it('must be ours, but for the health that probes ask', async () => {
    expect(await statusOf(web, 'rebound.example:3000')).toBe(400);
    expect(await statusOf(web, 'localhost:3000')).toBe(200);
    expect(await statusOf(web, '10.0.0.7:3000', '/api/health')).toBe(503);
    expect(await statusOf(secure, 'ops.example')).toBe(200);
    expect(await statusOf(secure, 'other.example')).toBe(400);
  });
});

describe('health', () => {
  it('is 503 without a worker and 200 with one that lives', async () => {
    const read = async () => {
      const response = await web.request('/api/health');
      expect(response.headers.get('Cache-Control')).toBe('no-cache, no-store, must-revalidate');
      return { status: response.status, body: (await response.json()) as Health };
    };
    const without = await read();
    expect([without.status, without.body.status]).toEqual([503, 'unhealthy']);
    expect(without.body.checks.map((check) => [check.name, check.status])).toEqual([
      ['database', 'ok'],
      ['worker', 'failed'],
      ['events', 'ok'],
      ['disk', 'ok'],
      ['outbound', 'ok'],
    ]);
    expect(without.body).toMatchObject({ version: 'test', timestamp: expect.stringMatching(/Z$/) });
    const id = app.ids.uuid();
    await app.database.client.worker.create({ data: { id, hostname: 'test', pid: 1 } });
    const well = await read();
    expect([well.status, well.body.status]).toEqual([200, 'healthy']);
    await app.database.client.$executeRaw`
      UPDATE worker SET last_seen_at = clock_timestamp() - interval '16 seconds' WHERE id = ${id}::uuid`;
    const silent = await read();
    expect(silent.status).toBe(503);
    expect(silent.body.checks[1]?.message).toBe('No worker for 16 s: runs wait.');
  });
});

describe('without a database', () => {
  it('says so with 503 instead of failing in some way', async () => {
    const gone = await createWebTestApp();
    const server = await startTestWebServer(gone);
    const cookie = await cookieOf(await gone.asRole('admin'));
    expect((await server.request('/audit', { cookie })).status).toBe(200);
    await gone.testDatabase.drop();
    const page = await server.request('/audit', { cookie, headers: { Accept: 'text/html' } });
    expect([page.status, page.headers.get('Retry-After')]).toEqual([503, '5']);
    expect(await page.text()).toContain('cannot reach its database');
    const write = await server.request('/logout', { ...formBody({}), cookie });
    expect(write.status).toBe(503);
    const health = await server.request('/api/health');
    expect(health.status).toBe(503);
    const checks = ((await health.json()) as Health).checks;
    expect(checks.find((check) => check.name === 'database')?.message).toBe(
      'The database check could not be made.',
    );
    await server.close();
    await gone.close();
  });
});
