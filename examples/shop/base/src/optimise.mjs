import { pruneSessions } from './users.mjs';
import { pruneVisits } from './visits.mjs';

/** Statements of their own: `vacuum` takes no parameters and runs outside a transaction. */
const tables = [
  { name: 'app_user', statement: 'vacuum (analyze, skip_locked) app_user' },
  { name: 'session', statement: 'vacuum (analyze, skip_locked) session' },
  { name: 'product', statement: 'vacuum (analyze, skip_locked) product' },
  { name: 'customer_order', statement: 'vacuum (analyze, skip_locked) customer_order' },
  { name: 'order_line', statement: 'vacuum (analyze, skip_locked) order_line' },
  { name: 'payment_attempt', statement: 'vacuum (analyze, skip_locked) payment_attempt' },
  { name: 'visit', statement: 'vacuum (analyze, skip_locked) visit' },
];

/**
 * Removes what is out of date, vacuums and analyses every table while the shop goes on, and warms the cache.
 * @param {import('./app.mjs').Services} services
 * @returns {Promise<Record<string, unknown>>} figures: rows removed, dead rows and bytes before and after, times in ms
 */
export async function optimise({ db, products }) {
  const started = performance.now();
  const before = await measure(db);
  const sessionsRemoved = await pruneSessions(db);
  const visitsRemoved = await pruneVisits(db);
  const timed = [];
  for (const { name, statement } of tables) {
    const begun = performance.now();
    await db.query(statement);
    timed.push({ table: name, ms: since(begun) });
  }
  products.clear();
  const warming = performance.now();
  await products.get();
  const warmMs = since(warming);
  const after = await measure(db);
  return {
    sessionsRemoved,
    visitsRemoved,
    deadRowsBefore: before.deadRows,
    deadRowsAfter: after.deadRows,
    bytesBefore: before.bytes,
    bytesAfter: after.bytes,
    tables: timed,
    warmMs,
    totalMs: since(started),
  };
}

/**
 * @param {import('./database.mjs').Database} db
 * @returns {Promise<{ deadRows: number, bytes: number }>}
 */
async function measure(db) {
  const client = await db.connect();
  try {
    // The figures of other connections arrive a little later; those of this one are sent now.
    await client.query('select pg_stat_force_next_flush()').catch(() => undefined);
    const { rows } = await client.query(
      `select coalesce(sum(n_dead_tup), 0)::int as "deadRows",
              coalesce(sum(pg_total_relation_size(relid)), 0)::float8 as bytes
         from pg_stat_user_tables
        where relname = any($1) and schemaname = any(current_schemas(false))`,
      [tables.map(({ name }) => name)],
    );
    return rows[0];
  } finally {
    client.release();
  }
}

/** @param {number} started */
function since(started) {
  return Math.round((performance.now() - started) * 10) / 10;
}
