import { afterAll, beforeAll, expect, it } from 'vitest';
import { setOwnSlackHandle, setSlackHandle } from '#server/auth/commands/set-slack-handle';
import { getMe, listPeople } from '#server/auth/queries';
import { createTestApp, type TestApp } from '#server/testing/context';
import { type AddedPerson, addPerson, failureOf } from '#server/testing/people';

let app: TestApp;
let admin: AddedPerson;
let viewer: AddedPerson;

beforeAll(async () => {
  app = await createTestApp();
  admin = await addPerson(app, 'admin');
  viewer = await addPerson(app, 'viewer');
});
afterAll(() => app.close());

const handleOf = async (id: string) =>
  (await listPeople(admin.ctx, {})).find((person) => person.id === id)?.slackHandle;

it('everybody says what Slack calls them, and takes it back', async () => {
  expect(await getMe(viewer.ctx, {})).toMatchObject({ slackHandle: null });
  expect(await setOwnSlackHandle(viewer.ctx, { slackHandle: ' @Vera.V ' })).toMatchObject({
    id: viewer.id,
    slackHandle: 'vera.v',
  });
  expect(await handleOf(viewer.id)).toBe('vera.v');
  expect(await setOwnSlackHandle(viewer.ctx, { slackHandle: '' })).toMatchObject({ slackHandle: null });
  const audit = await app.system.db.auditEntry.findMany({
    where: { action: 'auth.person.slack-handle-changed', targetId: viewer.id },
    orderBy: { id: 'asc' },
  });
  expect(audit.map(({ details }) => details)).toEqual([
    { before: null, after: 'vera.v' },
    { before: 'vera.v', after: null },
  ]);
  expect(await failureOf(setOwnSlackHandle(app.system, { slackHandle: 'x' }))).toMatchObject({
    kind: 'unprocessable',
  });
});

it('an admin says it of others, and nobody else does', async () => {
  const userId = viewer.id;
  expect(await setSlackHandle(admin.ctx, { userId, slackHandle: 'vera' })).toMatchObject({
    slackHandle: 'vera',
  });
  const manager = await addPerson(app, 'manager');
  for (const ctx of [viewer.ctx, manager.ctx])
    expect(await failureOf(setSlackHandle(ctx, { userId, slackHandle: 'other' }))).toMatchObject({
      kind: 'forbidden',
    });
  const nobody = app.ids.uuid();
  expect(await failureOf(setSlackHandle(admin.ctx, { userId: nobody, slackHandle: 'x' }))).toMatchObject({
    kind: 'not_found',
  });
  expect(await handleOf(userId)).toBe('vera');
});

it.each(['two words', '<!channel>', '@@x', '-x', 'x'.repeat(61)])('%s is no handle', async (slackHandle) => {
  const refused = await failureOf(setOwnSlackHandle(viewer.ctx, { slackHandle }));
  expect(refused).toMatchObject({ kind: 'invalid_input', fields: { slackHandle: [expect.any(String)] } });
});
