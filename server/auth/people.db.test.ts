import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBearer } from '#server/auth/bearer';
import { createFirstAdmin, createSetupLink } from '#server/auth/commands/create-first-admin';
import { acceptInvitation } from '#server/auth/commands/join';
import {
  changeRole,
  createPerson,
  disablePerson,
  enablePerson,
  renewLink,
} from '#server/auth/commands/manage-people';
import { seedDemoPeople } from '#server/auth/commands/seed-demo-people';
import { login } from '#server/auth/commands/sign-in';
import { type PersonView, permissionsOf, personView, type SetupLink } from '#server/auth/contract';
import {
  checkInvitation,
  checkSetupLink,
  listDemoPeople,
  listPeople,
  needsSetup,
} from '#server/auth/queries';
import { findSession, openSession } from '#server/auth/session';
import { hashToken } from '#server/auth/tokens';
import { createTestApp, type TestApp } from '#server/testing/context';
import { type AddedPerson, addPerson, addToken, failureOf, PASSWORD, visitor } from '#server/testing/people';

const NEW_PASSWORD = 'another long password';
let app: TestApp;
let admin: AddedPerson;

beforeAll(async () => {
  app = await createTestApp();
  admin = await addPerson(app, 'admin', { name: 'Constant Admin' });
});
afterAll(async () => {
  await app.close();
});

let nextEmail = 0;
const newcomer = (role = 'responder') => {
  nextEmail += 1;
  return { name: 'New Person', email: `new${nextEmail}@people.example`, role };
};
const tokenOf = (link: SetupLink | null) => link?.path.replace('/join/', '') ?? '';
const seen = async (id: string): Promise<PersonView | undefined> =>
  (await listPeople(admin.ctx, {})).find((person) => person.id === id);

async function auditOf(targetId: string) {
  const rows = await app.database.client.auditEntry.findMany({ where: { targetId }, orderBy: { id: 'asc' } });
  return rows.map(({ action, actorName, reason, details }) => ({ action, actorName, reason, details }));
}

describe('a new person', () => {
  it('is invited with a link that opens once and lets them choose a password', async () => {
    const input = newcomer();
    const { person, link } = await createPerson(admin.ctx, {
      ...input,
      email: ` ${input.email.toUpperCase()} `,
    });
    expect(personView.parse(person)).toEqual(person);
    expect(person).toMatchObject({
      ...input,
      status: 'invited',
      isDemo: false,
      openSessions: 0,
      lastSeenAt: null,
    });
    expect(link?.path).toMatch(/^\/join\/[\w-]{43}$/);
    const hours = (Date.parse(link?.expiresAt ?? '') - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(71.9);
    expect(hours).toBeLessThanOrEqual(72);
    const token = tokenOf(link);
    const kept = await app.database.client.setupLink.findMany({ where: { userId: person.id } });
    expect(kept.map((row) => row.id)).toEqual([hashToken(token)]);
    expect(JSON.stringify(await auditOf(person.id))).not.toContain(token);

    // Nothing opens to somebody without a password.
    for (const password of ['', ' ', PASSWORD]) {
      await failureOf(login(visitor(app), { email: input.email, password }));
    }
    expect(await checkInvitation(visitor(app), { token })).toEqual({
      isOpen: true,
      name: input.name,
      email: input.email,
      hasPassword: false,
    });
    expect((await failureOf(acceptInvitation(visitor(app), { token, password: 'short' }))).kind).toBe(
      'invalid_input',
    );
    const signedIn = await acceptInvitation(visitor(app), { token, password: NEW_PASSWORD });
    expect(signedIn.viewer).toEqual({ id: person.id, ...input });
    expect((await findSession(visitor(app), signedIn.token))?.viewer.id).toBe(person.id);
    expect((await login(visitor(app), { email: input.email, password: NEW_PASSWORD })).viewer.id).toBe(
      person.id,
    );
    expect(await seen(person.id)).toMatchObject({ status: 'active', openSessions: 2 });

    const again = await failureOf(acceptInvitation(visitor(app), { token, password: NEW_PASSWORD }));
    expect(again.kind).toBe('not_found');
    expect((await checkInvitation(visitor(app), { token })).isOpen).toBe(false);
    expect(await auditOf(person.id)).toMatchObject([
      { action: 'auth.person.created', actorName: 'Constant Admin', details: { role: 'responder' } },
      { action: 'auth.invitation.accepted', actorName: 'New Person' },
      { action: 'auth.login', actorName: 'New Person' },
    ]);
  });

  it('has an e-mail address of their own, also of two added at once', async () => {
    const input = newcomer();
    const results = await Promise.allSettled([1, 2, 3].map(() => createPerson(admin.ctx, input)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const error = await failureOf(createPerson(admin.ctx, { ...input, email: input.email.toUpperCase() }));
    expect([error.kind, Object.keys(error.fields ?? {})]).toEqual(['invalid_input', ['email']]);
    const wrong = await failureOf(createPerson(admin.ctx, { name: '', email: 'nope', role: 'root' }));
    expect(Object.keys(wrong.fields ?? {}).sort()).toEqual(['email', 'name', 'role']);
  });

  it('joins once, of several who use the link at the same time', async () => {
    const { person, link } = await createPerson(admin.ctx, newcomer());
    const token = tokenOf(link);
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map((at) => acceptInvitation(visitor(app), { token, password: `${NEW_PASSWORD} ${at}` })),
    );
    const won = results.findIndex((result) => result.status === 'fulfilled');
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const entered = await login(visitor(app), {
      email: person.email,
      password: `${NEW_PASSWORD} ${won + 1}`,
    });
    expect(entered.viewer.id).toBe(person.id);
  });

  it('cannot use a link that has ended, or belongs to a disabled person', async () => {
    const late = await createPerson(admin.ctx, newcomer());
    await app.database.client.$executeRaw`
      UPDATE setup_link SET expires_at = clock_timestamp() WHERE user_id = ${late.person.id}::uuid`;
    const shut = await createPerson(admin.ctx, newcomer());
    await disablePerson(admin.ctx, { userId: shut.person.id, reason: 'not coming' });
    await enablePerson(admin.ctx, { userId: shut.person.id });
    for (const { link, person } of [late, shut]) {
      const token = tokenOf(link);
      expect((await checkInvitation(visitor(app), { token })).isOpen).toBe(false);
      const error = await failureOf(acceptInvitation(visitor(app), { token, password: NEW_PASSWORD }));
      expect(error.kind).toBe('not_found');
      expect((await seen(person.id))?.status).toBe('invited');
    }
  });
});

describe('a new link', () => {
  it('closes the older ones and leaves the password until it is used', async () => {
    const person = await addPerson(app, 'viewer');
    const first = await renewLink(admin.ctx, { userId: person.id });
    const second = await renewLink(admin.ctx, { userId: person.id });
    expect((await checkInvitation(visitor(app), { token: tokenOf(first.link) })).isOpen).toBe(false);
    expect(await checkInvitation(visitor(app), { token: tokenOf(second.link) })).toMatchObject({
      hasPassword: true,
    });
    const old = await login(visitor(app), { email: person.email, password: PASSWORD });
    await acceptInvitation(visitor(app), { token: tokenOf(second.link), password: NEW_PASSWORD });
    expect(await findSession(visitor(app), old.token)).toBeNull();
    await failureOf(login(visitor(app), { email: person.email, password: PASSWORD }));
    await login(visitor(app), { email: person.email, password: NEW_PASSWORD });
    expect((await auditOf(person.id)).map((entry) => entry.action)).toEqual([
      'auth.person.link-renewed',
      'auth.person.link-renewed',
      'auth.login',
      'auth.invitation.accepted',
      'auth.login',
    ]);
  });

  it('is not made for oneself, a demo person, a disabled or an unknown one', async () => {
    const demo = await addPerson(app, 'viewer', { isDemo: true });
    const disabled = await addPerson(app, 'viewer');
    await disablePerson(admin.ctx, { userId: disabled.id, reason: 'left' });
    const kinds = await Promise.all(
      [admin.id, demo.id, disabled.id, '00000000-0000-7000-8000-000000000000', 'nonsense'].map(
        async (userId) => (await failureOf(renewLink(admin.ctx, { userId }))).kind,
      ),
    );
    expect(kinds).toEqual(['unprocessable', 'unprocessable', 'conflict', 'not_found', 'invalid_input']);
  });
});

describe('a role', () => {
  it('counts at once: sessions end and tokens are narrowed', async () => {
    const person = await addPerson(app, 'commander');
    const { token } = await login(visitor(app), { email: person.email, password: PASSWORD });
    const { secret } = await addToken(person.ctx, ['freezes.manage', 'runs.read']);
    const changed = await changeRole(admin.ctx, { userId: person.id, role: 'viewer' });
    expect(changed).toMatchObject({ role: 'viewer', openSessions: 0, activeTokens: 1 });
    expect(await findSession(visitor(app), token)).toBeNull();
    expect(permissionsOf(await findBearer(visitor(app), `Bearer ${secret}`))).toEqual(['runs.read']);
    expect((await auditOf(person.id)).at(-1)).toMatchObject({
      action: 'auth.person.role-changed',
      details: { from: 'commander', to: 'viewer', endedSessions: 1 },
    });
    const same = await failureOf(changeRole(admin.ctx, { userId: person.id, role: 'viewer' }));
    expect(same.kind).toBe('conflict');
  });

  it('is not changed by its own bearer, nor for nobody', async () => {
    const other = await addPerson(app, 'admin');
    expect((await failureOf(changeRole(other.ctx, { userId: other.id, role: 'viewer' }))).kind).toBe(
      'unprocessable',
    );
    expect((await failureOf(changeRole(other.ctx, { userId: 'x', role: 'viewer' }))).kind).toBe(
      'invalid_input',
    );
    expect((await seen(other.id))?.role).toBe('admin');
  });
});

describe('a disabled person', () => {
  it('is out at once, and comes back with password and tokens but without sessions', async () => {
    const person = await addPerson(app, 'responder');
    const { token } = await login(visitor(app), { email: person.email, password: PASSWORD });
    const { secret } = await addToken(person.ctx, ['runs.read']);
    const bearer = () => findBearer(visitor(app), `Bearer ${secret}`);
    const view = await disablePerson(admin.ctx, { userId: person.id, reason: 'on leave' });
    expect(view).toMatchObject({ status: 'disabled', openSessions: 0 });
    expect(await findSession(visitor(app), token)).toBeNull();
    expect((await failureOf(bearer())).kind).toBe('unauthenticated');
    await failureOf(login(visitor(app), { email: person.email, password: PASSWORD }));
    expect((await failureOf(disablePerson(admin.ctx, { userId: person.id, reason: 'again' }))).kind).toBe(
      'conflict',
    );
    expect((await auditOf(person.id)).find((entry) => entry.action === 'auth.person.disabled')).toMatchObject(
      {
        reason: 'on leave',
        actorName: 'Constant Admin',
      },
    );

    // A login that had proved the password before leaves a session; it must not wake up later.
    const stray = await openSession(visitor(app), person.id);
    expect(await enablePerson(admin.ctx, { userId: person.id })).toMatchObject({
      status: 'active',
      openSessions: 0,
    });
    expect(await findSession(visitor(app), stray)).toBeNull();
    expect((await bearer()).id).toBe(person.id);
    await login(visitor(app), { email: person.email, password: PASSWORD });
    expect((await failureOf(enablePerson(admin.ctx, { userId: person.id }))).kind).toBe('conflict');
  });

  it('is never oneself, and a reason is asked for', async () => {
    expect((await failureOf(disablePerson(admin.ctx, { userId: admin.id, reason: 'bye' }))).kind).toBe(
      'unprocessable',
    );
    const person = await addPerson(app, 'viewer');
    for (const reason of ['', '  ', undefined]) {
      const error = await failureOf(disablePerson(admin.ctx, { userId: person.id, reason }));
      expect(Object.keys(error.fields ?? {})).toEqual(['reason']);
    }
  });
});

describe('people through a token', () => {
  it('are not given more than the token has', async () => {
    const target = await addPerson(app, 'responder');
    const { secret } = await addToken(admin.ctx, ['people.manage', 'account.manage']);
    const narrow = app.for(await findBearer(visitor(app), `Bearer ${secret}`));
    for (const attempt of [
      () => createPerson(narrow, newcomer('admin')),
      () => createPerson(narrow, newcomer('viewer')),
      () => changeRole(narrow, { userId: target.id, role: 'admin' }),
      () => renewLink(narrow, { userId: target.id }),
    ]) {
      const error = await failureOf(attempt());
      expect([error.kind, error.hint]).toEqual([
        'forbidden',
        expect.stringContaining('This token does not have'),
      ]);
    }
    expect((await failureOf(renewLink(narrow, { userId: admin.id }))).kind).toBe('unprocessable');
    expect(await seen(target.id)).toMatchObject({ role: 'responder' });
    await disablePerson(narrow, { userId: target.id, reason: 'narrow, but enough for this' });
    const all = await addToken(admin.ctx, permissionsOf(admin.ctx.actor));
    const wide = app.for(await findBearer(visitor(app), `Bearer ${all.secret}`));
    expect((await createPerson(wide, newcomer('admin'))).person.role).toBe('admin');
  });
});

describe('setup links and invitations', () => {
  it('do not open in each other’s place', async () => {
    const own = await createTestApp();
    const setup = (await createSetupLink(own.system, {}))?.path.replace('/setup/', '') ?? '';
    const invited = await createPerson(own.system, newcomer('viewer'));
    const invitation = tokenOf(invited.link);
    const guest = visitor(own);
    const asAdmin = { name: 'Thief', email: 'thief@people.example', password: NEW_PASSWORD };

    expect(await checkSetupLink(guest, { token: invitation })).toEqual({ isOpen: false });
    expect((await failureOf(createFirstAdmin(guest, { ...asAdmin, token: invitation }))).kind).toBe(
      'not_found',
    );
    expect((await checkInvitation(guest, { token: setup })).isOpen).toBe(false);
    const wrong = await failureOf(acceptInvitation(guest, { token: setup, password: NEW_PASSWORD }));
    expect(wrong.kind).toBe('not_found');

    // Both are still what they were. An invited person is no admin, so the console is still to be set up.
    expect(await checkSetupLink(guest, { token: setup })).toEqual({ isOpen: true });
    await acceptInvitation(guest, { token: invitation, password: NEW_PASSWORD });
    expect(await needsSetup(guest, {})).toBe(true);
    expect((await createFirstAdmin(guest, { ...asAdmin, token: setup })).viewer.role).toBe('admin');
    expect(await needsSetup(guest, {})).toBe(false);
    await own.close();
  });

  it('are cleaned up each by their own', async () => {
    const own = await createTestApp();
    await createPerson(own.system, newcomer('viewer'));
    await own.database.client.$executeRaw`UPDATE setup_link SET expires_at = clock_timestamp()`;
    await createSetupLink(own.system, {});
    expect(await own.database.client.setupLink.count({ where: { userId: { not: null } } })).toBe(1);
    await own.close();
  });
});

describe('lists', () => {
  it('say how people stand, and when they were last here even after they left', async () => {
    const person = await addPerson(app, 'viewer');
    expect(await seen(person.id)).toMatchObject({ lastSeenAt: null, openSessions: 0, activeTokens: 0 });
    const { token } = await login(visitor(app), { email: person.email, password: PASSWORD });
    await app.database.client.session.deleteMany({ where: { id: hashToken(token) } });
    const view = await seen(person.id);
    expect(view?.openSessions).toBe(0);
    expect(Date.now() - Date.parse(view?.lastSeenAt ?? '')).toBeLessThan(60_000);
    expect((await seen((await addPerson(app, 'viewer', { isDemo: true })).id))?.status).toBe('disabled');
    expect((await failureOf(listPeople(person.ctx, {}))).kind).toBe('forbidden');
  });

  it('show a demo person with the role that they have now', async () => {
    const demoApp = await createTestApp({ env: { DEMO_PEOPLE: 'true' } });
    await seedDemoPeople(demoApp.system, {});
    const vida = await demoApp.database.client.user.findFirstOrThrow({
      where: { isDemo: true, role: 'viewer' },
    });
    await changeRole(demoApp.system, { userId: vida.id, role: 'responder' });
    const shown = (await listDemoPeople(visitor(demoApp), {})).find((person) => person.email === vida.email);
    expect(shown?.role).toBe('responder');
    await demoApp.close();
  });
});
