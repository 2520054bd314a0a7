import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeToken } from '#server/auth/commands/manage-tokens';
import { hashToken } from '#server/auth/tokens';
import { webContextOf } from '#server/http/authenticate';
import { refuseUnknown } from '#server/http/refuse';
import { requestLog } from '#server/http/request-log';
import { sameOriginWrites } from '#server/http/same-origin';
import { securityHeaders } from '#server/http/security-headers';
import type { TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { addPerson, addToken } from '#server/testing/people';
import {
  cookieOf,
  createWebTestApp,
  formBody,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

let app: TestApp;
let web: TestWebServer;
let probe: Server;
let probeOrigin: string;

beforeAll(async () => {
  app = await createWebTestApp();
  await addPerson(app, 'admin');
  web = await startTestWebServer(app, { streams: { pollMs: 300, pingMs: 100, sessionCheckMs: 100 } });
  // The same layers before an endpoint that tells who it thinks is calling.
  const layers = express();
  layers.use(securityHeaders(), requestLog(app), sameOriginWrites(app.env));
  layers.all('*', async (req, res) => {
    try {
      const { ctx, session } = await webContextOf(app, req, res);
      res.json({ actor: ctx.actor, sessionId: ctx.request.sessionId ?? null, session: session?.id ?? null });
    } catch (error) {
      refuseUnknown(req, res, error);
    }
  });
  probe = createServer(layers);
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  probeOrigin = `http://127.0.0.1:${(probe.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  probe.closeAllConnections();
  await new Promise((resolve) => probe.close(resolve));
  await web.close();
  await app.close();
});

interface Seen {
  actor: { type: string; id: string | null; role: string | null; token?: { id: string; scopes: string[] } };
  sessionId: string | null;
  session: string | null;
  kind?: string;
  detail?: string;
}

async function ask(path: string, headers: Record<string, string | undefined>, method = 'GET') {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await fetch(`${probeOrigin}${path}`, {
    method,
    headers: { Accept: 'application/json', ...Object.fromEntries(given) },
    redirect: 'manual',
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Seen };
}

const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` });

describe('an Authorization header', () => {
  it('makes the caller its token’s person, and the cookie is not looked at', async () => {
    const person = await addPerson(app, 'responder');
    const other = await addPerson(app, 'admin');
    const { token, secret } = await addToken(person.ctx, ['runs.read']);
    const Cookie = await cookieOf(other.ctx);
    const { status, body, headers } = await ask('/api/v1/me', { ...bearer(secret), Cookie });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      actor: {
        type: 'user',
        id: person.id,
        role: 'responder',
        token: { id: token.id, scopes: ['runs.read'] },
      },
      sessionId: null,
      session: null,
    });
    expect(headers.get('Set-Cookie')).toBeNull();
    const asCookie = await ask('/api/v1/me', { Cookie });
    expect(asCookie.body.actor).toMatchObject({ id: other.id, role: 'admin' });
    expect(asCookie.body.actor.token).toBeUndefined();
    expect(asCookie.body.session).toBe(hashToken(Cookie.split('=')[1] ?? ''));
    const { lastUsedIp } = await app.database.client.apiToken.findUniqueOrThrow({ where: { id: token.id } });
    expect(lastUsedIp).toBe('127.0.0.1');
  });

  it('that opens nothing is refused, with a good cookie beside it too', async () => {
    const person = await addPerson(app, 'admin');
    const Cookie = await cookieOf(person.ctx);
    const revoked = await addToken(person.ctx, ['runs.read']);
    await revokeToken(person.ctx, { tokenId: revoked.token.id });
    const bad = [
      `Bearer ${revoked.secret}`,
      `Bearer hvo_${'x'.repeat(43)}`,
      'Bearer',
      'Bearer a b',
      `Basic ${Buffer.from(`${person.email}:whatever`).toString('base64')}`,
      `Token ${revoked.secret}`,
      revoked.secret,
      '',
    ];
    for (const path of ['/api/v1/me', '/api/v1', '/streams/live', '/api/health', '/login', '/']) {
      for (const Authorization of bad) {
        for (const cookie of [{}, { Cookie }]) {
          const { status, body, headers } = await ask(path, { Authorization, ...cookie });
          expect([status, body.kind], `${path} with "${Authorization}"`).toEqual([401, 'unauthenticated']);
          expect(headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"');
        }
      }
    }
    const { body } = await ask('/api/v1/me', bearer(revoked.secret));
    expect(body.detail).toContain(`revoked by ${person.name}`);
  });

  it('opens no page, however good its token is', async () => {
    const person = await addPerson(app, 'admin');
    const { secret } = await addToken(person.ctx, ['overview.read', 'runs.read', 'people.manage']);
    const { id } = (await addToken(person.ctx, ['runs.read'])).token;
    const Cookie = await cookieOf(person.ctx);
    const paths = [
      '/',
      '/runs',
      '/login',
      '/settings',
      '/api',
      '/api-reference',
      '/API/v1/me',
      '/x/../api/v1/me',
    ];
    for (const path of paths) {
      for (const cookie of [{}, { Cookie }]) {
        const { status, body } = await ask(path, { ...bearer(secret), ...cookie });
        // The client resolves dots before it sends.
        const isApi = path.includes('..');
        expect([status, body.kind], path).toEqual(isApi ? [200, undefined] : [401, 'unauthenticated']);
      }
    }
    for (const path of ['/', '/runs', '/audit', '/login']) {
      const response = await web.request(path, { headers: bearer(secret), cookie: Cookie });
      expect([path, response.status]).toEqual([path, 401]);
      expect(await response.text()).not.toContain(person.name);
    }
    const write = await web.request('/logout', { ...formBody({}), headers: bearer(secret), cookie: Cookie });
    expect(write.status).toBe(401);
    expect((await web.request('/runs', { cookie: Cookie })).status).toBe(200);
    expect((await app.database.client.apiToken.findUniqueOrThrow({ where: { id } })).lastUsedAt).toBeNull();
  });
});

describe('a write to the HTTP API', () => {
  const foreign = { Origin: 'https://elsewhere.example' };

  it('needs our origin only when it rests on our cookie', async () => {
    const person = await addPerson(app, 'viewer');
    const { secret } = await addToken(person.ctx, ['runs.read']);
    const Cookie = await cookieOf(person.ctx);
    const rows: [Record<string, string>, number][] = [
      [{ ...foreign }, 200],
      [{ Origin: 'null' }, 200],
      [{}, 200],
      [{ ...foreign, Cookie: 'other=1' }, 200],
      [{ ...foreign, ...bearer(secret) }, 200],
      [{ ...foreign, ...bearer(secret), Cookie }, 200],
      [{ ...foreign, ...bearer('nonsense'), Cookie }, 401],
      [{ ...foreign, Cookie }, 403],
      [{ Origin: 'null', Cookie }, 403],
      [{ Cookie }, 403],
      [{ ...foreign, Cookie: `other=1; ${Cookie}` }, 403],
      [{ 'Sec-Fetch-Site': 'same-site', Cookie }, 403],
      [{ 'Sec-Fetch-Site': 'same-origin', Cookie }, 200],
      [{ Origin: probeOrigin, Cookie }, 200],
    ];
    for (const method of ['POST', 'PATCH', 'DELETE', 'PUT']) {
      for (const [headers, expected] of rows) {
        const { status, body } = await ask('/api/v1/tokens', headers, method);
        expect(status, `${method} ${JSON.stringify(headers)}`).toBe(expected);
        if (status === 200) {
          const isBearer = 'Authorization' in headers;
          const isCookie = !isBearer && headers.Cookie?.includes(Cookie);
          expect(body.actor.id).toBe(isBearer || isCookie ? person.id : null);
        }
      }
    }
  });

  it('gives nothing away to addresses beside it', async () => {
    const person = await addPerson(app, 'viewer');
    const { secret } = await addToken(person.ctx, ['runs.read']);
    for (const path of [
      '/login',
      '/api/v1',
      '/api/v2/x',
      '/API/v1/x',
      '/api/v1x/x',
      '/streams/live',
      '/x/api/v1/',
    ]) {
      for (const headers of [{}, bearer(secret)]) {
        expect((await ask(path, { ...foreign, ...headers }, 'POST')).status, path).toBe(403);
      }
    }
    expect((await web.request('/login', { ...formBody({}), headers: foreign })).status).toBe(403);
  });
});

describe('a stream with a token', () => {
  it('runs within the scopes and ends when the token is revoked', async () => {
    const person = await addPerson(app, 'viewer');
    const { token, secret } = await addToken(person.ctx, ['overview.read', 'account.manage']);
    const narrow = await addToken(person.ctx, ['account.manage']);
    const refused = await web.request('/streams/live?environment=shop/production', {
      headers: bearer(narrow.secret),
    });
    expect(refused.status).toBe(403);
    expect((await web.request('/streams/live', { headers: bearer('nonsense') })).status).toBe(401);

    const stream = await web.request('/streams/live?environment=shop/production', {
      headers: bearer(secret),
    });
    expect(stream.status).toBe(200);
    let text = '';
    let isOver = false;
    const body = stream.body?.getReader();
    const decoder = new TextDecoder();
    const reading = (async () => {
      for (;;) {
        const chunk = await body?.read();
        if (!chunk || chunk.done) break;
        text += decoder.decode(chunk.value, { stream: true });
      }
      isOver = true;
    })();
    await eventually(async () => expect(text).not.toBe(''));
    const before = text;
    await eventually(async () => expect(text.length).toBeGreaterThan(before.length));
    expect(isOver).toBe(false);
    await revokeToken(person.ctx, { tokenId: token.id });
    await reading;
    expect(isOver).toBe(true);
  });
});
