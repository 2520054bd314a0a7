import pg from 'pg';
import type { BusinessSums } from '#server/business/contract';
import { type BusinessSource, SourceError } from '#server/business/drivers/source';
import type { Measured } from '#server/business/state';
import type { BusinessConfig } from '#server/services/config';

type Settings = Extract<BusinessConfig, { driver: 'postgres' }>;
type Flags = Omit<Measured, 'sums'>;
/** Counts and sums come as texts: a bigint or a numeric has more digits than a number. */
type Row = Record<keyof BusinessSums, string> & Flags;

const CONNECT_TIMEOUT_MS = 3_000;
/** How much longer than the statement may take an answer is waited for, ms. */
const NETWORK_MS = 1_000;

/**
 * Reads a service's own Postgres, each time in a transaction that the database holds to reading, whatever the login may do.
 * @param url the connection string; absent: it says which variable is missing when it is asked
 */
export function createPostgresSource(settings: Settings, url: string | undefined): BusinessSource {
  const { urlVariable, timeoutMs, queries, currency } = settings;
  const statement = measureSql(queries);
  let pool: pg.Pool | null = null;

  function connect(): Promise<pg.PoolClient> {
    if (!url) throw new SourceError(`The environment variable ${urlVariable} is not set.`);
    if (!pool) {
      pool = new pg.Pool({
        connectionString: url,
        max: 2,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        idleTimeoutMillis: 10_000,
        query_timeout: timeoutMs + NETWORK_MS,
        application_name: 'herbisveritas-ops',
        allowExitOnIdle: true,
      });
      // An idle connection that breaks is replaced on the next use.
      pool.on('error', () => undefined);
    }
    return pool.connect();
  }

  async function ask(values: unknown[]): Promise<Row[]> {
    const client = await connect();
    let isWell = false;
    try {
      await client.query('BEGIN TRANSACTION READ ONLY');
      await client.query(`SET LOCAL statement_timeout = ${timeoutMs}`);
      await client.query("SET LOCAL timezone = 'UTC'");
      const { rows } = await client.query<Row>(statement, values);
      await client.query('COMMIT');
      isWell = true;
      return rows;
    } finally {
      client.release(!isWell);
    }
  }

  return {
    currency,
    measure: async (spans) => {
      try {
        const rows = await ask([spans.map(({ from }) => from), spans.map(({ until }) => until)]);
        return rows.map(toMeasured);
      } catch (error) {
        // What the driver says may hold the address: only what is told here goes on.
        throw error instanceof SourceError ? error : new SourceError(wordsOf(error, settings));
      }
    },
  };
}

/** One statement for all spans, so that all are of one moment. Indexes on the times are used where the queries are plain. */
function measureSql({ orders, payments, visits }: Settings['queries']): string {
  const within = 'q.at >= s.f AND q.at < s.u';
  const any = (query: string, when: string) => `EXISTS (SELECT FROM (\n${query}\n) q WHERE ${when})`;
  const before = "q.at >= s.f - interval '24 hours' AND q.at < s.f";
  const after = "q.at >= s.f AND q.at < s.f + interval '24 hours'";
  const recorded = (when: string) =>
    `(${any(orders, when)} OR ${any(payments, when)} OR ${any(visits, when)})`;
  return `SELECT o.orders::text AS orders, o.revenue::text AS "revenueMinor", p.payments::text AS payments,
    p.failed::text AS "failedPayments", v.visits::text AS visits, v.visitors::text AS visitors,
    ${recorded(before)} AS "recordedBefore", ${recorded(after)} AS "recordedAfter",
    ${any(visits, before)} AS "visitedBefore", ${any(visits, after)} AS "visitedAfter"
  FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS s (f, u, n)
  CROSS JOIN LATERAL (SELECT count(*) AS orders, coalesce(sum(q.amount), 0) AS revenue FROM (\n${orders}\n) q WHERE ${within}) o
  CROSS JOIN LATERAL (SELECT count(*) AS payments, count(*) FILTER (WHERE q.failed) AS failed FROM (\n${payments}\n) q WHERE ${within}) p
  CROSS JOIN LATERAL (SELECT count(*) AS visits, count(DISTINCT q.visitor) AS visitors FROM (\n${visits}\n) q WHERE ${within}) v
  ORDER BY s.n`;
}

function toMeasured(row: Row): Measured {
  const { recordedBefore, recordedAfter, visitedBefore, visitedAfter, ...texts } = row;
  const sums = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, wholeOf(key, text)]),
  ) as BusinessSums;
  return { sums, recordedBefore, recordedAfter, visitedBefore, visitedAfter };
}

/** @throws SourceError for a sum that is no whole number, or too large to be one here */
function wholeOf(key: string, text: string): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new SourceError(
    key === 'revenueMinor'
      ? 'The amounts of the query "orders" are not in whole minor units, like cents.'
      : `The ${key} could not be counted.`,
  );
}

/** Syntax, missing names and rights, by SQLSTATE: words about what the configuration itself says. */
const WRONG_QUERY = /^42/;
/** Other refusals of a statement, whose words may quote data; not those of a connection, a crowd or an operator. */
const FAILING_QUERY = /^(?!08|53|57|58)\d[0-9A-Z]{4}$/;

function wordsOf(error: unknown, { urlVariable, timeoutMs }: Settings): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === '57014' || message === 'Query read timeout')
    return `The service's database took longer than ${timeoutMs / 1_000} s to answer.`;
  if (code.startsWith('28') || code === '3D000')
    return `The service's database refuses the login of ${urlVariable}.`;
  if (WRONG_QUERY.test(code)) return `A query of the configuration cannot be used: ${message}.`;
  if (FAILING_QUERY.test(code)) return `A query of the configuration fails with SQLSTATE ${code}.`;
  return `The service's database cannot be reached at what ${urlVariable} says.`;
}
