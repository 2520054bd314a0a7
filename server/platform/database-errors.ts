import { messageOf } from '#server/platform/errors';

/** SQLSTATEs that say that there is no database to talk to, or no longer this connection. */
const AWAY_STATES = [
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '25P03',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '3D000',
];
/** SQLSTATEs of work that lost a race or ran out of time and may be tried again. */
const RACE_STATES = ['40001', '40P01', '57014'];
/** How Prisma's driver adapter names the same, see `DriverAdapterError` of @prisma/driver-adapter-utils. */
const AWAY_KINDS = [
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'DatabaseDoesNotExist',
];
const RACE_KINDS = ['TransactionWriteConflict'];
const AWAY_PRISMA = ['P1001', 'P1002', 'P1003', 'P1008', 'P1017', 'P2024'];
const RACE_PRISMA = ['P2028', 'P2034'];
const AWAY_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'];
const AWAY_TEXT =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT.*\.s\.PGSQL|connection terminated|connection timeout|terminating connection|the database system is|server (has )?closed the connection|timeout exceeded when trying to connect|client has encountered a connection error|unable to start a transaction/i;

/** True for a unique violation reported by Prisma or by Postgres through raw SQL. */
export function isUniqueViolation(error: unknown): boolean {
  return layersOf(error).some(
    (layer) =>
      layer.code === 'P2002' || layer.kind === 'UniqueConstraintViolation' || hasState(layer, ['23505']),
  );
}

/** True when Postgres answered with the given SQLSTATE, however deep the driver wrapped it. */
export function hasPostgresCode(error: unknown, sqlState: string): boolean {
  return layersOf(error).some((layer) => hasState(layer, [sqlState]));
}

/** True when there was no database to talk to: nothing is known against the work itself. */
export function isDatabaseAway(error: unknown): boolean {
  return (
    layersOf(error).some(
      (layer) =>
        hasState(layer, [...AWAY_STATES, ...AWAY_CODES, ...AWAY_PRISMA]) ||
        AWAY_KINDS.includes(String(layer.kind)),
    ) || AWAY_TEXT.test(messageOf(error))
  );
}

/** True when the same work may be tried again: the database was away, or the work lost a race in it. */
export function isTransientDatabaseError(error: unknown): boolean {
  return (
    isDatabaseAway(error) ||
    layersOf(error).some(
      (layer) => hasState(layer, [...RACE_STATES, ...RACE_PRISMA]) || RACE_KINDS.includes(String(layer.kind)),
    )
  );
}

function hasState(layer: Record<string, unknown>, states: string[]): boolean {
  return [layer.code, layer.originalCode].some((code) => typeof code === 'string' && states.includes(code));
}

/** The error and everything it wraps: Prisma keeps the driver's in `meta.driverAdapterError`, others in `cause`. */
function layersOf(error: unknown): Record<string, unknown>[] {
  const layers: Record<string, unknown>[] = [];
  const waiting = [error];
  while (waiting.length > 0 && layers.length < 20) {
    const next = waiting.shift();
    if (typeof next !== 'object' || next === null || layers.includes(next as Record<string, unknown>))
      continue;
    const layer = next as Record<string, unknown>;
    layers.push(layer);
    waiting.push(layer.meta, layer.driverAdapterError, layer.cause);
  }
  return layers;
}
