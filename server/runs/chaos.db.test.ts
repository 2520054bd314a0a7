import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer } from '#server/testing/chaos/build';
import { type ChaosCase, nameOf, runCase } from '#server/testing/chaos/cases';
import { STORIES } from '#server/testing/chaos/stories';
import { type ChaosWorld, createChaosWorld } from '#server/testing/chaos/world';

/** Leases short enough for a test, long enough for a busy machine. */
const SHORT = {
  RUN_LEASE_MS: '1000',
  RUN_RENEW_MS: '150',
  RUN_POLL_MS: '50',
  EVENT_POLL_MS: '100',
  KILL_GRACE_MS: '300',
};

let world: ChaosWorld;
beforeAll(async () => {
  await buildServer();
  world = await createChaosWorld(SHORT);
}, 120_000);
afterAll(() => world?.close(), 60_000);

const deploy = (stepKey: string | null, moment: ChaosCase['moment']): ChaosCase => ({
  procedure: 'deployments.deploy',
  stepKey,
  moment,
});
const rollback = (stepKey: string | null, moment: ChaosCase['moment']): ChaosCase => ({
  procedure: 'deployments.rollback',
  stepKey,
  moment,
});

/** The places that differ in kind; `npm run bench -- chaos` goes through all of them, with default leases. */
const CASES = [
  deploy('check:test-unit', 'mid-step'),
  deploy('start', 'mid-step'),
  deploy('switch', 'step-done'),
  deploy(null, 'before-end'),
  rollback('switch', 'step-begun'),
  rollback('retire', 'before-step'),
];

describe('kill -9 of the worker, another one alive', { timeout: 60_000 }, () => {
  for (const chaos of CASES) {
    it(`${nameOf(chaos)}: the run ends right, nothing runs twice, no visitor fails`, async () => {
      expect((await runCase(world, chaos)).problems).toEqual([]);
    });
  }
});

/** The others are told by the bench. */
const TOLD = [
  'a worker frozen in a command wakes and writes nothing',
  'a worker frozen before its switch wakes and switches nothing',
  'kill -9 of the worker and of the supervisor: the successor ends the command',
  'a failed deploy whose worker dies before its event is delivered is rolled back',
  'Postgres is stopped for longer than a lease',
] as const;

describe('other accidents', { timeout: 60_000 }, () => {
  for (const name of TOLD) {
    it(name, async () => {
      expect(await STORIES[name](world)).toEqual([]);
    });
  }
});
