import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { type Prisma, PrismaClient } from '#server/platform/generated/prisma/client';

/** The role that every serving connection takes; it cannot change the schema or rewrite history. */
export const APP_ROLE = 'ops_app';

/** A client outside or inside a transaction: what queries and commands need of it is the same. */
export type Db = PrismaClient | Prisma.TransactionClient;

export interface Database {
  client: PrismaClient;
  /** Ends all connections; safe to call once. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  poolSize: number;
  statementTimeoutMs: number;
  /**
   * A process that stops in the middle of a transaction (frozen, cut off) loses it after this time, so that its locks
   * keep nobody longer. Less than a run's lease: a takeover must find the row free.
   */
  idleInTransactionTimeoutMs: number;
}

/** Statements of which a connection keeps the plan; those that come after so many are planned each time. */
const KEPT_PLANS = 400;

/** Names statements by their text, so that each connection parses and plans one that comes again only a few times. */
function statementNames(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // Postgres keeps no plan of a statement without a name.
    if (names.size >= KEPT_PLANS) return '';
    const name = createHash('sha256').update(sql).digest('base64url');
    names.set(sql, name);
    return name;
  };
}

/**
 * Opens the pool that serves the application. Every connection runs as {@link APP_ROLE}, whatever the login, and with a
 * statement timeout, so that no query can hold a worker for ever.
 * @param url a `postgres://` URL whose login is a member of {@link APP_ROLE}
 */
export function openDatabase(url: string, options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize,
    options: `-c role=${APP_ROLE} -c statement_timeout=${options.statementTimeoutMs} -c idle_in_transaction_session_timeout=${options.idleInTransactionTimeoutMs} -c timezone=UTC`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // An idle connection that breaks (Postgres restarted) is replaced on the next use; without a handler it would end the process.
  pool.on('error', () => undefined);
  const client = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: true, statementNameGenerator: statementNames() }),
    transactionOptions: { maxWait: 10_000, timeout: 20_000 },
  });
  return { client, close: () => client.$disconnect() };
}
