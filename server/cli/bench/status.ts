import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchConsole, startBenchConsole } from '#server/cli/bench/bench-console';
import { percentile, summary } from '#server/cli/bench/figures';
import { fill, MANY } from '#server/cli/bench/fill';
import { anyFreePort } from '#server/platform/free-port';
import { PROJECT_ROOT } from '#server/platform/project-root';
import { announceMaintenance } from '#server/status/commands/manage-page';
import { postStatusUpdate } from '#server/status/commands/post-update';

const PER_SECOND = 200;
const SECONDS = 20;
/** The two are asked in turns of so long, so that a busy moment of the machine falls on both, s. */
const TURN_SECONDS = 5;
const WARM_UP_SECONDS = 2;
/** What the public may wait, p95, ms. */
const ALLOWED_MS = 20;
/** The public incidents of years. */
const INCIDENTS = 200;
const UPDATES = 4;
const AGENT = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** A process that answers with a file, by the same framework. */
const STATIC_SERVER = `
import express from 'express';
express().use(express.static(process.env.FOLDER)).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
`;

/**
 * `npm run bench -- status`: `/status` at 200 requests a second over loopback, in a console with many rows, from when each
 * request was due to its last byte; the baseline is a process of its own that answers with a file of the same size.
 */
export async function bench(): Promise<number> {
  const console_ = await startBenchConsole((environment) => {
    environment.checklist = [];
  }, 'with practice');
  let baseline: ChildProcess | null = null;
  try {
    await fill(console_.ownerUrl, MANY);
    await fillStatus(console_);
    const ours = `${console_.url}/status`;
    const bytes = await untilShown(ours);
    const folder = path.join(console_.folder, 'static');
    await mkdir(folder);
    await writeFile(path.join(folder, 'status.bin'), Buffer.alloc(bytes, 'x'));
    const port = await anyFreePort();
    baseline = spawn(process.execPath, ['--input-type=module', '-e', STATIC_SERVER], {
      cwd: PROJECT_ROOT,
      env: { ...process.env, NODE_ENV: 'production', FOLDER: folder, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(baseline.stdout as NodeJS.ReadableStream, 'data');
    const plain = `http://127.0.0.1:${port}/status.bin`;
    for (const url of [ours, plain]) await load(url, WARM_UP_SECONDS);
    const samples = { ours: [] as number[], plain: [] as number[] };
    for (let turn = 0; turn < SECONDS / TURN_SECONDS; turn += 1) {
      samples.ours.push(...(await load(ours, TURN_SECONDS)));
      samples.plain.push(...(await load(plain, TURN_SECONDS)));
    }
    for (const [name, ms] of Object.entries(samples)) {
      const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(ms, share).toFixed(2));
      console.log(`${name.padEnd(6)} ${ms.length} answers   p50 ${p50} ms   p95 ${p95} ms   p99 ${p99} ms`);
    }
    const p95 = percentile(samples.ours, 0.95);
    console.log(
      summary('status', p95, percentile(samples.plain, 0.95), {
        allowed: ALLOWED_MS,
        requestsPerSecond: PER_SECOND,
        answers: samples.ours.length,
        bytes,
        incidents: INCIDENTS,
      }),
    );
    return p95 <= ALLOWED_MS ? 0 : 1;
  } finally {
    baseline?.kill();
    await console_.close();
  }
}

/** What years leave behind: incidents that are over, one that is open, announced work, and 90 days of checks. */
async function fillStatus({ ctx }: BenchConsole): Promise<void> {
  const impacts = [{ component: 'shop-production', impact: 'degraded' }];
  for (let count = 0; count < INCIDENTS; count += 1) {
    let posted = await postStatusUpdate(ctx, {
      title: `Paying was slow, ${count}`,
      state: 'investigating',
      text: 'We are looking into a problem with the shop. We will tell you more as soon as we know it.',
      impacts,
    });
    for (let update = 1; update < UPDATES && count < INCIDENTS - 1; update += 1) {
      posted = await postStatusUpdate(ctx, {
        number: posted.number,
        version: posted.version,
        state: update === UPDATES - 1 ? 'resolved' : 'monitoring',
        text: 'A fix for the shop is in place. We are watching whether everything stays well.',
        impacts,
      });
    }
  }
  const hour = 3_600_000;
  await announceMaintenance(ctx, {
    title: 'A new till',
    text: 'Paying pauses for a moment.',
    startsAt: new Date(Date.now() + hour).toISOString(),
    endsAt: new Date(Date.now() + 2 * hour).toISOString(),
    components: ['shop-production'],
  });
  await ctx.db.$executeRaw`SELECT make_partitions(ARRAY['check_hour'], now() - interval '91 days', now())`;
  await ctx.db.$executeRaw`
    INSERT INTO check_hour (check_id, at, ok_count, failed_count, not_run_count, ok_seconds, failed_seconds, not_run_seconds, duration_ms_sum)
    SELECT c.id, at, 360, 0, 0, 3599, 1, 0, 900 FROM monitor_check c,
      generate_series(date_trunc('hour', now()) - interval '90 days', date_trunc('hour', now()) - interval '3 hours', interval '1 hour') at
    ON CONFLICT DO NOTHING`;
}

/** Waits until the page shows what was made. @returns its size as it is sent, bytes */
async function untilShown(url: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const text = await (await fetch(url)).text();
    if (text.includes(`Paying was slow, ${INCIDENTS - 1}`) && text.includes('A new till')) {
      return (await ask(url)).bytes;
    }
    await delay(200);
  }
  throw new Error('The status page does not show what was posted');
}

/** Asks at the rate, whatever the answers take. @returns the time from when each was due to its end, ms */
async function load(url: string, seconds: number): Promise<number[]> {
  const startMs = performance.now();
  const answers: Promise<number>[] = [];
  for (let sent = 0; sent < seconds * PER_SECOND; sent += 1) {
    const dueMs = startMs + (sent * 1_000) / PER_SECOND;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    answers.push(ask(url).then(() => performance.now() - Math.max(dueMs, startMs)));
  }
  return Promise.all(answers);
}

function ask(url: string): Promise<{ bytes: number }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: AGENT, headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () =>
        response.statusCode === 200
          ? resolve({ bytes })
          : reject(new Error(`${url} answered ${response.statusCode}`)),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
