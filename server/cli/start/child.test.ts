import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backoffMs, Child } from '#server/cli/start/child';
import { isAlive } from '#server/platform/process-table';

describe('backoffMs', () => {
  it('doubles from half a second to half a minute', () => {
    expect([1, 2, 3, 4, 7, 50].map(backoffMs)).toEqual([500, 1_000, 2_000, 4_000, 30_000, 30_000]);
  });
});

describe('Child', () => {
  let folder: string;
  let starts: number;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ops-child-'));
    starts = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function start(program: string): Child {
    return new Child({
      name: 'probe',
      args: ['-e', program],
      env: { PATH: process.env.PATH },
      cwd: folder,
      logDirectory: folder,
      level: 'silent',
      onStart: () => {
        starts += 1;
      },
    });
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let waited = 0; !condition(); waited += 10) {
      if (waited > 8_000) throw new Error('the condition did not become true within 8 s');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('starts a process that crashed again, and stops for good when told', async () => {
    const child = start('setTimeout(() => process.exit(3), 50)');
    await until(() => starts === 2);
    expect(child.failures).toBe(1);
    await child.stop(1_000);
    const startsAtStop = starts;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(starts).toBe(startsAtStop);
  });

  it('ends a process that ignores the request after its time of grace', async () => {
    const child = start(
      "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); console.log('up')",
    );
    await until(() => child.identity !== null);
    const identity = child.identity;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedAt = Date.now();
    await child.stop(300);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(250);
    expect(identity && isAlive(identity)).toBe(false);
  });
});
