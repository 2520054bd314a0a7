import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InstanceLock, takeInstanceLock } from '#server/cli/start/instance-lock';
import { readStartTime } from '#server/platform/process-table';

const URL = 'http://127.0.0.1:5740';
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'ops-lock-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function take(): Promise<InstanceLock> {
  const result = await takeInstanceLock(dataDir, URL);
  if (!result.taken) throw new Error('the lock was not free');
  return result.lock;
}

describe('takeInstanceLock', () => {
  it('is held by one, tells the others where it runs, and is free after release', async () => {
    const lock = await take();
    expect(await takeInstanceLock(dataDir, 'other')).toEqual({ taken: false, url: URL, pid: process.pid });
    await lock.release();
    await (await take()).release();
  });

  it('lets one of several through at the same time', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => takeInstanceLock(dataDir, URL)));
    expect(results.filter((result) => result.taken)).toHaveLength(1);
  });

  it('never shows an unfinished record, which would count as nobody’s', async () => {
    const file = path.join(dataDir, 'instance.json');
    for (let round = 0; round < 30; round += 1) {
      let isTaken = false;
      const taking = take().finally(() => {
        isTaken = true;
      });
      while (!isTaken) {
        if (existsSync(file)) expect(readFileSync(file, 'utf8')).toMatch(/^\{.*\}$/);
        await nextTurn();
      }
      await (await taking).release();
    }
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('takes over from a process that is gone, and names those of its children that live', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    try {
      const pid = child.pid ?? 0;
      const startTime = readStartTime(pid) ?? '';
      const record = {
        owner: { pid: process.pid, startTime: 'another start' },
        url: URL,
        children: [
          { name: 'web', pid, startTime },
          { name: 'worker', pid, startTime: 'another start' },
        ],
      };
      await writeFile(path.join(dataDir, 'instance.json'), JSON.stringify(record));
      const result = await takeInstanceLock(dataDir, URL);
      expect(result).toMatchObject({ taken: true, leftovers: [{ name: 'web', pid, startTime }] });
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('takes over from a record that a crash cut short', async () => {
    await writeFile(path.join(dataDir, 'instance.json'), '{"owner":');
    await (await take()).release();
  });
});
