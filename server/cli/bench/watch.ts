import { type ChildProcess, fork, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { bootstrap } from '#server/bootstrap';
import { percentile } from '#server/cli/bench/figures';
import { closeOnInterrupt } from '#server/cli/bench/interrupt';
import { feedSamples, makeRules, readLooks, recordLooks } from '#server/cli/bench/watch-rules';
import { startOwnDatabases } from '#server/cli/start/database';
import { type Ctx, systemActor } from '#server/platform/context';
import { reachableFolder } from '#server/platform/embedded-postgres';
import { readEnv } from '#server/platform/env';
import { findFreePort } from '#server/platform/free-port';
import { applyMigrations } from '#server/platform/migrations';
import { PROJECT_ROOT } from '#server/platform/project-root';

const CHECKS = 1_000;
const RULES = 1_000;
const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 1_000;
const LEASE_MS = 3_000;
const FIRST_PORT = 5_950;
const WARM_UP_MS = 12_000;
/** One core, as a share. */
const MOST_CPU = 1;

/** Answers a parent that asks for the processor time of this process. */
const CPU_REPORTER = `data:text/javascript,${encodeURIComponent(
  'process.on("message", (m) => m === "cpu" && process.send({ cpu: process.cpuUsage() })); process.channel?.unref();',
)}`;
/** The same requests by nothing but a loop, spread over the interval. */
const BARE_LOOP = `
  const [url, checks, intervalMs] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])];
  let at = 0;
  setInterval(async () => {
    const one = at++ % checks;
    const response = await fetch(url + "/check-" + one, { signal: AbortSignal.timeout(1000) });
    if (response.status !== 200) process.exit(1);
    await response.arrayBuffer();
  }, intervalMs / checks);`;

/**
 * A thousand checks at 10 s against a target on this machine, and a thousand rules at 10 s over samples that come all the
 * time, over the checks and over events. First one worker as the product runs it, with its processor time beside that of a
 * bare loop of fetches for the same requests; then two workers, of which one is killed in the middle: every beat must have
 * one result and every rule its looks, however they were taken over.
 * @returns the exit code: 0 when the worker needs less than one core, and nothing is doubled or missed
 */
export async function bench(args: string[]): Promise<number> {
  const seconds = Number(args.find((arg) => arg.startsWith('--seconds='))?.slice(10) ?? 20);
  const closing: (() => Promise<unknown>)[] = [];
  const close = closeOnInterrupt(async () => {
    for (const step of closing.splice(0).reverse()) await step();
  });
  try {
    const target = await startTarget(closing);
    const made = await startWorkers(closing, target.url);
    const one = await made.start();
    const feeding = new AbortController();
    const fed = feedSamples(made.ctx, feeding.signal);
    closing.push(async () => {
      feeding.abort();
      await fed;
    });
    await makeRules(made.ctx, RULES, INTERVAL_MS / 1_000);
    await recordLooks(made.owner);
    await delay(WARM_UP_MS);
    const watchedSince = new Date();
    const before = target.requests();
    const cpu = await cpuShare(one, seconds * 1_000);
    console.log(
      `one worker: ${(cpu * 100).toFixed(1)} % of a core for ${CHECKS} checks and ${RULES} rules every ${INTERVAL_MS / 1_000} s`,
    );
    const two = await made.start();
    await delay(3_000);
    const killedAt = new Date();
    one.kill('SIGKILL');
    await delay(2 * INTERVAL_MS + 2_000);
    const requests = target.requests() - before;
    await stop(two);
    const found = await readBeats(made.owner, watchedSince, killedAt);
    const looks = await readLooks(made.owner, watchedSince, { intervalMs: INTERVAL_MS, leaseMs: LEASE_MS });
    console.log(
      `${found.results} results of ${requests} requests; latest ${found.worstMs} ms after its beat; doubled ${found.doubled}, missed ${found.missed}`,
    );
    console.log(
      `${looks.looks} looks at ${looks.rules} rules; at most ${looks.worstGapMs} ms between two of one; doubled ${looks.doubledLooks}, missed ${looks.missedLooks}; ${looks.firing} firing`,
    );
    const bare = await bareLoop(target.url, Math.min(seconds, 15) * 1_000);
    const areBeatsWhole = found.doubled === 0 && found.missed === 0 && found.checks === CHECKS;
    const areLooksWhole = looks.doubledLooks === 0 && looks.missedLooks === 0 && looks.rules === RULES;
    const isWhole = areBeatsWhole && areLooksWhole && looks.firing === 0;
    console.log(
      JSON.stringify({
        bench: 'watch',
        ours: Number(cpu.toFixed(3)),
        baseline: Number(bare.toFixed(3)),
        unit: 'cores',
        ratio: Number((cpu / bare).toFixed(2)),
        intervalSeconds: INTERVAL_MS / 1_000,
        ...found,
        ...looks,
        isWhole,
      }),
    );
    return isWhole && cpu < MOST_CPU ? 0 : 1;
  } finally {
    await close();
  }
}

async function startTarget(
  closing: (() => Promise<unknown>)[],
): Promise<{ url: string; requests(): number }> {
  let requests = 0;
  const server = createServer((_req, res) => {
    requests += 1;
    res.end('well');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

/** A database of its own and workers as the product runs them, told of a thousand checks. */
async function startWorkers(closing: (() => Promise<unknown>)[], url: string) {
  const folder = await mkdtemp(
    path.join(await reachableFolder(tmpdir(), ['/tmp', '/var/tmp']), 'ops-watch-'),
  );
  await chmod(folder, 0o755);
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const databases = await startOwnDatabases(folder, await findFreePort(FIRST_PORT, 100));
  closing.push(() => databases.postgres.stop('fast'));
  await applyMigrations(databases.ownerUrl);
  const production = {
    title: 'Production',
    url,
    deploy: { driver: 'command', repository: folder, directory: folder, steps: { switch: 'true' } },
    health: {},
    validation: { endpoints: [{ path: '/' }] },
    // The derived checks are no part of what is measured.
    checkDefaults: { intervalSeconds: 3_600 },
    checks: Array.from({ length: CHECKS }, (_, at) => ({
      key: `check-${at}`,
      title: `Check ${at}`,
      kind: 'http',
      url: `${url}/check-${at}`,
      intervalSeconds: INTERVAL_MS / 1_000,
      timeoutMs: TIMEOUT_MS,
    })),
  };
  const config = path.join(folder, 'ops.config.mjs');
  const services = { shop: { title: 'Shop', environments: { production } } };
  await writeFile(config, `export default ${JSON.stringify({ services })};`, { mode: 0o600 });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: 'production',
    DATABASE_URL: databases.url,
    DATA_DIR: folder,
    OPS_CONFIG: config,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
    CHECK_LEASE_MS: String(LEASE_MS),
    RULE_LEASE_MS: String(LEASE_MS),
  };
  const owner = new pg.Client({ connectionString: databases.ownerUrl });
  await owner.connect();
  closing.push(() => owner.end());
  const { app, close } = await bootstrap('cli', {
    ...readEnv(env),
    LOG_LEVEL: 'silent',
    DATABASE_POOL_SIZE: 2,
  });
  closing.push(close);
  const ctx: Ctx = app.for(systemActor('bench'));
  return {
    owner,
    ctx,
    start: async (): Promise<ChildProcess> => {
      const worker = fork(path.join(PROJECT_ROOT, 'build/server/worker.js'), {
        cwd: PROJECT_ROOT,
        env,
        execArgv: ['--conditions=compiled', '--enable-source-maps', '--import', CPU_REPORTER],
        stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
      });
      closing.push(() => stop(worker));
      return worker;
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Processor time of a process over a while, as a share of one core. */
async function cpuShare(child: ChildProcess, forMs: number): Promise<number> {
  const before = await cpuMs(child);
  const startedMs = performance.now();
  await delay(forMs);
  return ((await cpuMs(child)) - before) / (performance.now() - startedMs);
}

function cpuMs(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new Error('The process ended before it was measured'));
    child.once('exit', lost);
    child.once('message', (message) => {
      child.off('exit', lost);
      const { user, system } = (message as { cpu: NodeJS.CpuUsage }).cpu;
      resolve((user + system) / 1_000);
    });
    child.send('cpu');
  });
}

async function bareLoop(url: string, forMs: number): Promise<number> {
  const options = ['--import', CPU_REPORTER, '--eval', BARE_LOOP];
  const child = spawn(process.execPath, [...options, url, String(CHECKS), String(INTERVAL_MS)], {
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
  try {
    await delay(2_000);
    return await cpuShare(child, forMs);
  } finally {
    await stop(child);
  }
}

/** What became of every beat since a moment: each check has one in each interval, and not two. */
async function readBeats(client: pg.Client, since: Date, killedAt: Date) {
  const { rows } = await client.query<{ id: string; beats: number[]; late: number[]; phase: number }>(
    `SELECT c.id, c.phase, array_agg(extract(epoch FROM r.at)::float8 * 1000 ORDER BY r.at) AS beats,
         array_agg(extract(epoch FROM r.ended_at - r.at)::float8 * 1000) FILTER (WHERE r.at > $2) AS late
       FROM monitor_check c JOIN check_result r ON r.check_id = c.id
       WHERE c.key LIKE 'check-%' AND r.at > $1 GROUP BY c.id`,
    [since, new Date(killedAt.getTime() - 5_000)],
  );
  let [doubled, missed, results] = [0, 0, 0];
  for (const { beats, phase } of rows) {
    results += beats.length;
    const places = beats.map((at) => Math.round(at / INTERVAL_MS - phase));
    for (const [at, place] of places.slice(1).entries()) {
      const step = place - (places[at] as number);
      if (step === 0) doubled += 1;
      missed += Math.max(0, step - 1);
    }
  }
  const late = rows.flatMap((row) => row.late ?? []);
  const [worst, median] = [1, 0.5].map((share) => Math.round(percentile(late, share)));
  return { results, doubled, missed, checks: rows.length, worstMs: worst, medianMs: median };
}
