import { afterAll, beforeAll, expect, it } from 'vitest';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { proposeRestore } from '#server/incidents/playbooks/commands/emergency';
import { runIncidentAction } from '#server/incidents/playbooks/commands/run-action';
import type { RestoreFacts } from '#server/incidents/playbooks/contract';
import { getPlaybook } from '#server/incidents/playbooks/queries';
import { listTimeline } from '#server/incidents/queries';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;
beforeAll(async () => {
  // A busy machine may pause longer than half of the usual lease in a transaction.
  made = await createFixtureConsole({}, { RUN_LEASE_MS: '10000' });
}, 120_000);
afterAll(() => made.close(), 60_000);

const waysOf = (facts: RestoreFacts | undefined) =>
  Object.fromEntries((facts?.places[0]?.options ?? []).map(({ way, ...rest }) => [way, rest]));

it('proposes what is possible now and says why the rest is not, and starts nothing', async () => {
  const { responder, app } = made;
  const before = waysOf((await proposeRestore(responder, PLACE)).facts);
  expect(before.rollback).toMatchObject({ isPossible: false });
  expect(before.restart).toMatchObject({ isPossible: false });
  expect(before['clear-cache']).toMatchObject({
    isPossible: false,
    words: expect.stringContaining('does not say how the console reaches it'),
  });

  made.work();
  await made.deployed('v1.0.0');
  await made.deployed('v1.1.0');
  const runs = await app.system.db.run.count();
  const { number } = await declareIncident(responder, { title: 'Checkout fails', level: 1, ...PLACE });
  const { restore, steps } = await runIncidentAction(responder, { number, action: 'restore-service' });
  const after = waysOf(restore?.facts);
  expect(after.rollback).toEqual({
    isPossible: true,
    words: 'v1.1.0 to v1.0.0',
    path: '/shop/production/rollback',
  });
  expect(after.restart).toMatchObject({ isPossible: true, path: '/shop/production/emergency/restart' });
  expect(after.maintenance).toMatchObject({ isPossible: false });
  expect(steps.find(({ key }) => key === 'restore-service')).toMatchObject({ state: 'done' });
  expect(await app.system.db.run.count()).toBe(runs);
  const { rows } = await listTimeline(responder, { number });
  expect(rows[0]?.text).toContain('possible now: roll back (v1.1.0 to v1.0.0)');

  // The assessment of the damage names what was changed last.
  await made.deliver();
  const { damage } = await getPlaybook(responder, { number });
  expect(damage?.facts.places[0]?.changes[0]).toMatchObject({ title: expect.stringContaining('v1.1.0') });
}, 120_000);
