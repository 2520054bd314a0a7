import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { entryArgs } from '#server/cli/start/child';
import { type OwnDatabases, startOwnDatabases } from '#server/cli/start/database';
import { anyFreePort, isPortFree } from '#server/platform/free-port';
import { applyMigrations } from '#server/platform/migrations';
import { ROOT } from './support/console';
import { queryAt } from './support/database';
import { expect, test } from './support/test';

const dataDir = `${process.env.E2E_DATA_DIR}-outage`;
const ADDRESSES = ['/status', '/status/history', '/status.json', '/status.rss'];

let databases: OwnDatabases | undefined;
let web: ChildProcess | undefined;

/** The web process as `npm start` runs it, alone, and quick to notice that its copy grows old. */
function startWeb(port: number, databaseUrl: string): ChildProcess {
  return spawn(process.execPath, entryArgs('index'), {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      OPS_CONFIG: 'e2e/ops.config.ts',
      LOG_LEVEL: 'silent',
      STATUS_REFRESH_MS: '200',
      STATUS_STALE_MS: '1500',
    },
    stdio: 'inherit',
  });
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
  child.kill('SIGKILL');
  await ended;
}

/** Ends the server of this test at once, as a machine that goes down does. */
async function killPostgres({ postgres: { directory, port } }: OwnDatabases): Promise<void> {
  const [pid] = readFileSync(path.join(directory, 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
  await expect.poll(() => isPortFree(port)).toBe(true);
}

/** The public is told of something, as a command does it: what is written is all that a copy is made of. */
async function tell(url: string, title: string): Promise<void> {
  await queryAt(
    url,
    `WITH made AS (
       INSERT INTO status_incident (id, title, state, impacts) VALUES (gen_random_uuid(), $1, 'identified', '{}') RETURNING id
     ) INSERT INTO status_update (status_incident_id, state, text, impacts, author_name)
       SELECT id, 'identified', 'We work on it.', '{}', 'Nobody' FROM made`,
    [title],
  );
}

test.afterAll(async () => {
  if (web) await kill(web);
  await databases?.postgres.stop('immediate');
  rmSync(dataDir, { recursive: true, force: true });
});

test('the public reads on while Postgres is dead, also from a web process that starts meanwhile, and then what is new', async () => {
  test.setTimeout(90_000);
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { mode: 0o755 });
  const port = await anyFreePort();
  databases = await startOwnDatabases(dataDir, port);
  await applyMigrations(databases.ownerUrl);
  await tell(databases.url, 'Paying fails for some');
  web = startWeb(port, databases.url);

  /** What an address answers, and that it does so at once: nobody waits for a database. */
  const read = async (address: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${address}`, {
      signal: AbortSignal.timeout(1_000),
    });
    return { status: response.status, text: await response.text() };
  };
  const state = async () => {
    const { text } = await read('/status.json');
    const { at, isUpToDate } = JSON.parse(text) as { at: string; isUpToDate: boolean };
    return { at: Date.parse(at), isUpToDate };
  };
  const expectAll = async (words: string) => {
    for (const address of ADDRESSES) {
      const { status, text } = await read(address);
      expect([address, status]).toEqual([address, 200]);
      expect(text).toContain(words);
    }
  };
  const expectOld = async () => {
    expect((await read('/status')).text).toMatch(/This page could not be brought up to date for \d+ min/);
    expect((await read('/status/history')).text).toMatch(/could not be brought up to date for \d+ min/);
    expect((await read('/status.rss')).text).toMatch(/could not be brought up to date since .* GMT/);
  };

  await expect(() => expectAll('Paying fails for some')).toPass({ timeout: 20_000, intervals: [100] });
  expect((await state()).isUpToDate).toBe(true);
  expect((await read('/status.rss')).text).not.toContain('up to date');

  const killedAt = Date.now();
  await killPostgres(databases);
  await expectAll('Paying fails for some');
  await expect
    .poll(async () => (await state()).isUpToDate, { timeout: 10_000, intervals: [100] })
    .toBe(false);
  await expectAll('Paying fails for some');
  await expectOld();
  expect((await state()).at).toBeLessThan(killedAt + 1_000);
  expect(web.exitCode).toBeNull();

  // One that starts now has nothing but the copy that the other one left.
  await kill(web);
  web = startWeb(port, databases.url);
  await expect(() => expectAll('Paying fails for some')).toPass({ timeout: 20_000, intervals: [100] });
  await expectOld();
  expect((await state()).at).toBeLessThan(killedAt + 1_000);

  databases = await startOwnDatabases(dataDir, port);
  await tell(databases.url, 'Searching fails for some');
  await expect(() => expectAll('Searching fails for some')).toPass({ timeout: 20_000, intervals: [100] });
  await expect.poll(async () => (await state()).isUpToDate, { timeout: 10_000, intervals: [100] }).toBe(true);
  expect((await read('/status')).text).not.toContain('could not be brought up to date');
});
