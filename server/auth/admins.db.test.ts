import { afterEach, describe, expect, it } from 'vitest';
import { createSetupLink } from '#server/auth/commands/create-first-admin';
import { changeRole, disablePerson } from '#server/auth/commands/manage-people';
import { seedDemoPeople } from '#server/auth/commands/seed-demo-people';
import { needsSetup } from '#server/auth/queries';
import type { AppError } from '#server/platform/errors';
import { createTestApp, type TestApp, type TestAppOptions } from '#server/testing/context';
import { type AddedPerson, addPerson, failureOf } from '#server/testing/people';

const opened: TestApp[] = [];
/** An app of its own, because these tests count all admins there are. */
async function openApp(options?: TestAppOptions): Promise<TestApp> {
  const app = await createTestApp(options);
  opened.push(app);
  return app;
}
afterEach(async () => {
  for (const app of opened.splice(0).reverse()) await app.close();
});

describe('the last admin', () => {
  const admins = (on: TestApp) =>
    on.database.client.user.count({
      where: { role: 'admin', disabledAt: null, passwordHash: { not: null } },
    });

  it('stays, whoever asks and however', async () => {
    const own = await openApp();
    const [only, invited, demo] = [
      await addPerson(own, 'admin'),
      await addPerson(own, 'admin', { invited: true }),
      await addPerson(own, 'admin', { isDemo: true }),
    ];
    const manager = await addPerson(own, 'manager');
    for (const by of [invited.ctx, own.system]) {
      const errors = [
        await failureOf(disablePerson(by, { userId: only.id, reason: 'x' })),
        await failureOf(changeRole(by, { userId: only.id, role: 'manager' })),
      ];
      expect(errors.map((error) => [error.kind, error.message.includes('last admin')])).toEqual([
        ['conflict', true],
        ['conflict', true],
      ]);
    }
    // Demo people may not sign in here, so one of them does not ask either.
    expect((await failureOf(disablePerson(demo.ctx, { userId: only.id, reason: 'x' }))).kind).toBe(
      'forbidden',
    );
    expect(await own.database.client.auditEntry.count()).toBe(0);
    // The others can go, and with a second admin so can the first.
    await changeRole(only.ctx, { userId: invited.id, role: 'viewer' });
    await changeRole(only.ctx, { userId: manager.id, role: 'admin' });
    await disablePerson(own.for({ ...manager.ctx.actor, role: 'admin' }), {
      userId: only.id,
      reason: 'handed over',
    });
  });

  it('is a demo admin only where demo people may sign in', async () => {
    const demoApp = await openApp({ env: { DEMO_PEOPLE: 'true' } });
    await seedDemoPeople(demoApp.system, {});
    const real = await addPerson(demoApp, 'admin');
    await disablePerson(demoApp.system, { userId: real.id, reason: 'the demo admin is left' });
    const ada = await demoApp.database.client.user.findFirstOrThrow({
      where: { isDemo: true, role: 'admin' },
    });
    const last = await failureOf(disablePerson(demoApp.system, { userId: ada.id, reason: 'x' }));
    expect(last.kind).toBe('conflict');
    // Nobody is left where demo people may not sign in: the console can be set up again.
    const strict = await openApp({ database: demoApp.testDatabase });
    expect(await needsSetup(demoApp.system, {})).toBe(true);
    expect((await createSetupLink(strict.system, {}))?.path).toMatch(/^\/setup\//);
  });

  it('is left when two disable or demote each other at once, round after round', async () => {
    const own = await openApp();
    for (let round = 0; round < 12; round += 1) {
      const [a, b] = [await addPerson(own, 'admin'), await addPerson(own, 'admin')];
      const demote = round % 2 === 1;
      const strike = (by: AddedPerson, whom: AddedPerson) =>
        demote
          ? changeRole(by.ctx, { userId: whom.id, role: 'viewer' })
          : disablePerson(by.ctx, { userId: whom.id, reason: 'first' });
      const results = await Promise.allSettled([strike(a, b), strike(b, a)]);
      expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
      for (const result of results) {
        if (result.status === 'rejected') expect((result.reason as AppError).kind).toBe('forbidden');
      }
      expect(await admins(own)).toBe(1);
      await own.database.client.user.updateMany({ data: { role: 'viewer' } });
    }
  }, 60_000);

  it('is left when many admins disable one another in a ring', async () => {
    const own = await openApp();
    const ring: AddedPerson[] = [];
    for (let at = 0; at < 6; at += 1) ring.push(await addPerson(own, 'admin'));
    const results = await Promise.allSettled(
      ring.flatMap((by, at) => [
        disablePerson(by.ctx, { userId: ring[(at + 1) % 6]?.id, reason: 'ring' }),
        changeRole(by.ctx, { userId: ring[(at + 5) % 6]?.id, role: 'viewer' }),
      ]),
    );
    expect(await admins(own)).toBeGreaterThanOrEqual(1);
    // In the order of the changes, nobody acts after they were struck.
    const done = await own.database.client.auditEntry.findMany({ orderBy: { id: 'asc' } });
    expect(done.length).toBeGreaterThan(0);
    const struck = new Set<string | null>();
    for (const entry of done) {
      expect(struck).not.toContain(entry.actorId);
      struck.add(entry.targetId);
    }
    expect(struck.size).toBe(6 - (await admins(own)));
    for (const result of results) {
      if (result.status === 'rejected') expect((result.reason as AppError).kind).toBe('forbidden');
    }
  });
});
