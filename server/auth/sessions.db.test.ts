import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBearer } from '#server/auth/bearer';
import { changePassword } from '#server/auth/commands/manage-account';
import { endOtherSessions, endSession, endSessionsOf } from '#server/auth/commands/manage-sessions';
import { login } from '#server/auth/commands/sign-in';
import { sessionView } from '#server/auth/contract';
import { FAILURES_PER_EMAIL } from '#server/auth/login-limit';
import { hashPassword } from '#server/auth/passwords';
import { listSessions } from '#server/auth/queries';
import { findSession, isSessionLive } from '#server/auth/session';
import { hashToken } from '#server/auth/tokens';
import type { Ctx } from '#server/platform/context';
import { createTestApp, type TestApp } from '#server/testing/context';
import {
  type AddedPerson,
  addPerson,
  addToken,
  failureOf,
  PASSWORD,
  visitor,
  whileHeld,
} from '#server/testing/people';

const NEW_PASSWORD = 'another long password';
let app: TestApp;
let admin: AddedPerson;

beforeAll(async () => {
  app = await createTestApp();
  admin = await addPerson(app, 'admin');
});
afterAll(async () => {
  await app.close();
});

/** Signs a person in from one more browser; the context is that browser's. */
async function browserOf(person: AddedPerson): Promise<{ ctx: Ctx; id: string; token: string }> {
  const { token } = await login(visitor(app), { email: person.email, password: PASSWORD });
  const id = hashToken(token);
  return { token, id, ctx: person.ctx.as(person.ctx.actor, { sessionId: id }) };
}

async function throughToken(person: AddedPerson): Promise<Ctx> {
  const { secret } = await addToken(person.ctx, ['account.manage']);
  return app.for(await findBearer(visitor(app), `Bearer ${secret}`));
}

const idsOf = async (ctx: Ctx, everybody?: boolean) =>
  (await listSessions(ctx, { everybody })).map((session) => session.id);
const isOpen = async (token: string) => (await findSession(visitor(app), token)) !== null;
const auditOf = async (targetId: string) =>
  (await app.database.client.auditEntry.findMany({ where: { targetId }, orderBy: { id: 'asc' } }))
    .filter((entry) => entry.action !== 'auth.login')
    .map((entry) => `${entry.actorId === targetId ? 'self' : 'other'} ${entry.action}`);

describe('the list of sessions', () => {
  it('holds the caller’s open ones, their own first, and nothing that opens them', async () => {
    const person = await addPerson(app, 'viewer');
    const [one, two, ended] = [await browserOf(person), await browserOf(person), await browserOf(person)];
    await app.database.client.session.update({ where: { id: ended.id }, data: { expiresAt: new Date(0) } });
    const list = await listSessions(one.ctx, {});
    expect(list.map((each) => sessionView.parse(each))).toEqual(list);
    expect(list.map((each) => [each.id, each.isCurrent])).toEqual([
      [one.id, true],
      [two.id, false],
    ]);
    expect(list[0]).toMatchObject({ userId: person.id, userName: person.name, userAgent: 'test' });
    expect(list[0]?.ipAddress).toMatch(/^10\.20\./);
    expect(JSON.stringify(list)).not.toContain(one.token);
    for (const { id } of list) expect(await isOpen(id)).toBe(false);
  });

  it('holds everybody’s with people.manage only', async () => {
    const person = await addPerson(app, 'manager');
    const { id, ctx } = await browserOf(person);
    expect((await failureOf(listSessions(ctx, { everybody: true }))).kind).toBe('forbidden');
    expect(await idsOf(admin.ctx, true)).toContain(id);
    expect(await idsOf(admin.ctx)).not.toContain(id);
    const narrow = await throughToken(admin);
    expect((await failureOf(listSessions(narrow, { everybody: true }))).kind).toBe('forbidden');
    expect(await listSessions(app.system, {})).toEqual([]);
  });
});

describe('ending', () => {
  it('closes one session of one’s own, once', async () => {
    const person = await addPerson(app, 'viewer');
    const [one, two] = [await browserOf(person), await browserOf(person)];
    expect(await endSession(one.ctx, { sessionId: two.id })).toEqual({ ended: 1 });
    expect([await isOpen(one.token), await isOpen(two.token)]).toEqual([true, false]);
    expect(await isSessionLive(two.ctx)).toBe(false);
    expect((await failureOf(endSession(one.ctx, { sessionId: two.id }))).kind).toBe('not_found');
    expect((await failureOf(endSession(one.ctx, { sessionId: 'nonsense' }))).kind).toBe('invalid_input');
    expect(await auditOf(person.id)).toEqual(['self auth.session.ended']);
  });

  it('closes another person’s with people.manage only', async () => {
    const person = await addPerson(app, 'viewer');
    const { id, token } = await browserOf(person);
    const manager = await addPerson(app, 'manager');
    for (const ctx of [manager.ctx, await throughToken(admin)]) {
      expect((await failureOf(endSession(ctx, { sessionId: id }))).kind).toBe('not_found');
      expect((await failureOf(endSessionsOf(ctx, { userId: person.id }))).kind).toBe('forbidden');
    }
    expect(await isOpen(token)).toBe(true);
    await endSession(admin.ctx, { sessionId: id });
    expect(await isOpen(token)).toBe(false);
    expect(await auditOf(person.id)).toEqual(['other auth.session.ended']);
  });

  it('closes all others, and through a token all', async () => {
    const person = await addPerson(app, 'viewer');
    const bystander = await browserOf(await addPerson(app, 'viewer'));
    const [one, two, three] = [await browserOf(person), await browserOf(person), await browserOf(person)];
    expect(await endOtherSessions(one.ctx, {})).toEqual({ ended: 2 });
    expect(await Promise.all([one, two, three].map(({ token }) => isOpen(token)))).toEqual([
      true,
      false,
      false,
    ]);
    expect(await endOtherSessions(one.ctx, {})).toEqual({ ended: 0 });
    const asToken = await throughToken(person);
    expect(await endOtherSessions(asToken, {})).toEqual({ ended: 1 });
    expect([await isOpen(one.token), await isOpen(bystander.token)]).toEqual([false, true]);
    expect(await isSessionLive(asToken)).toBe(true);
    expect(await auditOf(person.id)).toEqual(['self auth.sessions.ended', 'self auth.sessions.ended']);
  });

  it('closes all of a person', async () => {
    const person = await addPerson(app, 'viewer');
    await browserOf(person);
    await browserOf(person);
    expect(await endSessionsOf(admin.ctx, { userId: person.id })).toEqual({ ended: 2 });
    expect(await endSessionsOf(admin.ctx, { userId: person.id })).toEqual({ ended: 0 });
    expect(await auditOf(person.id)).toEqual(['other auth.sessions.ended']);
    const unknown = { userId: '00000000-0000-7000-8000-000000000000' };
    expect((await failureOf(endSessionsOf(admin.ctx, unknown))).kind).toBe('not_found');
    expect((await failureOf(endOtherSessions(app.system, {}))).kind).toBe('unprocessable');
  });
});

describe('a changed password', () => {
  const change = (ctx: Ctx, currentPassword = PASSWORD, newPassword = NEW_PASSWORD) =>
    changePassword(ctx, { currentPassword, newPassword });

  it('opens, ends the other sessions, and keeps the one that asked and the tokens', async () => {
    const person = await addPerson(app, 'viewer');
    const [one, two] = [await browserOf(person), await browserOf(person)];
    const asToken = await throughToken(person);
    await app.database.client.$executeRaw`
      UPDATE session SET reauthenticated_at = reauthenticated_at - interval '1 hour' WHERE id = ${one.id}`;
    expect(await change(one.ctx)).toEqual({ ended: 1 });
    expect([await isOpen(one.token), await isOpen(two.token)]).toEqual([true, false]);
    expect(await isSessionLive(asToken)).toBe(true);
    const session = await findSession(visitor(app), one.token);
    expect(Date.now() - (session?.reauthenticatedAt.getTime() ?? 0)).toBeLessThan(60_000);
    await failureOf(login(visitor(app), { email: person.email, password: PASSWORD }));
    await login(visitor(app), { email: person.email, password: NEW_PASSWORD });
    expect(await auditOf(person.id)).toContain('self auth.password.changed');
  });

  it('needs the current one, through a token too, within the limit of a login', async () => {
    const person = await addPerson(app, 'viewer');
    const browser = await browserOf(person);
    const asToken = await throughToken(person);
    const short = await failureOf(change(browser.ctx, PASSWORD, 'short'));
    expect(Object.keys(short.fields ?? {})).toEqual(['newPassword']);
    for (let attempt = 0; attempt < FAILURES_PER_EMAIL; attempt += 1) {
      const error = await failureOf(change(attempt % 2 ? asToken : browser.ctx, 'not it'));
      expect([error.kind, Object.keys(error.fields ?? {})]).toEqual(['unprocessable', ['currentPassword']]);
    }
    expect((await failureOf(change(browser.ctx))).kind).toBe('rate_limited');
    expect(await isOpen(browser.token)).toBe(true);
    expect(await auditOf(person.id)).toEqual(
      Array(FAILURES_PER_EMAIL).fill('self auth.password.change-failed'),
    );
  });

  it('is the first of two that are chosen at once', async () => {
    const person = await addPerson(app, 'viewer');
    const browsers = [await browserOf(person), await browserOf(person)];
    const results = await Promise.allSettled(
      browsers.map(({ ctx }, at) => change(ctx, PASSWORD, `${NEW_PASSWORD} ${at}`)),
    );
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    const won = results.findIndex((result) => result.status === 'fulfilled');
    await login(visitor(app), { email: person.email, password: `${NEW_PASSWORD} ${won}` });
    expect((await Promise.all(browsers.map(({ token }) => isOpen(token))))[1 - won]).toBe(false);
  });

  it('is not chosen by demo people and the console itself', async () => {
    const demo = await addPerson(app, 'viewer', { isDemo: true });
    for (const ctx of [demo.ctx, app.system])
      expect((await failureOf(change(ctx))).kind).toBe('unprocessable');
  });
});

describe('a login that was looked at while the password changed', () => {
  it('does not come in with the old one', async () => {
    const person = await addPerson(app, 'viewer');
    const newHash = await hashPassword(NEW_PASSWORD);
    const change = {
      sql: 'UPDATE app_user SET password_hash = $1 WHERE id = $2',
      values: [newHash, person.id],
    };
    // The login looks at the old password, and then waits for what becomes of the person.
    const refused = await whileHeld(app, [change], 1, () =>
      failureOf(login(visitor(app), { email: person.email, password: PASSWORD })),
    );
    expect(refused.kind).toBe('unprocessable');
    expect(await idsOf(person.ctx)).toEqual([]);
    await login(visitor(app), { email: person.email, password: NEW_PASSWORD });
  });
});
