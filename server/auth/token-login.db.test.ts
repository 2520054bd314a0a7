import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBearer } from '#server/auth/bearer';
import { createTokenWithPassword } from '#server/auth/commands/manage-tokens';
import { login } from '#server/auth/commands/sign-in';
import { permissionsOf } from '#server/auth/contract';
import { FAILURES_PER_EMAIL } from '#server/auth/login-limit';
import { createTestApp, type TestApp } from '#server/testing/context';
import { addPerson, failureOf, PASSWORD, visitor } from '#server/testing/people';

const DAY_MS = 24 * 3_600_000;
let app: TestApp;

beforeAll(async () => {
  app = await createTestApp();
});
afterAll(async () => {
  await app.close();
});

const use = (secret: string) => findBearer(visitor(app), `Bearer ${secret}`);

describe('a token for a password', () => {
  const input = (email: string, more: object = {}) => ({
    email,
    password: PASSWORD,
    name: 'ops login',
    ...more,
  });

  it('has all that the role has for 30 days, unless less is asked for', async () => {
    const { email, id } = await addPerson(app, 'manager');
    const { token, secret } = await createTokenWithPassword(visitor(app), input(` ${email.toUpperCase()}`));
    expect(token.scopes).toEqual(permissionsOf({ type: 'user', role: 'manager' }));
    expect(Date.parse(token.expiresAt) - Date.parse(token.createdAt)).toBeCloseTo(30 * DAY_MS, -4);
    expect((await use(secret ?? '')).id).toBe(id);
    const less = await createTokenWithPassword(
      visitor(app),
      input(email, { scopes: ['runs.read'], days: 1 }),
    );
    expect(less.token.scopes).toEqual(['runs.read']);
    const more = await failureOf(
      createTokenWithPassword(visitor(app), input(email, { scopes: ['people.manage'] })),
    );
    expect(more.kind).toBe('forbidden');
    const [entry] = await app.database.client.auditEntry.findMany({ where: { targetId: token.id } });
    expect([entry?.action, entry?.actorId]).toEqual(['auth.token.created', id]);
  });

  it('is refused, limited and recorded like a login', async () => {
    const { email } = await addPerson(app, 'viewer');
    const invited = await addPerson(app, 'viewer', { invited: true });
    const demo = await addPerson(app, 'viewer', { isDemo: true });
    const disabled = await addPerson(app, 'viewer');
    await app.database.client.user.update({ where: { id: disabled.id }, data: { disabledAt: new Date() } });
    const refusal = await failureOf(login(visitor(app), { email, password: 'not it' }));
    for (const who of ['nobody@people.example', invited.email, demo.email, disabled.email]) {
      const error = await failureOf(createTokenWithPassword(visitor(app), input(who)));
      expect([error.kind, error.message]).toEqual([refusal.kind, refusal.message]);
    }
    for (let attempt = 1; attempt < FAILURES_PER_EMAIL; attempt += 1) {
      await failureOf(createTokenWithPassword(visitor(app), { ...input(email), password: 'not it' }));
    }
    expect((await failureOf(createTokenWithPassword(visitor(app), input(email)))).kind).toBe('rate_limited');
    expect((await failureOf(login(visitor(app), { email, password: PASSWORD }))).kind).toBe('rate_limited');
    const failures = await app.database.client.auditEntry.findMany({ where: { targetLabel: email } });
    expect(failures.map((entry) => entry.action)).toEqual(
      Array(FAILURES_PER_EMAIL).fill('auth.login.failed'),
    );
  });
});
