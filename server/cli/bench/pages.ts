import { startBenchConsole } from '#server/cli/bench/bench-console';
import { summary } from '#server/cli/bench/figures';
import { fill, MANY } from '#server/cli/bench/fill';
import { measurePages, type Timing } from '#server/cli/bench/measure-pages';

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
  figures: '/figures?period=12m',
  account: '/settings/account',
  people: '/settings/people',
  tokens: '/settings/tokens',
  playbooks: '/settings/playbooks',
};

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
    const before = await measurePages(console_.url, cookie, PAGES);
    await fill(console_.ownerUrl, MANY);
    const after = await measurePages(console_.url, cookie, PAGES);
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
