import pg from 'pg';
import { startBenchConsole } from '#server/cli/bench/bench-console';
import { percentile, summary } from '#server/cli/bench/figures';
import type { Ctx } from '#server/platform/context';

const RUNS = 10_000;
const STEPS_PER_RUN = 12;
const AUDIT_ROWS = 100_000;
const REQUESTS = 200;
const WARM_UP = 20;
/** What a page may take in the server, p95, ms. */
const ALLOWED_MS = 60;

/** The pages that people open most, with the filters and the depth that cost most. */
const PAGES: Record<string, string> = {
  overview: '/',
  runs: '/runs',
  'runs, filtered': '/runs?status=failed&search=deploy',
  'runs, last page': `/runs?page=${RUNS / 50}`,
  deployments: '/deployments',
  'deployments, last page': '/deployments?page=100',
  audit: '/audit',
  'audit, searched': '/audit?search=v1.2',
  'audit, last page': `/audit?page=${AUDIT_ROWS / 50}`,
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
  });
  try {
    const cookie = await console_.signIn('manager');
    const before = await measureAll(console_.url, cookie);
    await fill(console_.ctx);
    await vacuum(console_.ownerUrl);
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
      summary('pages', ours, worst(before), { allowed: ALLOWED_MS, runs: RUNS, auditRows: AUDIT_ROWS }),
    );
    return ours <= ALLOWED_MS ? 0 : 1;
  } finally {
    await console_.close();
  }
}

async function measureAll(url: string, cookie: string): Promise<Record<string, Timing>> {
  const samples = new Map<string, number[]>(Object.keys(PAGES).map((name) => [name, []]));
  // In turns, so that a busy moment of the machine falls on every page.
  for (let round = -WARM_UP; round < REQUESTS; round += 1) {
    for (const [name, path] of Object.entries(PAGES)) {
      const ms = await timed(`${url}${path}`, cookie);
      if (round >= 0) samples.get(name)?.push(ms);
    }
  }
  return Object.fromEntries(
    [...samples].map(([name, ms]) => [name, { p50: percentile(ms, 0.5), p95: percentile(ms, 0.95) }]),
  );
}

async function timed(address: string, cookie: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(address, { headers: { cookie, accept: 'text/html' }, redirect: 'manual' });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${address} answered ${response.status}`);
  return performance.now() - startedAt;
}

/** Rows as years of work leave them: ended runs with their steps and deployments, and the audit log of many people. */
export async function fill(ctx: Ctx): Promise<void> {
  const live = await ctx.db.deployment.findFirstOrThrow({ orderBy: { sequence: 'desc' } });
  const first = await ctx.db.run.findFirstOrThrow({ orderBy: { number: 'asc' } });
  await ctx.db.$executeRaw`
    INSERT INTO run (id, procedure, title, service, environment, lock_key, status, params, plan, plan_hash, config_hash,
                     reason, requested_by_type, requested_by_name, budget_ms, created_at, started_at, ended_at)
    SELECT gen_random_uuid(), (ARRAY['deployments.deploy', 'deployments.rollback', 'deployments.check'])[1 + i % 3],
           'Deploy v1.' || i % 50 || ' to production', service, environment, lock_key,
           (ARRAY['succeeded', 'failed', 'cancelled']::run_status[])[1 + i % 3], params, plan, plan_hash, config_hash,
           'Release train ' || i, 'user', 'Person ' || i % 40, budget_ms,
           clock_timestamp() - (${RUNS} - i) * interval '1 hour', clock_timestamp() - (${RUNS} - i) * interval '1 hour',
           clock_timestamp() - (${RUNS} - i) * interval '1 hour' + interval '4 minutes'
    FROM run, generate_series(1, ${RUNS}::int) i WHERE run.id = ${first.id}::uuid`;
  await ctx.db.$executeRaw`
    INSERT INTO run_step (run_id, index, key, title, status, started_at, ended_at)
    SELECT run.id, s, 'step-' || s, 'Step ' || s, 'succeeded', run.started_at, run.ended_at
    FROM run, generate_series(0, ${STEPS_PER_RUN}::int - 1) s
    WHERE NOT EXISTS (SELECT 1 FROM run_step WHERE run_id = run.id)`;
  await ctx.db.$executeRaw`
    INSERT INTO deployment (id, sequence, service, environment, release_id, direction, run_id, status, started_at,
                            switched_at, validated_at, ended_at)
    SELECT gen_random_uuid(), -row_number() OVER (ORDER BY run.number DESC), run.service, run.environment,
           ${live.releaseId}::uuid, 'deploy', run.id, 'replaced', run.started_at, run.started_at, run.ended_at, run.ended_at
    FROM run WHERE NOT EXISTS (SELECT 1 FROM deployment d WHERE d.run_id = run.id) AND run.number % 2 = 0`;
  await ctx.db.$executeRaw`
    INSERT INTO audit_entry (at, actor_type, actor_id, actor_name, action, target_type, target_id, target_label, service,
                             environment, reason, details)
    SELECT clock_timestamp() - (${AUDIT_ROWS} - i) * interval '6 minutes', 'user', (i % 40)::text, 'Person ' || i % 40,
           (ARRAY['deployments.deploy.requested', 'deployments.rollback.requested', 'runs.cancel', 'auth.login',
                  'environments.lock', 'environments.lift-lock', 'releases.mark', 'auth.logout'])[1 + i % 8],
           'run', i::text, '#' || i || ' Deploy v1.' || i % 50 || ' to production', 'shop', 'production',
           'Release train ' || i, '{}'
    FROM generate_series(1, ${AUDIT_ROWS}::int) i`;
}

/** What autovacuum does long before tables have grown so far; the serving role may not. */
export async function vacuum(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}
