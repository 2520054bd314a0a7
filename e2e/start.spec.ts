import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isPortFree } from '#server/platform/free-port';
import { ROOT, type Started, startConsole } from './support/console';
import { Person, signIn } from './support/person';
import { expect, test } from './support/test';
import { sendVisitors } from './support/visitors';

const base = Number(process.env.E2E_PORT ?? 4600) + 30;
const LOG = path.join(ROOT, 'test-results/e2e-start.log');
const folders: string[] = [];
const running = new Set<Started>();

/** A data folder beside that of the other tests, which the database's user can reach. */
function folder(name: string): string {
  const made = `${process.env.E2E_DATA_DIR}-${name}`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { mode: 0o755 });
  folders.push(made);
  return made;
}

/** `npm start` with the configuration that it has by itself. */
function start(port: number, dataDir: string): Started {
  const started = startConsole({ PORT: String(port), DATA_DIR: dataDir }, LOG);
  running.add(started);
  void started.ended.then(() => running.delete(started));
  return started;
}

/** The processes that work on a data folder, as far as this system shows them; null where it shows none. */
function processesOf(dataDir: string): string[] | null {
  if (!existsSync('/proc/self/environ')) return null;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        const isOurs =
          command.includes(`${dataDir}/`) ||
          environment.some((entry) => entry.endsWith(`=${dataDir}`) || entry.includes(`=${dataDir}/`));
        return isOurs && command !== '' ? [`${pid} ${command}`] : [];
      } catch (error) {
        // It ended while we looked, or belongs to somebody else.
        if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
        throw error;
      }
    });
}

async function served(port: number): Promise<string | null> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/health`, {
    signal: AbortSignal.timeout(5_000),
  }).catch(() => null);
  await answer?.arrayBuffer();
  return answer?.ok ? answer.headers.get('x-release') : null;
}

/** Sends a signal to the process group of a start, as a terminal's Ctrl-C does. */
function interrupt(started: Started): void {
  process.kill(-Number(started.process.pid), 'SIGINT');
}

/** Kills the two processes that `npm start` is, and nothing that they started. */
function killStart(started: Started): void {
  process.kill(-Number(started.process.pid), 'SIGKILL');
}

test.afterAll(async () => {
  for (const started of [...running]) {
    interrupt(started);
    await started.ended;
  }
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

test('npm start from nothing, twice, killed, started again, stopped', async ({ open, allowProblems }) => {
  // What a page says of a console that is killed under it; which request meets it is chance.
  allowProblems(/net::ERR_|Failed to fetch/);
  test.setTimeout(360_000);
  const dataDir = folder('start');
  const url = `http://127.0.0.1:${base}`;
  const first = start(base, dataDir);
  await first.said(/ready\s+in/, 120_000);
  await first.said(new RegExp(`console\\s+${url}\n`));
  await first.said(/log in\s+as one of the demo people/);
  expect((await fetch(`${url}/api/health`)).status).toBe(200);

  const second = start(base, dataDir);
  expect(await second.ended).not.toBe(0);
  expect(second.output()).toContain(`This console is already running at ${url}`);

  // The first release goes through the whole checklist, Lighthouse too.
  await expect.poll(() => served(base + 2), { timeout: 240_000, intervals: [250] }).toBe('v1.2.0');
  const page = await open(null);
  await page.goto(`${url}/login`);
  await page.getByRole('button', { name: /^Sign in as Rémy Laurent/ }).click();
  await expect(page).toHaveURL(`${url}/`);
  // With one environment beside practice the way back is one click from everywhere, also before there is one to go to.
  for (const address of ['/', '/runs', '/deployments']) {
    await page.goto(`${url}${address}`);
    await expect(page.getByRole('banner').getByRole('link', { name: 'Roll back' })).toHaveAttribute(
      'href',
      '/shop/production/rollback',
    );
  }
  await page.goto(`${url}/shop/production/rollback`);
  await expect(page.getByRole('main')).toContainText('There is no known-good release yet');

  const visitors = sendVisitors(`http://127.0.0.1:${base + 2}`);
  killStart(first);
  await first.ended;
  const again = start(base, dataDir);
  const [, seconds] = await again.said(/ready\s+in (\d+\.\d) s/, 60_000);
  test.info().annotations.push({ type: 'second start', description: `${seconds} s` });
  console.log(`second start: ${seconds} s`);
  await expect(page.getByRole('banner').getByRole('status')).toHaveText('Live', { timeout: 40_000 });
  const visits = await visitors.stop();
  expect(visits.failures).toEqual([]);
  expect(visits.requests).toBeGreaterThan(10);
  const person = new Person(url, await signIn(url, 'manager'));
  expect((await person.get('/audit')).text).toContain('First release of this environment');

  interrupt(again);
  expect(await again.ended).toBe(0);
  expect(again.output()).toContain('stopped');
  for (const port of [base, base + 1, base + 2, base + 3])
    expect(await isPortFree(port), `port ${port}`).toBe(true);
  expect(processesOf(dataDir) ?? []).toEqual([]);
});

test('two consoles run side by side, each on its own port', async () => {
  test.setTimeout(120_000);
  const starts = [base + 10, base + 20].map((port) => ({ port, dataDir: folder(`side-${port}`) }));
  const consoles = starts.map(({ port, dataDir }) => start(port, dataDir));
  for (const started of consoles) await started.said(/ready\s+in/, 90_000);
  for (const { port } of starts) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/health`);
    expect(answer.status).toBe(200);
  }
  for (const started of consoles) interrupt(started);
  for (const started of consoles) expect(await started.ended).toBe(0);
  for (const { dataDir } of starts) expect(processesOf(dataDir) ?? []).toEqual([]);
});

test('a setting that cannot be used is named, and nothing starts', async () => {
  const dataDir = folder('settings');
  const bad = startConsole({ PORT: 'eighty', DATA_DIR: dataDir, HOST: '127.0.0.1' }, LOG);
  expect(await bad.ended).not.toBe(0);
  expect(bad.output()).toMatch(/PORT: .*\n.*Nothing was started/);
  const open = startConsole({ PORT: String(base), DATA_DIR: dataDir, HOST: '0.0.0.0' }, LOG);
  expect(await open.ended).not.toBe(0);
  expect(open.output()).toContain('HOST: 0.0.0.0 is reachable from a network');
  expect(processesOf(dataDir) ?? []).toEqual([]);
});
