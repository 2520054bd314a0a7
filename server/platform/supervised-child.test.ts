import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  GroupNotGone,
  hostIdentity,
  isAlive,
  killGroup,
  type ProcessGroup,
  proveGroupGone,
  readStartTime,
} from '#server/platform/process-table';
import { type SupervisedSpec, spawnSupervised } from '#server/platform/supervised-child';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervised-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const PATH = process.env.PATH ?? '/usr/bin:/bin';

function shell(line: string, change: Partial<SupervisedSpec> = {}) {
  const child = spawnSupervised({
    command: ['/bin/sh', '-c', line],
    env: { PATH, OPS_STEP: 'r1:build:1' },
    leaseMs: 10_000,
    killGraceMs: 300,
    ...change,
  });
  return { child, out: text(child.stdout as Readable), err: text(child.stderr as Readable) };
}

/** Polls until `test` holds. @throws Error naming `what` after 5 s */
async function until<T>(what: string, test: () => T | undefined | null | false): Promise<T> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await delay(10)) {
    const value = test();
    if (value) return value;
  }
  throw new Error(`Waited in vain: ${what}`);
}

/** A pid that a script of the test wrote to a file. */
function pidIn(file: string): Promise<number> {
  return until(`a pid in ${file}`, () => {
    try {
      return Number(readFileSync(join(folder, file), 'utf8'));
    } catch {
      return null;
    }
  });
}

describe('a supervised command', () => {
  it('hands over its output and exit code', async () => {
    const { child, out, err } = shell('echo "$GREETING"; echo careful >&2; exit 7', {
      env: { PATH, GREETING: 'hello', OPS_STEP: 'x' },
    });
    expect(await child.exited).toMatchObject({ exitCode: 7, signal: null });
    expect([await out, await err]).toEqual(['hello\n', 'careful\n']);
    expect(isAlive(child)).toBe(false);
  });

  it('reports the signal that ended it', async () => {
    const { child } = shell('kill -KILL $$');
    expect(await child.exited).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('says like a shell what cannot be run', async () => {
    const { child, err } = shell('', { command: ['no-such-program'] });
    expect(await child.exited).toMatchObject({ exitCode: 127, signal: null });
    expect(await err).toContain('no-such-program: not found');
    const elsewhere = shell('true', { cwd: join(folder, 'missing') });
    expect(await elsewhere.child.exited).toMatchObject({ exitCode: 126, signal: null });
    expect(await elsewhere.err).toContain('missing');
  });

  it('gives up no byte of a large output', async () => {
    const { child, out } = shell('head -c 3000000 /dev/zero | tr "\\0" x; echo end');
    expect(await child.exited).toMatchObject({ exitCode: 0, signal: null });
    expect((await out).length).toBe(3_000_004);
  });

  it('sees neither the lifeline nor standard input', async () => {
    const { child, out } = shell('readlink /proc/self/fd/3; readlink /proc/self/fd/0; cat');
    await child.exited;
    expect(await out).toBe('/dev/null\n');
  });

  it('starts only after it was recorded', async () => {
    const seen: string[] = [];
    const { child, out } = shell(`cat ${folder}/recorded`, {
      beforeStart: async (group) => {
        expect(isAlive(group)).toBe(true);
        await delay(100);
        writeFileSync(join(folder, 'recorded'), 'yes');
        seen.push('recorded');
      },
    });
    expect(await child.exited).toMatchObject({ exitCode: 0, signal: null });
    expect([await out, ...seen]).toEqual(['yes', 'recorded']);
  });

  it('never starts when it could not be recorded', async () => {
    const { child } = shell(`touch ${folder}/ran`, {
      beforeStart: () => Promise.reject(new Error('fenced')),
    });
    await expect(child.exited).rejects.toThrow('fenced');
    expect(isAlive(child)).toBe(false);
    expect(() => readFileSync(join(folder, 'ran'))).toThrow('ENOENT');
  });

  it('ends on request, with KILL when it does not listen to TERM', async () => {
    const polite = shell(
      `trap "echo bye; exit 3" TERM; echo $$ >${folder}/polite; while :; do sleep 0.05; done`,
    );
    await pidIn('polite');
    polite.child.terminate(2_000);
    expect(await polite.child.exited).toMatchObject({ exitCode: 3, signal: null });
    expect(await polite.out).toContain('bye');
    const deaf = shell(`trap "" TERM; echo $$ >${folder}/deaf; while :; do sleep 0.05; done`);
    await pidIn('deaf');
    const from = Date.now();
    deaf.child.terminate(200);
    expect(await deaf.child.exited).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(Date.now() - from).toBeLessThan(5_000);
  });

  it('takes its leftovers with it and keeps its own exit code', async () => {
    const { child } = shell(
      `(trap "" TERM; echo $$ >${folder}/x; exec sh -c 'echo $$ >${folder}/left; trap "" TERM; while :; do sleep 0.1; done') & sleep 0.3; exit 4`,
    );
    const left = await pidIn('left');
    expect(readStartTime(left)).not.toBeNull();
    expect(await child.exited).toMatchObject({ exitCode: 4, signal: null });
    expect(readStartTime(left)).toBeNull();
  });

  it('lets go of output that a process in another session holds open', async () => {
    const { child, out } = shell(
      `setsid sh -c 'echo $$ >${folder}/daemon; exec sleep 20' & sleep 0.2; echo done`,
    );
    const daemon = await pidIn('daemon');
    try {
      expect(await child.exited).toMatchObject({ exitCode: 0, signal: null });
      expect(await out).toBe('done\n');
      expect(readStartTime(daemon)).not.toBeNull();
    } finally {
      process.kill(daemon, 'SIGKILL');
    }
  });

  it('lives as long as its lease is renewed, and no longer', async () => {
    const { child } = shell('sleep 30', { leaseMs: 1_000, killGraceMs: 100 });
    for (let round = 0; round < 8; round += 1) {
      await delay(200);
      child.renew(1_000);
    }
    expect(isAlive(child)).toBe(true);
    const from = Date.now();
    expect(await child.exited).toMatchObject({ signal: 'SIGTERM' });
    expect(Date.now() - from).toBeLessThan(5_000);
  });
});

describe('when the worker is slow', () => {
  it('still hears how the command ended after a renewal that came too late', async () => {
    const { child, out } = shell('echo begun; sleep 0.2; exit 7');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const deadline = performance.now() + 5_000;
    while (isAlive(child) && performance.now() < deadline);
    child.renew(10_000);
    expect(await child.exited).toMatchObject({ exitCode: 7, signal: null });
    await out;
  });
});

describe('when the worker is gone', () => {
  /** A worker of its own process that renews a lease of 1,500 ms and starts a command with a grandchild. */
  async function startWorker() {
    const script = join(folder, 'worker.ts');
    writeFileSync(
      script,
      `import { spawnSupervised } from '${process.cwd()}/server/platform/supervised-child.ts';
       const child = spawnSupervised({ command: ['/bin/sh', '-c', 'trap "" TERM; echo $$ >${folder}/child; sh -c \\'trap "" TERM; echo $$ >${folder}/grandchild; while :; do sleep 0.1; done\\''],
         env: { PATH: process.env.PATH, OPS_STEP: 'r2:deploy:1' }, leaseMs: 1_500, killGraceMs: 200 });
       child.stdout.resume(); child.stderr.resume();
       setInterval(() => child.renew(1_500), 100);
       process.stdout.write(JSON.stringify({ host: child.host, pid: child.pid, startTime: child.startTime }) + '\\n');`,
    );
    const bundle = join(folder, 'worker.mjs');
    const { build } = await import('esbuild');
    await build({
      entryPoints: [script],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: bundle,
      alias: { '#server': join(process.cwd(), 'server') },
      define: {
        'import.meta.url': JSON.stringify(`file://${process.cwd()}/server/platform/supervised-child.ts`),
      },
    });
    const worker = spawn(process.execPath, [bundle], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) =>
      worker.stdout.once('data', (data) => resolve(String(data))),
    );
    const group = JSON.parse(line) as ProcessGroup;
    const pids = [group.pid, await pidIn('child'), await pidIn('grandchild')];
    return { worker, group, pids };
  }
  const gone = (pids: number[]) => pids.every((pid) => readStartTime(pid) === null);

  it('kill -9 of the worker ends the whole group', async () => {
    const { worker, pids } = await startWorker();
    await delay(1_700);
    expect(gone(pids)).toBe(false);
    const from = Date.now();
    worker.kill('SIGKILL');
    await until('the group to end', () => gone(pids));
    expect(Date.now() - from).toBeLessThan(5_000);
  });

  it('a frozen worker loses the group when the lease ends', async () => {
    const { worker, pids } = await startWorker();
    worker.kill('SIGSTOP');
    try {
      await delay(300);
      expect(readStartTime(pids[1] as number)).not.toBeNull();
      await until('the group to end', () => gone(pids));
    } finally {
      worker.kill('SIGKILL');
    }
  });

  it('a successor proves the group gone, also one whose supervisor was killed first', async () => {
    const { worker, group, pids } = await startWorker();
    process.kill(group.pid, 'SIGSTOP');
    worker.kill('SIGKILL');
    process.kill(group.pid, 'SIGKILL');
    await until('the supervisor to end', () => readStartTime(group.pid) === null);
    expect(gone(pids)).toBe(false);
    await proveGroupGone(group, 2_000, 'r2:deploy:1');
    expect(gone(pids)).toBe(true);
  });
});

describe('process groups', () => {
  it('leaves another group alone whose leader has the same pid', async () => {
    const stranger = spawn('sleep', ['20'], { detached: true, stdio: 'ignore' });
    const pid = stranger.pid as number;
    const startTime = readStartTime(pid) as string;
    try {
      const earlier = { host: hostIdentity(), pid, startTime: String(Number(startTime) - 500) };
      await proveGroupGone(earlier, 500);
      expect(killGroup(earlier, 'SIGKILL')).toBe(false);
      expect(isAlive({ pid, startTime })).toBe(true);
      expect(killGroup({ pid, startTime }, 'SIGKILL')).toBe(true);
      await until('the process to end', () => !isAlive({ pid, startTime }));
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('neither kills nor calls gone a leaderless group without the marker', async () => {
    const leader = spawn('/bin/sh', ['-c', `sh -c 'echo $$ >${folder}/member; exec sleep 20' & sleep 0.3`], {
      detached: true,
      stdio: 'ignore',
      env: { PATH } as unknown as NodeJS.ProcessEnv,
    });
    const pid = leader.pid as number;
    const group = { host: hostIdentity(), pid, startTime: readStartTime(pid) as string };
    const member = await pidIn('member');
    try {
      await until('the leader to be collected', () => !existsSync(`/proc/${pid}`));
      await expect(proveGroupGone(group, 100)).rejects.toThrow(GroupNotGone);
      expect(readStartTime(member)).not.toBeNull();
    } finally {
      process.kill(member, 'SIGKILL');
    }
  });

  it('says that a group on another machine cannot be proved gone, and that one from before a reboot is', async () => {
    const [name, , table] = hostIdentity().split('#');
    await expect(proveGroupGone({ host: 'elsewhere#b#t', pid: 1, startTime: '1' }, 100)).rejects.toThrow(
      'runs on elsewhere',
    );
    await proveGroupGone({ host: `${name}#another-boot#${table}`, pid: process.pid, startTime: '1' }, 100);
  });
});
