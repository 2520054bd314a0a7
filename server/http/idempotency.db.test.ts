import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS, type Permission } from '#server/auth/contract';
import { forgetOldRecords, RECORD_HOURS } from '#server/auth/idempotency';
import type { DeployPreview } from '#server/deployments/contract';
import { type ApiCall, callApi, expectProblem } from '#server/testing/api-client';
import { eventually } from '#server/testing/eventually';
import { createFixtureConsole, type FixtureConsole } from '#server/testing/fixture-console';
import { addPerson, addToken, PASSWORD } from '#server/testing/people';
import { snapshotOf } from '#server/testing/snapshot';
import { startTestWebServer, type TestWebServer } from '#server/testing/web-server';

const PLACE = '/api/v1/environments/shop/production';
const LOCK = `${PLACE}/lock`;
const EVERY_SCOPE = Object.keys(PERMISSIONS) as Permission[];

let fixture: FixtureConsole;
let web: TestWebServer;
let token: string;
let keys = 0;
function newKey(): string {
  keys += 1;
  return `key-${String(keys).padStart(6, '0')}`;
}
const call = (method: string, path: string, options: ApiCall = {}) =>
  callApi(web, method, path, { token, ...options });

beforeAll(async () => {
  fixture = await createFixtureConsole({}, { API_REQUESTS_PER_MINUTE: '100000' });
  web = await startTestWebServer(fixture.app);
  token = (await addToken((await addPerson(fixture.app, 'admin')).ctx, EVERY_SCOPE)).secret;
}, 60_000);
afterAll(async () => {
  await web.close();
  await fixture.close();
});

/** No run and no lock holds the environment. */
beforeEach(async () => {
  const { rows } = (await call('GET', '/api/v1/runs?status=queued')).body as { rows: { id: string }[] };
  for (const { id } of rows) await call('POST', `/api/v1/runs/${id}/cancel`, { body: { reason: 'Cleared' } });
  const { lock } = (await call('GET', PLACE)).body as { lock: { id: string } | null };
  if (lock) await call('POST', `${LOCK}/lift`, { body: { lockId: lock.id, reason: 'Cleared' } });
});

async function deployBody(): Promise<{ tag: string; planHash: string }> {
  const tag = fixture.shop.releases.first.tag;
  const plan = await call('GET', `${PLACE}/plans/deploy?tag=${tag}`);
  return { tag, planHash: (plan.body as DeployPreview).planHash };
}

const countRuns = () => fixture.app.system.db.run.count();
const recordOf = (key: string) => fixture.app.system.db.idempotencyRecord.findMany({ where: { key } });

describe('a repeated request', () => {
  it('made ten times at once is one run, and every one gets its answer', async () => {
    const body = await deployBody();
    const key = newKey();
    const before = await countRuns();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call('POST', `${PLACE}/deployments`, { body, key })),
    );
    expect(await countRuns()).toBe(before + 1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const [first] = answers.map((each) => each.body as { runId: string; created: boolean });
    if (!first) throw new Error('Nobody was answered');
    expect(new Set(answers.map((each) => JSON.stringify(each.body))).size).toBe(1);
    expect(first.created).toBe(true);
    expect(new Set(answers.map(({ headers }) => headers.get('Location')))).toEqual(
      new Set([`/api/v1/runs/${first.runId}`]),
    );
    expect(answers.filter(({ headers }) => headers.get('Idempotent-Replayed') === 'true')).toHaveLength(9);
    const entries = await fixture.app.system.db.auditEntry.findMany({ where: { runId: first.runId } });
    expect(entries).toHaveLength(1);
  });

  it('whose first answer was lost gets it again, even when the world has moved on', async () => {
    const body = await deployBody();
    const key = newKey();
    const before = await countRuns();
    const text = JSON.stringify(body);
    const { hostname, port } = new URL(web.origin);
    const head = [
      `POST ${PLACE}/deployments HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${text.length}`,
      `Idempotency-Key: ${key}`,
    ];
    // Nobody reads what this connection is answered.
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.write([...head, '', text].join('\r\n'));
    await eventually(async () => expect(await recordOf(key)).toHaveLength(1));
    socket.destroy();
    expect(await countRuns()).toBe(before + 1);
    const [run] = await fixture.app.system.db.run.findMany({ orderBy: { number: 'desc' }, take: 1 });
    await call('POST', `/api/v1/runs/${run?.id}/cancel`, { body: { reason: 'Something else first' } });
    const lock = await call('POST', LOCK, { body: { reason: 'No deploys for now' } });
    expect(lock.status).toBe(201);
    const again = await call('POST', `${PLACE}/deployments`, { body, key });
    expect([again.status, again.headers.get('Idempotent-Replayed')]).toEqual([202, 'true']);
    expect(again.body).toMatchObject({ runId: run?.id, number: run?.number, created: true });
    const fresh = await call('POST', `${PLACE}/deployments`, { body, key: newKey() });
    expectProblem(fresh, 423, 'locked');
    expect(await countRuns()).toBe(before + 1);
  });

  it('changes nothing and is answered with the same status, in whatever order its fields come', async () => {
    const key = newKey();
    const body = { service: 'shop', reason: 'Black Friday', startsAt: '2099-11-27T00:00:00Z' };
    const first = await call('POST', '/api/v1/freezes', {
      body: { ...body, endsAt: '2099-11-30T00:00:00Z' },
      key,
    });
    expect(first.status).toBe(201);
    const before = await snapshotOf(fixture.app);
    const again = await call('POST', '/api/v1/freezes', {
      body: { endsAt: '2099-11-30T00:00:00Z', ...body },
      key,
    });
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    expect(first.headers.get('Idempotent-Replayed')).toBeNull();
    expect(await snapshotOf(fixture.app)).toEqual(before);
  });

  it('without anything to tell has nothing to tell again', async () => {
    const made = await call('POST', LOCK, { body: { reason: 'A look' } });
    const body = { lockId: (made.body as { id: string }).id, reason: 'Looked' };
    const key = newKey();
    expect((await call('POST', `${LOCK}/lift`, { body, key })).status).toBe(204);
    const again = await call('POST', `${LOCK}/lift`, { body, key });
    expect([again.status, again.body, again.headers.get('Idempotent-Replayed')]).toEqual([
      204,
      undefined,
      'true',
    ]);
  });
});

describe('a key', () => {
  it('belongs to one request: another one with it is refused', async () => {
    const key = newKey();
    expect((await call('POST', LOCK, { body: { reason: 'The first reason' }, key })).status).toBe(201);
    const before = await snapshotOf(fixture.app);
    const otherInput = await call('POST', LOCK, { body: { reason: 'Another reason' }, key });
    expectProblem(otherInput, 422, 'unprocessable');
    const otherOperation = await call('POST', '/api/v1/end-other-sessions', { key });
    expectProblem(otherOperation, 422, 'unprocessable');
    const otherPlace = await call('POST', '/api/v1/environments/shop/practice/lock', {
      body: { reason: 'The first reason' },
      key,
    });
    expectProblem(otherPlace, 422, 'unprocessable');
    expect(await snapshotOf(fixture.app)).toEqual(before);
  });

  it('is its sender’s own', async () => {
    const key = newKey();
    const name = 'The same name';
    const other = await addPerson(fixture.app, 'admin');
    const otherToken = (await addToken(other.ctx, EVERY_SCOPE)).secret;
    const body = { name, scopes: ['runs.read'] };
    const mine = await call('POST', '/api/v1/tokens', { body, key });
    const theirs = await call('POST', '/api/v1/tokens', { body, key, token: otherToken });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.headers.get('Idempotent-Replayed')).toBeNull();
    expect(theirs.body).toMatchObject({ token: { ownerId: other.id }, secret: expect.any(String) });
    expect(await recordOf(key)).toHaveLength(2);
  });

  it('of a refused request may be used for the next attempt', async () => {
    const key = newKey();
    const held = await call('POST', LOCK, { body: { reason: 'Held by the first' } });
    const body = { reason: 'Held by the second' };
    expectProblem(await call('POST', LOCK, { body, key }), 409, 'conflict');
    expectProblem(await call('POST', LOCK, { body: { reason: '' }, key }), 400, 'invalid_input');
    expect(await recordOf(key)).toEqual([]);
    const lockId = (held.body as { id: string }).id;
    await call('POST', `${LOCK}/lift`, { body: { lockId, reason: 'Over' } });
    const made = await call('POST', LOCK, { body, key });
    expect([made.status, made.headers.get('Idempotent-Replayed')]).toEqual([201, null]);
  });

  it('still needs the permission that the request needed', async () => {
    const person = await addPerson(fixture.app, 'responder');
    const strong = (await addToken(person.ctx, ['environments.lock'])).secret;
    const weak = (await addToken(person.ctx, ['runs.read'])).secret;
    const key = newKey();
    const body = { reason: 'A look' };
    expect((await call('POST', LOCK, { body, key, token: strong })).status).toBe(201);
    expectProblem(await call('POST', LOCK, { body, key, token: weak }), 403, 'forbidden');
    expect((await call('POST', LOCK, { body, key, token: strong })).status).toBe(201);
  });

  it.each([
    ['too short', '7-chars'],
    ['too long', 'x'.repeat(201)],
    ['with a space', 'with space'],
    ['not ASCII', 'ümlaut-ümlaut'],
  ])('that is unusable is refused: %s', async (_what, key) => {
    const before = await snapshotOf(fixture.app);
    const answer = await call('POST', LOCK, { body: { reason: 'A look' }, key });
    expectProblem(answer, 400, 'invalid_input');
    expect(await snapshotOf(fixture.app)).toEqual(before);
  });

  it('means nothing to a read', async () => {
    const key = newKey();
    expect((await call('GET', '/api/v1/runs', { key })).status).toBe(200);
    expect((await call('GET', '/api/v1/runs?page=2', { key })).status).toBe(200);
    expect(await recordOf(key)).toEqual([]);
  });
});

describe('a secret', () => {
  it('is told once and kept nowhere', async () => {
    const key = newKey();
    const body = { name: 'Told once', scopes: ['runs.read'] };
    const first = (await call('POST', '/api/v1/tokens', { body, key })).body as { secret: string };
    expect(first.secret).toMatch(/^hvo_/);
    const again = await call('POST', '/api/v1/tokens', { body, key });
    expect([again.status, again.body]).toEqual([201, { ...first, secret: null }]);
    const person = { name: 'Invited', email: 'invited@people.example', role: 'viewer' };
    const invited = (await call('POST', '/api/v1/people', { body: person, key: newKey() })).body as {
      person: { id: string };
      link: { path: string };
    };
    const link = (await call('POST', `/api/v1/people/${invited.person.id}/link`, { key: newKey() })).body as {
      link: { path: string };
    };
    const kept = JSON.stringify(await fixture.app.system.db.idempotencyRecord.findMany());
    for (const secret of [first.secret, invited.link.path, link.link.path]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(kept).not.toContain(secret);
    }
  });

  it('such as a password leaves no trace with a key', async () => {
    const person = await addPerson(fixture.app, 'viewer');
    const key = newKey();
    const body = { email: person.email, password: PASSWORD, name: 'A terminal' };
    const login = () => call('POST', '/api/v1/login', { token: null, body, key });
    const [first, second] = [await login(), await login()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect((first.body as { secret: string }).secret).not.toBe((second.body as { secret: string }).secret);
    expect(await recordOf(key)).toEqual([]);
  });
});

describe('records', () => {
  it('are forgotten after a day, however many they are', async () => {
    const { db } = fixture.app.system;
    await db.$executeRaw`DELETE FROM idempotency_record`;
    await db.$executeRaw`
      INSERT INTO idempotency_record (sender, key, operation, fingerprint, created_at)
      SELECT 'user:old', 'key-' || n, 'x', 'x', clock_timestamp() - make_interval(hours => ${RECORD_HOURS}, mins => 1)
      FROM generate_series(1, 2500) n`;
    await db.$executeRaw`
      INSERT INTO idempotency_record (sender, key, operation, fingerprint, created_at)
      VALUES ('user:new', 'key-1', 'x', 'x', clock_timestamp() - make_interval(hours => ${RECORD_HOURS}, mins => -1))`;
    expect(await forgetOldRecords(fixture.app.system)).toBe(2_500);
    expect(await db.idempotencyRecord.findMany({ select: { sender: true } })).toEqual([
      { sender: 'user:new' },
    ]);
    expect(await forgetOldRecords(fixture.app.system)).toBe(0);
  });
});
