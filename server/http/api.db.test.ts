import http from 'node:http';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '#server/api/operation';
import { OPERATIONS } from '#server/api/operations';
import { disablePerson } from '#server/auth/commands/manage-people';
import { revokeToken } from '#server/auth/commands/manage-tokens';
import { PERMISSIONS, type Permission } from '#server/auth/contract';
import { type ApiAnswer, type ApiCall, callApi, expectProblem } from '#server/testing/api-client';
import type { TestApp } from '#server/testing/context';
import { addPerson, addToken } from '#server/testing/people';
import { snapshotOf } from '#server/testing/snapshot';
import {
  cookieOf,
  createWebTestApp,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

const LOCK = '/api/v1/environments/shop/production/lock';
const EVERY_SCOPE = Object.keys(PERMISSIONS) as Permission[];

let app: TestApp;
let web: TestWebServer;
let token: string;
const call = (method: string, path: string, options: ApiCall = {}): Promise<ApiAnswer> =>
  callApi(web, method, path, { token, ...options });

beforeAll(async () => {
  app = await createWebTestApp({
    env: { API_REQUESTS_PER_MINUTE: '100000', API_ANONYMOUS_PER_MINUTE: '100000' },
  });
  web = await startTestWebServer(app);
  const admin = await addPerson(app, 'admin');
  ({ secret: token } = await addToken(admin.ctx, EVERY_SCOPE));
  // The first use of a token is written down; later ones within a minute are not.
  await call('GET', '/api/v1/me');
});
afterAll(async () => {
  await web.close();
  await app.close();
});

/** Makes a call that must be refused, and looks whether it changed anything. */
async function refused(
  what: string,
  status: number,
  kind: Parameters<typeof expectProblem>[2],
  make: () => Promise<ApiAnswer>,
) {
  const before = await snapshotOf(app);
  const problem = expectProblem(await make(), status, kind, what);
  expect(await snapshotOf(app), what).toEqual(before);
  return problem;
}

describe('an answer', () => {
  it('says what was made, where it is, and that it must not be kept', async () => {
    const made = await call('POST', LOCK, { body: { reason: 'A look at the checkout' } });
    expect(made.status).toBe(201);
    expect(made.headers.get('Location')).toBe('/api/v1/environments/shop/production');
    expect(made.headers.get('Cache-Control')).toBe('no-store');
    expect(made.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(made.headers.get('Idempotent-Replayed')).toBeNull();
    const { id } = made.body as { id: string };
    const lifted = await call('POST', `${LOCK}/lift`, { body: { lockId: id, reason: 'Looked at' } });
    expect([lifted.status, lifted.body]).toEqual([204, undefined]);
    const again = await call('POST', `${LOCK}/lift`, { body: { lockId: id, reason: 'Looked at' } });
    expectProblem(again, 409, 'conflict');
  });

  it('to HEAD has the headers of GET and no body', async () => {
    const head = await call('HEAD', '/api/v1/environments');
    expect([head.status, head.body]).toEqual([200, undefined]);
    expect(head.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
  });

  it('comes to a write without any body where none is needed', async () => {
    const answer = await call('POST', '/api/v1/runs/00000000-0000-7000-8000-000000000000/resume');
    expectProblem(answer, 404, 'not_found');
  });

  it('comes to the session of a browser as well, and to its writes from our pages only', async () => {
    const Cookie = await cookieOf(await app.asRole('responder'));
    const me = await callApi(web, 'GET', '/api/v1/me', { headers: { Cookie } });
    expect(me.body).toMatchObject({ role: 'responder', token: null });
    const foreign = { Cookie, Origin: 'https://elsewhere.example' };
    await refused('a foreign page', 403, 'forbidden', () =>
      callApi(web, 'POST', LOCK, { headers: foreign, body: { reason: 'A forged lock' } }),
    );
    const own = await callApi(web, 'POST', '/api/v1/end-other-sessions', {
      headers: { Cookie, Origin: web.origin },
    });
    expect([own.status, own.body]).toEqual([200, { ended: 0 }]);
  });
});

describe('a body', () => {
  const bytes = (...values: number[]) => new Uint8Array(values);
  const malformed: [string, BodyInit][] = [
    ['cut off', '{"reason": "A look'],
    ['not JSON', 'reason=A+look'],
    ['a trailing comma', '{"reason": "A look",}'],
    ['a comment', '{"reason": "A look" /* why */}'],
    ['single quotes', "{'reason': 'A look'}"],
    ['no number', '{"reason": NaN}'],
    ['two documents', '{"reason": "A look"}{}'],
    ['only space', '  '],
    ['a list', '[]'],
    ['a text', '"A look"'],
    ['null', 'null'],
    ['malformed UTF-8', new Blob([bytes(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d)])],
    ['UTF-16', new Blob([Buffer.from('{"reason": "A look"}', 'utf16le')])],
    ['a zero byte', new Blob([bytes(0x00)])],
    ['deep lists', '['.repeat(400_000)],
    ['deep objects', '{"reason":'.repeat(50_000)],
    ['deep and well-formed', `{"reason":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
  ];
  it.each(malformed)('that is malformed is refused: %s', async (what, raw) => {
    await refused(what, 400, 'invalid_input', () =>
      call('POST', LOCK, { raw, headers: { 'Content-Type': 'application/json' } }),
    );
  });

  const strange: [string, string, string[]][] = [
    ['an unknown field', '{"reason": "A look", "extra": 1}', ['extra']],
    ['two of them', '{"a": 1, "reason": "A look", "b": {}}', ['a', 'b']],
    ['one of the prototype', '{"reason": "A look", "__proto__": {"reason": "x"}}', ['__proto__']],
    ['a constructor', '{"reason": "A look", "constructor": {}}', ['constructor']],
    ['what the address says', '{"reason": "A look", "service": "other"}', ['service']],
    ['the key of the body of old', '{"reason": "A look", "idempotencyKey": "12345678"}', ['idempotencyKey']],
    ['a field twice', '{"reason": "A look", "reason": "Another"}', ['reason']],
    ['a field twice, once escaped', '{"reason": "A look", "\\u0072eason": "Another"}', ['reason']],
  ];
  it.each(strange)('with %s is refused by name', async (what, raw, fields) => {
    const problem = await refused(what, 400, 'invalid_input', () =>
      call('POST', LOCK, { raw, headers: { 'Content-Type': 'application/json' } }),
    );
    expect(Object.keys(problem.fields ?? {}).sort()).toEqual(fields.sort());
  });

  const wrong: [string, unknown][] = [
    ['missing', undefined],
    ['a number', 5],
    ['null', null],
    ['a list', ['A look']],
    ['an object', { text: 'A look' }],
    ['too short', 'A'],
    ['blank', '      '],
    ['too long', 'x'.repeat(501)],
    ['a zero character', 'A look\0'],
    ['half a character', 'A look \ud83d'],
  ];
  it.each(wrong)('is refused when its field is wrong: %s', async (what, reason) => {
    const problem = await refused(what, 400, 'invalid_input', () => call('POST', LOCK, { body: { reason } }));
    expect(Object.keys(problem.fields ?? {})).toEqual(['reason']);
  });

  const types: [string, Record<string, string>][] = [
    ['text', { 'Content-Type': 'text/plain' }],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['other JSON', { 'Content-Type': 'application/ld+json' }],
    ['Latin-1', { 'Content-Type': 'application/json; charset=iso-8859-1' }],
    ['UTF-16', { 'Content-Type': 'application/json; charset=utf-16' }],
    ['compressed', { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }],
    ['nothing', {}],
  ];
  it.each(types)('of another type is refused: %s', async (what, headers) => {
    const text = '{"reason": "A look"}';
    const raw = new Blob(['Content-Encoding' in headers ? new Uint8Array(gzipSync(text)) : text]);
    await refused(what, 415, 'unsupported_media_type', () => call('POST', LOCK, { raw, headers }));
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'is read as %s',
    async (type) => {
      const answer = await call('POST', LOCK, { raw: '{}', headers: { 'Content-Type': type } });
      expect(Object.keys(expectProblem(answer, 400, 'invalid_input').fields ?? {})).toEqual(['reason']);
    },
  );

  it('over the limit, or of unknown length, is refused', async () => {
    await refused('oversize', 413, 'too_large', () =>
      call('POST', LOCK, { body: { reason: 'x'.repeat(1_000_001) } }),
    );
    const before = await snapshotOf(app);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Transfer-Encoding': 'chunked',
      };
      const request = http.request(`${web.origin}${LOCK}`, { method: 'POST', headers }, (res) => {
        expect(res.headers['content-type']).toBe('application/problem+json');
        res.resume();
        resolve(res.statusCode);
      });
      request.on('error', reject);
      request.end('{"reason": "A look"}');
    });
    expect(status).toBe(400);
    expect(await snapshotOf(app)).toEqual(before);
  });

  it('that breaks off changes nothing', async () => {
    const before = await snapshotOf(app);
    await new Promise<void>((resolve) => {
      const headers = {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Content-Length': '100',
      };
      const request = http.request(`${web.origin}${LOCK}`, { method: 'POST', headers });
      request.on('error', () => resolve());
      request.write('{"reason": "A look"}', () => request.destroy());
    });
    expect((await call('GET', '/api/v1/environments')).status).toBe(200);
    expect(await snapshotOf(app)).toEqual(before);
  });
});

describe('an address', () => {
  it('that does not exist is refused as a problem, to browsers too', async () => {
    for (const path of ['', '/', '/nowhere', '/runs/', '/Runs', '/environments/shop', '/v1']) {
      await refused(path, 404, 'not_found', () =>
        call('GET', `/api/v1${path}`, { headers: { Accept: 'text/html' } }),
      );
    }
    await refused('undecodable', 400, 'invalid_input', () => call('GET', '/api/v1/runs/%E0%A4%A'));
    await refused('beside the API', 404, 'not_found', () =>
      callApi(web, 'GET', '/api/nowhere', { headers: { Accept: 'text/html' } }),
    );
  });

  it('says which methods it takes', async () => {
    const rows: [string, string, string][] = [
      ['DELETE', LOCK, 'POST'],
      ['GET', LOCK, 'POST'],
      ['PUT', '/api/v1/runs', 'GET, HEAD'],
      ['OPTIONS', '/api/v1/tokens', 'GET, HEAD, POST'],
      ['POST', '/api/v1/openapi.json', 'GET, HEAD'],
    ];
    for (const [method, path, allow] of rows) {
      const before = await snapshotOf(app);
      const answer = await call(method, path);
      expectProblem(answer, 405, 'method_not_allowed', `${method} ${path}`);
      expect(answer.headers.get('Allow')).toBe(allow);
      expect(await snapshotOf(app)).toEqual(before);
    }
  });

  it('has strict fields in its path and its query', async () => {
    const rows: [string, string[]][] = [
      ['/runs?extra=1', ['extra']],
      ['/runs?page=1&page=2', ['page']],
      ['/runs?page=none', ['page']],
      ['/runs?page=', ['page']],
      ['/runs?page=0', ['page']],
      ['/runs?status=odd', ['status']],
      ['/runs?__proto__=1', ['__proto__']],
      ['/runs?search=%00', ['search']],
      ['/runs/nonsense', ['runId']],
      ['/run-numbers/0', ['number']],
      ['/run-numbers/x', ['number']],
      ['/environments/..%2F..%2Fetc/production', ['service']],
      ['/environments/shop/production?service=other', ['service']],
    ];
    for (const [path, fields] of rows) {
      const problem = await refused(path, 400, 'invalid_input', () => call('GET', `/api/v1${path}`));
      expect(Object.keys(problem.fields ?? {}), path).toEqual(fields);
    }
    await refused('a query on a write', 400, 'invalid_input', () =>
      call('POST', `${LOCK}?reason=A+look+around`, { body: { reason: 'A look' } }),
    );
    await refused('an unknown service', 404, 'not_found', () =>
      call('GET', '/api/v1/environments/nowhere/production'),
    );
  });
});

describe('a caller', () => {
  it('without a token that opens is refused, and told how to do better', async () => {
    const gone = await addPerson(app, 'responder');
    const disabled = await addToken(gone.ctx, ['environments.lock']);
    await disablePerson((await addPerson(app, 'admin')).ctx, { userId: gone.id, reason: 'Left' });
    const person = await addPerson(app, 'responder');
    const expired = await addToken(person.ctx, ['environments.lock']);
    await app.database.client.$executeRaw`
      UPDATE api_token SET created_at = clock_timestamp() - interval '2 days', expires_at = clock_timestamp() - interval '1 second'
      WHERE id = ${expired.token.id}::uuid`;
    const revoked = await addToken(person.ctx, ['environments.lock']);
    await revokeToken(person.ctx, { tokenId: revoked.token.id });
    const rows: [string, string | null, RegExp][] = [
      ['none', null, /not signed in/],
      ['unknown', `hvo_${'x'.repeat(43)}`, /not one of this console/],
      ['expired', expired.secret, /expired/],
      ['revoked', revoked.secret, /revoked/],
      ['of a disabled person', disabled.secret, /disabled/],
    ];
    for (const [what, secret, detail] of rows) {
      const problem = await refused(what, 401, 'unauthenticated', async () => {
        const answer = await call('POST', LOCK, { token: secret, body: { reason: 'A look' } });
        expect(answer.headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
        return answer;
      });
      expect(problem.detail).toMatch(detail);
      expect(problem.detail).toContain('Nothing was changed.');
    }
  });

  it('without the permission, or whose token lacks the scope, is refused before the body is read', async () => {
    const viewer = await addPerson(app, 'viewer');
    const weak = await addToken(viewer.ctx, ['overview.read']);
    const narrow = await addToken((await addPerson(app, 'admin')).ctx, ['overview.read']);
    for (const { secret } of [weak, narrow]) await call('GET', '/api/v1/me', { token: secret });
    for (const [secret, hint] of [
      [weak.secret, /Needs the role/],
      [narrow.secret, /does not have the scope environments.lock/],
    ] as const) {
      const problem = await refused('forbidden', 403, 'forbidden', () =>
        call('POST', LOCK, { token: secret, raw: 'nonsense' }),
      );
      expect(problem.hint).toMatch(hint);
    }
  });
});

describe('any input', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('shop', 'production', 'v1', 'true', '1', '0'.repeat(64), '\0', '\ud800'),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.uuid(),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
  );

  it('gets an answer or a refusal, and is no failure of ours', async () => {
    for (const [id, operation] of Object.entries(OPERATIONS) as unknown as [string, Operation][]) {
      const names = Object.keys(operation.input._zod.def.shape);
      const inPath = names.filter((name) => operation.path.includes(`{${name}}`));
      const fields = Object.fromEntries(
        names.map((name) => [name, fc.option(value, { nil: undefined, freq: 3 })]),
      );
      await fc.assert(
        fc.asyncProperty(fc.record(fields), async (input) => {
          const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
            encodeURIComponent(wellFormed(input[name])),
          );
          const rest = Object.entries(input).filter(
            ([name, given]) => !inPath.includes(name) && given !== undefined,
          );
          const isRead = operation.method === 'get';
          const query = isRead
            ? `?${rest.map(([name, given]) => `${name}=${encodeURIComponent(wellFormed(given))}`).join('&')}`
            : '';
          const answer = await call(operation.method.toUpperCase(), `/api/v1${path}${query}`, {
            ...(isRead ? {} : { body: Object.fromEntries(rest) }),
          });
          expect(answer.status, JSON.stringify({ id, input, body: answer.body })).toBeLessThan(500);
        }),
        { numRuns: 12 },
      );
    }
  }, 120_000);
});

/** A path or query cannot carry half a character, and no empty segment. */
function wellFormed(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return Buffer.from(text ?? 'x').toString('utf8') || 'x';
}
