import pg from 'pg';
import { startBenchConsole } from '#server/cli/bench/bench-console';
import { summary } from '#server/cli/bench/figures';
import { measurePages, type Timing } from '#server/cli/bench/measure-pages';

const FEW = 1_000;
const MANY = 100_000;
const ENTRIES = 10;
/** Incidents that are written at once. */
const BATCH = 10_000;
/** What a list, a search or an incident may take in the server, p95, ms. */
const ALLOWED_MS = 100;
/** How many times as much the worst may take with a hundred times the incidents. */
const ALLOWED_GROWTH = 2;

/** Lists with what people filter and search by: words of all, of a tenth, of some thousands and of one. */
const PAGES: Record<string, string> = {
  list: '/incidents',
  'last pages': `/incidents?page=${FEW / 25}`,
  open: '/incidents?state=open',
  'resolved, level 2': '/incidents?state=resolved&level=2',
  'of a service': '/incidents?service=shop&level=1',
  'word of all': '/incidents?search=customers',
  'word of a tenth': '/incidents?search=checkout',
  'word of 3 in 100': '/incidents?search=thyme',
  'word of 3 in 100, open': '/incidents?state=open&search=thyme',
  'two words': '/incidents?search=checkout+thyme',
  'beginning of a word': '/incidents?search=che',
  'word of one': '/incidents?search=only500',
  'word of none': '/incidents?search=nowhere',
  'by its number': '/incidents?search=INC-500',
  detail: '/incidents/500',
  'detail, oldest first': '/incidents/501?order=oldest',
};

/**
 * `npm run bench -- incidents`: pages of incidents from request to last byte over loopback with 100,000 incidents of ten
 * entries each; the baseline is the same console with 1,000. The worst page counts.
 * @returns the exit code: 0 when all are within the requirement, and the growth is too
 */
export async function bench(): Promise<number> {
  const console_ = await startBenchConsole((environment) => {
    environment.checklist = [];
    environment.firstRelease = undefined;
  });
  try {
    const cookie = await console_.signIn('admin');
    await fillIncidents(console_.ownerUrl, 1, FEW);
    const few = await measurePages(console_.url, cookie, PAGES);
    await fillIncidents(console_.ownerUrl, FEW + 1, MANY);
    const many = await measurePages(console_.url, cookie, PAGES);
    for (const [name, timing] of Object.entries(many)) {
      const was = few[name] as Timing;
      console.log(
        `${name.padEnd(24)} p50 ${timing.p50.toFixed(1).padStart(6)} ms   p95 ${timing.p95.toFixed(1).padStart(6)} ms   with ${FEW}: ${was.p50.toFixed(1)} / ${was.p95.toFixed(1)} ms   ${(timing.p50 / was.p50).toFixed(2)} times`,
      );
    }
    const worst = (timings: Record<string, Timing>) =>
      Math.max(...Object.values(timings).map(({ p95 }) => p95));
    const growth = Math.max(
      ...Object.entries(many).map(([name, { p50 }]) => p50 / (few[name] as Timing).p50),
    );
    const ours = worst(many);
    console.log(
      summary('incidents', ours, worst(few), {
        allowed: ALLOWED_MS,
        worstGrowth: Number(growth.toFixed(2)),
        incidents: MANY,
        entries: MANY * ENTRIES,
      }),
    );
    return ours <= ALLOWED_MS && growth < ALLOWED_GROWTH ? 0 : 1;
  } finally {
    await console_.close();
  }
}

/** Incidents `from` to `to` of an hour each; ten of the last are open. */
async function fillIncidents(ownerUrl: string, from: number, to: number): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    for (let first = from; first <= to; first += BATCH) {
      const last = Math.min(to, first + BATCH - 1);
      await client.query(
        `INSERT INTO incident (id, number, title, level, state, service, environment, started_at, detected_at,
           resolved_at, declared_by_name, cause)
         SELECT gen_random_uuid(), i,
           CASE WHEN i % 10 = 3 THEN 'Checkout' ELSE (ARRAY['Search', 'Login', 'Payments', 'Catalogue'])[1 + i % 4] END
             || ' fails, number ' || i || CASE WHEN i % 33 = 7 THEN ', for the thyme' ELSE '' END,
           1 + i % 4, CASE WHEN i > $3::int - 10 THEN 'investigating' ELSE 'resolved' END,
           CASE WHEN i % 5 > 0 THEN 'shop' END, CASE WHEN i % 5 > 0 THEN 'production' END, at, at,
           CASE WHEN i <= $3::int - 10 THEN at + interval '40 minutes' END, 'Person ' || i % 40, 'person'
         FROM generate_series($1::int, $2::int) i,
           LATERAL (SELECT clock_timestamp() - ($3::int - i + 1) * interval '1 hour' AS at) AS times`,
        [first, last, to],
      );
      await client.query(
        `INSERT INTO incident_entry (incident_id, kind, text, occurred_at, recorded_at, author_name)
         SELECT id, CASE WHEN n = 1 THEN 'system' ELSE 'note' END,
           CASE WHEN n = 1 THEN 'Customers wait, only' || number ELSE 'A look at it, number ' || n || ': the '
             || (ARRAY['cache', 'disk', 'database', 'network', 'queue', 'browser'])[1 + (number + n) % 6] || ' is well' END,
           started_at + n * interval '1 minute', started_at + n * interval '1 minute', declared_by_name
         FROM incident, generate_series(1, ${ENTRIES}) n WHERE number BETWEEN $1 AND $2`,
        [first, last],
      );
    }
    // What autovacuum does long before tables have grown so far.
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}
