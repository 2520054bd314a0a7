import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { startBenchConsole } from '#server/cli/bench/bench-console';
import { percentile, summary } from '#server/cli/bench/figures';
import { fill, MANY } from '#server/cli/bench/fill';

const REQUESTS = 100;
const WARM_UP = 20;
/** Between two requests: the next page is not asked for in the moment in which one has come, ms. */
const PAUSE_MS = 20;
/** What a page may take in the server, p95, ms. */
const ALLOWED_MS = 60;

/** The pages that people open most, with the filters and the depth that cost most. */
const PAGES: Record<string, string> = {
  overview: '/',
  runs: '/runs',
  'runs, filtered': '/runs?status=failed&search=deploy',
  'runs, last page': `/runs?page=${MANY.runs / 25}`,
  deployments: '/deployments',
  'deployments, last page': '/deployments?page=200',
  audit: '/audit',
  'audit, searched': '/audit?search=v1.2',
  'audit, last page': `/audit?page=${MANY.auditRows / 25}`,
  approvals: '/approvals',
  drills: '/drills',
  freezes: '/freezes',
  schedules: '/schedules',
  checks: '/checks',
  'status page updates': '/status-updates',
  alerts: '/alerts',
  'alerts, last page': `/alerts?state=resolved&page=${MANY.alerts / 25 - 1}`,
  incidents: '/incidents',
  'incidents, searched': '/incidents?state=open&search=checkout',
  rules: '/alerts/rules',
  deliveries: '/alerts/deliveries',
  postmortems: '/postmortems?view=all',
  'without review': '/postmortems?view=missing',
  'action items': '/action-items',
  account: '/settings/account',
  people: '/settings/people',
  tokens: '/settings/tokens',
  playbooks: '/settings/playbooks',
};

interface Timing {
  p50: number;
  p95: number;
}

/**
 * `npm run bench -- pages`: from request to the last byte of the page over loopback, in a console with many rows; the
 * baseline is the same pages of the same console before the rows were made. The worst page counts.
 */
export async function bench(): Promise<number> {
  const console_ = await startBenchConsole((environment) => {
    environment.checklist = [];
  }, 'with practice');
  try {
    const cookie = await console_.signIn('admin');
    const before = await measureAll(console_.url, cookie);
    await fill(console_.ownerUrl, MANY);
    const after = await measureAll(console_.url, cookie);
    for (const [name, timing] of Object.entries(after)) {
      const was = before[name] as Timing;
      console.log(
        `${name.padEnd(24)} p50 ${timing.p50.toFixed(1).padStart(6)} ms   p95 ${timing.p95.toFixed(1).padStart(6)} ms   with few rows: ${was.p50.toFixed(1)} / ${was.p95.toFixed(1)} ms`,
      );
    }
    const worst = (timings: Record<string, Timing>) =>
      Math.max(...Object.values(timings).map(({ p95 }) => p95));
    const ours = worst(after);
    console.log(
      summary('pages', ours, worst(before), {
        allowed: ALLOWED_MS,
        runs: MANY.runs,
        auditRows: MANY.auditRows,
      }),
    );
    return ours <= ALLOWED_MS ? 0 : 1;
  } finally {
    await console_.close();
  }
}

async function measureAll(url: string, cookie: string): Promise<Record<string, Timing>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const samples = new Map<string, number[]>(Object.keys(PAGES).map((name) => [name, []]));
  // In turns, so that a busy moment of the machine falls on every page.
  for (let round = -WARM_UP; round < REQUESTS; round += 1) {
    for (const [name, path] of Object.entries(PAGES)) {
      await delay(PAUSE_MS);
      const ms = await timed(`${url}${path}`, cookie, agent);
      if (round >= 0) samples.get(name)?.push(ms);
    }
  }
  agent.destroy();
  return Object.fromEntries(
    [...samples].map(([name, ms]) => [name, { p50: percentile(ms, 0.5), p95: percentile(ms, 0.95) }]),
  );
}

/** What the server takes for a page, without what a client does with it: over a connection that is kept, not compressed. */
function timed(address: string, cookie: string, agent: Agent): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { cookie, accept: 'text/html' };
    const sent = request(address, { agent, headers }, (response) => {
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedAt);
        else reject(new Error(`${address} answered ${response.statusCode}`));
      });
      response.resume();
    });
    sent.on('error', reject);
    sent.end();
  });
}
