import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFirstAdmin, createSetupLink } from '#server/auth/commands/create-first-admin';
import { seedDemoPeople } from '#server/auth/commands/seed-demo-people';
import { login, logout, reauthenticate } from '#server/auth/commands/sign-in';
import { DEMO_PEOPLE } from '#server/auth/demo';
import { FAILURES_PER_ADDRESS, FAILURES_PER_EMAIL } from '#server/auth/login-limit';
import { hashPassword, verifyPassword } from '#server/auth/passwords';
import { checkSetupLink, listDemoPeople, needsSetup } from '#server/auth/queries';
import { findSession, isSessionLive } from '#server/auth/session';
import { hashToken } from '#server/auth/tokens';
import { ANONYMOUS, type Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { randomIds } from '#server/platform/ids';
import { createTestApp, type TestApp } from '#server/testing/context';

const PASSWORD = 'a long enough password';
let app: TestApp;
let nextAddress = 0;

beforeAll(async () => {
  app = await createTestApp();
});
afterAll(async () => {
  await app.close();
});

/** A visitor of an address of their own, so that limits of tests do not meet. */
function visitor(address?: string): Ctx {
  nextAddress += 1;
  return app.for(ANONYMOUS, { ipAddress: address ?? `10.0.0.${nextAddress}`, userAgent: 'test' });
}

async function person(
  overrides: { email?: string; disabledAt?: Date } = {},
): Promise<{ id: string; email: string }> {
  const id = randomIds.uuid();
  const email = overrides.email ?? `${id}@people.example`;
  await app.database.client.user.create({
    data: {
      id,
      name: 'Person',
      role: 'viewer',
      passwordHash: await hashPassword(PASSWORD),
      ...overrides,
      email,
    },
  });
  return { id, email };
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

function actionsAbout(targetLabel: string): Promise<string[]> {
  return app.database.client.auditEntry
    .findMany({ where: { targetLabel }, orderBy: { id: 'asc' } })
    .then((rows) => rows.map((row) => `${row.actorType} ${row.action}`));
}

describe('passwords', () => {
  it('are hashed with argon2id at the cost that OWASP allows', async () => {
    const hashed = await hashPassword(PASSWORD);
    expect(hashed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifyPassword(hashed, PASSWORD)).toBe(true);
    expect(await verifyPassword(hashed, `${PASSWORD} `)).toBe(false);
  });

  it('never fit a person without a hash, not even the decoy itself', async () => {
    expect(await verifyPassword(null, 'the decoy of nobody')).toBe(false);
  });
});

describe('login', () => {
  it('opens a session that is kept as a hash only, and audits it', async () => {
    const { id, email } = await person();
    const { token, viewer } = await login(visitor(), {
      email: `  ${email.toUpperCase()} `,
      password: PASSWORD,
    });
    expect(viewer).toEqual({ id, email, name: 'Person', role: 'viewer' });
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const rows = await app.database.client.session.findMany({ where: { userId: id } });
    expect(rows.map((row) => row.id)).toEqual([hashToken(token)]);
    const session = await findSession(visitor(), token);
    expect(session?.viewer.id).toBe(id);
    expect(await actionsAbout(email)).toEqual(['user auth.login']);
  });

  it('gives a new token each time and ends the session the request came with', async () => {
    const { email } = await person();
    const first = await login(visitor(), { email, password: PASSWORD });
    const again = visitor().as(ANONYMOUS, { sessionId: hashToken(first.token) });
    const second = await login(again, { email, password: PASSWORD });
    expect(second.token).not.toBe(first.token);
    expect(await findSession(visitor(), first.token)).toBeNull();
    expect(await findSession(visitor(), second.token)).not.toBeNull();
  });

  it('tells nobody whether the person or the password is wrong, and audits the failure', async () => {
    const { email } = await person();
    const disabled = await person({ disabledAt: new Date() });
    const wrong = await failureOf(login(visitor(), { email, password: 'not it' }));
    const unknown = await failureOf(login(visitor(), { email: 'nobody@people.example', password: 'not it' }));
    const closed = await failureOf(login(visitor(), { email: disabled.email, password: PASSWORD }));
    expect([wrong, unknown, closed].map((error) => [error.kind, error.message])).toEqual(
      Array(3).fill(['unprocessable', wrong.message]),
    );
    expect(await actionsAbout(email)).toEqual(['anonymous auth.login.failed']);
    expect(await actionsAbout('nobody@people.example')).toEqual(['anonymous auth.login.failed']);
  });

  it('names each field that is wrong', async () => {
    const error = await failureOf(login(visitor(), { email: 'nope', password: '' }));
    expect(error.kind).toBe('invalid_input');
    expect(Object.keys(error.fields ?? {}).sort()).toEqual(['email', 'password']);
  });

  it(`looks at no attempt after ${FAILURES_PER_EMAIL} failures of an e-mail, from wherever they come`, async () => {
    const { email } = await person();
    for (let attempt = 0; attempt < FAILURES_PER_EMAIL; attempt += 1) {
      expect((await failureOf(login(visitor(), { email, password: 'not it' }))).kind).toBe('unprocessable');
    }
    const refused = await failureOf(login(visitor(), { email, password: PASSWORD }));
    expect(refused.kind).toBe('rate_limited');
    expect(refused.retryAfterSeconds).toBeGreaterThan(14 * 60);
    expect(refused.retryAfterSeconds).toBeLessThanOrEqual(15 * 60);
    const admin = new pg.Client({ connectionString: app.testDatabase.adminUrl });
    await admin.connect();
    await admin.query(`UPDATE login_failure SET at = at - interval '15 minutes' WHERE email = $1`, [email]);
    await admin.end();
    expect((await login(visitor(), { email, password: PASSWORD })).viewer.email).toBe(email);
  });

  it('forgets the failures of an e-mail after a success', async () => {
    const { email } = await person();
    for (let round = 0; round < 2; round += 1) {
      for (let attempt = 1; attempt < FAILURES_PER_EMAIL; attempt += 1) {
        await failureOf(login(visitor(), { email, password: 'not it' }));
      }
      await login(visitor(), { email, password: PASSWORD });
    }
    expect(await app.database.client.loginFailure.count({ where: { email } })).toBe(0);
  });

  it(`looks at no attempt after ${FAILURES_PER_ADDRESS} failures from an address`, async () => {
    const address = '10.9.9.9';
    const { email } = await person();
    await Promise.all(
      Array.from({ length: FAILURES_PER_ADDRESS }, (_each, at) =>
        failureOf(login(visitor(address), { email: `guess${at}@people.example`, password: 'not it' })),
      ),
    );
    expect((await failureOf(login(visitor(address), { email, password: PASSWORD }))).kind).toBe(
      'rate_limited',
    );
    expect((await login(visitor(), { email, password: PASSWORD })).viewer.email).toBe(email);
  });

  it('lets no more attempts pass together than one after another', async () => {
    const { email } = await person();
    for (let attempt = 1; attempt < FAILURES_PER_EMAIL; attempt += 1) {
      await failureOf(login(visitor(), { email, password: 'not it' }));
    }
    const together = Array.from({ length: 8 }, () =>
      failureOf(login(visitor(), { email, password: 'not it' })),
    );
    const kinds = (await Promise.all(together)).map((error) => error.kind).sort();
    expect(kinds).toEqual([...Array(7).fill('rate_limited'), 'unprocessable']);
  });
});

describe('sessions', () => {
  async function signedIn() {
    const who = await person();
    const { token, viewer } = await login(visitor(), { email: who.email, password: PASSWORD });
    const ctx = app.for(
      { type: 'user', id: viewer.id, name: viewer.name, role: viewer.role },
      { sessionId: hashToken(token), ipAddress: visitor().request.ipAddress },
    );
    return { ...who, token, ctx };
  }

  it('slide with use, at most once a minute', async () => {
    const { token } = await signedIn();
    expect((await findSession(visitor(), token))?.wasRenewed).toBe(false);
    await app.database.client.$executeRaw`
      UPDATE session SET last_seen_at = last_seen_at - interval '61 seconds', expires_at = expires_at - interval '6 hours'
      WHERE id = ${hashToken(token)}`;
    const before = await findSession(visitor(), token);
    expect(before?.wasRenewed).toBe(true);
    const after = await findSession(visitor(), token);
    expect(after?.wasRenewed).toBe(false);
    expect(after?.expiresAt.getTime()).toBeGreaterThan((before?.expiresAt.getTime() ?? 0) + 5 * 3_600_000);
  });

  it('end at their expiry', async () => {
    const { token, ctx } = await signedIn();
    expect(await isSessionLive(ctx)).toBe(true);
    await app.database.client
      .$executeRaw`UPDATE session SET expires_at = clock_timestamp() WHERE id = ${hashToken(token)}`;
    expect(await findSession(visitor(), token)).toBeNull();
    expect(await isSessionLive(ctx)).toBe(false);
  });

  it('end SESSION_MAX_DAYS after their login, however much they are used', async () => {
    const { token, ctx } = await signedIn();
    const id = hashToken(token);
    const days = app.env.SESSION_MAX_DAYS;
    // Used until an hour before its end: what is left is that hour.
    await app.database.client.$executeRaw`
      UPDATE session SET created_at = now() - make_interval(days => ${days}, hours => -1),
        last_seen_at = now() - interval '2 minutes', expires_at = now() + interval '5 hours' WHERE id = ${id}`;
    const session = await findSession(visitor(), token);
    expect(session?.wasRenewed).toBe(true);
    const { expiresAt } = await app.database.client.session.findUniqueOrThrow({ where: { id } });
    expect(expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(3_600_000 + 5_000);
    expect(await isSessionLive(ctx)).toBe(true);
    await app.database.client.$executeRaw`
      UPDATE session SET created_at = now() - make_interval(days => ${days}),
        expires_at = now() + interval '5 hours' WHERE id = ${id}`;
    expect(await findSession(visitor(), token)).toBeNull();
    expect(await isSessionLive(ctx)).toBe(false);
  });

  it('end at once for a disabled person', async () => {
    const { token, id, ctx } = await signedIn();
    await app.database.client.user.update({ where: { id }, data: { disabledAt: new Date() } });
    expect(await findSession(visitor(), token)).toBeNull();
    expect(await isSessionLive(ctx)).toBe(false);
  });

  it('end with a logout, which is audited once', async () => {
    const { token, ctx } = await signedIn();
    await logout(ctx, {});
    await logout(ctx, {});
    expect(await findSession(visitor(), token)).toBeNull();
    const entries = await app.database.client.auditEntry.count({
      where: { action: 'auth.logout', actorId: ctx.actor.id },
    });
    expect(entries).toBe(1);
  });

  it('note when the password was proved again, and only then', async () => {
    const { token, ctx } = await signedIn();
    await app.database.client.$executeRaw`
      UPDATE session SET reauthenticated_at = reauthenticated_at - interval '1 hour' WHERE id = ${hashToken(token)}`;
    const age = async () =>
      Date.now() - ((await findSession(visitor(), token))?.reauthenticatedAt.getTime() ?? 0);
    expect((await failureOf(reauthenticate(ctx, { password: 'not it' }))).kind).toBe('unprocessable');
    expect(await age()).toBeGreaterThan(3_500_000);
    await reauthenticate(ctx, { password: PASSWORD });
    expect(await age()).toBeLessThan(60_000);
    expect((await failureOf(reauthenticate(visitor(), { password: PASSWORD }))).kind).toBe('unauthenticated');
  });
});

describe('the first admin', () => {
  let empty: TestApp;
  beforeAll(async () => {
    empty = await createTestApp({ env: { DEMO_PEOPLE: 'true' } });
  });
  afterAll(async () => {
    await empty.close();
  });
  const input = (token: string, email: string) => ({ token, name: 'First', email, password: PASSWORD });
  const guest = () => empty.for(ANONYMOUS, { ipAddress: '10.1.1.1' });
  const newLink = async () => {
    const link = await createSetupLink(empty.system, {});
    return link?.path.replace('/setup/', '') ?? '';
  };

  it('cannot be made with a foreign, an ended or an incomplete link', async () => {
    const ended = await newLink();
    await empty.database.client.$executeRaw`UPDATE setup_link SET expires_at = clock_timestamp()`;
    for (const token of [ended, 'x'.repeat(43)]) {
      expect(await checkSetupLink(guest(), { token })).toEqual({ isOpen: false });
      expect((await failureOf(createFirstAdmin(guest(), input(token, 'a@x.example')))).kind).toBe(
        'not_found',
      );
    }
    expect((await failureOf(createFirstAdmin(guest(), input('short', 'a@x.example')))).kind).toBe(
      'invalid_input',
    );
    expect(await empty.database.client.user.count()).toBe(0);
  });

  it('is one person when several use links at once, demo people or not', async () => {
    await seedDemoPeople(empty.system, {});
    expect(await needsSetup(guest(), {})).toBe(true);
    const [one, two] = [await newLink(), await newLink()];
    const results = await Promise.allSettled(
      [one, one, two, two].map((token, at) =>
        createFirstAdmin(guest(), input(token, `admin${at}@x.example`)),
      ),
    );
    const made = results.filter((result) => result.status === 'fulfilled');
    expect(made).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect((result.reason as AppError).kind).toBe('not_found');
    }
    const admins = await empty.database.client.user.findMany({ where: { isDemo: false } });
    expect(admins.map((admin) => admin.role)).toEqual(['admin']);
    expect((await findSession(guest(), made[0]?.value.token ?? ''))?.viewer.role).toBe('admin');
    expect(await checkSetupLink(guest(), { token: two })).toEqual({ isOpen: false });
    expect(await createSetupLink(empty.system, {})).toBeNull();
    expect(await needsSetup(guest(), {})).toBe(false);
  });
});

describe('demo people', () => {
  const people = { email: DEMO_PEOPLE[0]?.email ?? '', password: DEMO_PEOPLE[0]?.password ?? '' };

  it('are refused unless asked for on loopback without a proxy', async () => {
    for (const env of [
      {},
      { DEMO_PEOPLE: 'true', HOST: '0.0.0.0' },
      { DEMO_PEOPLE: 'true', TRUST_PROXY: '1' },
      { DEMO_PEOPLE: 'true', PUBLIC_URL: 'https://ops.example' },
    ] as Record<string, string>[]) {
      const other = await createTestApp({ env, database: app.testDatabase });
      expect((await failureOf(seedDemoPeople(other.system, {}))).kind).toBe('unprocessable');
      expect(await listDemoPeople(other.for(ANONYMOUS), {})).toEqual([]);
      await other.close();
    }
  });

  it('sign in where allowed and are shut out, session and all, where not', async () => {
    const open = await createTestApp({ env: { DEMO_PEOPLE: 'true' }, database: app.testDatabase });
    expect(await seedDemoPeople(open.system, {})).toEqual({ added: DEMO_PEOPLE.length });
    expect(await seedDemoPeople(open.system, {})).toEqual({ added: 0 });
    expect(await listDemoPeople(open.for(ANONYMOUS), {})).toEqual(DEMO_PEOPLE);
    const { token } = await login(open.for(ANONYMOUS, { ipAddress: '10.2.2.2' }), people);
    expect(await findSession(open.for(ANONYMOUS), token)).not.toBeNull();
    expect(await findSession(visitor(), token)).toBeNull();
    expect((await failureOf(login(visitor(), people))).kind).toBe('unprocessable');
    await open.close();
  });
});
