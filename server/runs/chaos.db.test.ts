import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer } from '#server/testing/chaos/build';
import { type ChaosCase, nameOf, runCase } from '#server/testing/chaos/cases';
import { type ChaosWorld, createChaosWorld } from '#server/testing/chaos/world';

/** Leases short enough for a test, long enough for a busy machine. */
const SHORT = {
  RUN_LEASE_MS: '1000',
  RUN_RENEW_MS: '150',
  RUN_POLL_MS: '50',
  EVENT_POLL_MS: '100',
  KILL_GRACE_MS: '300',
  DATABASE_POOL_SIZE: '4',
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

describe('kill -9 of the worker, another one alive', { timeout: 60_000 }, () => {
  it.each(
    [
      deploy('checkout', 'mid-step'),
      deploy('check:test-unit', 'mid-step'),
      deploy('migrate', 'step-done'),
      deploy('build', 'mid-step'),
      deploy('start', 'step-begun'),
      deploy('switch', 'step-done'),
      deploy(null, 'before-end'),
      rollback('start', 'step-done'),
      rollback('gate', 'mid-step'),
      rollback('switch', 'step-begun'),
      rollback('retire', 'before-step'),
      rollback(null, 'after-end'),
    ].map((chaos) => ({ name: nameOf(chaos), chaos })),
  )('$name', async ({ chaos }) => {
    const { problems } = await runCase(world, chaos);
    expect(problems).toEqual([]);
  });
});
