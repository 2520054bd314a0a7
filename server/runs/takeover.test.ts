import { describe, expect, it } from 'vitest';
import type { Ctx } from '#server/platform/context';
import { createLogger } from '#server/platform/logger';
import { hostIdentity } from '#server/platform/process-table';
import type { StepRow } from '#server/runs/engine-writes';
import { proveTakeoverIsSafe } from '#server/runs/takeover';

const LEASE_MS = 200;
const GRACE_MS = 100;
const ctx = {
  env: { KILL_GRACE_MS: GRACE_MS },
  log: createLogger({ level: 'silent', process: 'cli' }),
} as unknown as Ctx;
const [name = '', boot = ''] = hostIdentity().split('#');
const row = (host: string, change: Partial<StepRow> = {}) =>
  ({
    index: 0,
    status: 'running',
    attempt: 1,
    process: { host, pid: process.pid, startTime: '1' },
    ...change,
  }) as StepRow;

/** How long the proof took, ms. */
async function proofOf(rows: StepRow[], leaseEndedMsAgo?: number): Promise<number> {
  const from = performance.now();
  await proveTakeoverIsSafe(ctx, 'run', rows, LEASE_MS, leaseEndedMsAgo);
  return performance.now() - from;
}

describe('proveTakeoverIsSafe', () => {
  it.each([
    ['another machine', `elsewhere#${boot}#pid:[1]`],
    ['another process table of this machine', `${name}#${boot}#pid:[1]`],
  ])('waits for the supervisor in %s: a lease and its grace', async (_where, host) => {
    expect(await proofOf([row(host)])).toBeGreaterThanOrEqual(LEASE_MS + GRACE_MS - 2);
  });

  it('counts what has passed since the lease ended, and waits once for several steps', async () => {
    const host = `elsewhere#${boot}#pid:[1]`;
    expect(await proofOf([row(host)], LEASE_MS + GRACE_MS)).toBeLessThan(LEASE_MS);
    const elapsed = await proofOf([row(host), row(host, { index: 1 })], GRACE_MS);
    expect(elapsed).toBeGreaterThanOrEqual(LEASE_MS - 2);
  });

  it('waits for nothing when the machine was started anew, or no step was under way', async () => {
    expect(await proofOf([row(`${name}#an earlier boot#pid:[1]`)])).toBeLessThan(LEASE_MS);
    expect(await proofOf([row('elsewhere#x#y', { status: 'succeeded' })])).toBeLessThan(LEASE_MS);
  });
});
