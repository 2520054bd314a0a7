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

/**
 * Opens the pool that serves the application. Every connection runs as {@link APP_ROLE}, whatever the login, and with a
 * statement timeout, so that no query can hold a worker for ever.
 * @param url a `postgres://` URL whose login is a member of {@link APP_ROLE}
 */
export function openDatabase(
  url: string,
  options: { poolSize: number; statementTimeoutMs: number },
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize,
    options: `-c role=${APP_ROLE} -c statement_timeout=${options.statementTimeoutMs} -c timezone=UTC`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // An idle connection that breaks (Postgres restarted) is replaced on the next use; without a handler it would end the process.
  pool.on('error', () => undefined);
  const client = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: true }),
    transactionOptions: { maxWait: 10_000, timeout: 20_000 },
  });
  return { client, close: () => client.$disconnect() };
}

/** True for a unique violation reported by Prisma or by Postgres through raw SQL. */
export function isUniqueViolation(error: unknown): boolean {
  return hasCode(error, 'P2002') || hasPostgresCode(error, '23505');
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** True when Postgres answered with the given SQLSTATE, however deep the driver wrapped it. */
export function hasPostgresCode(error: unknown, sqlState: string): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth += 1) {
    const record = current as Record<string, unknown>;
    if (record.code === sqlState || record.originalCode === sqlState) return true;
    const meta = record.meta as Record<string, unknown> | undefined;
    if (meta?.code === sqlState) return true;
    current = meta?.driverAdapterError ?? record.cause;
  }
  return false;
}
