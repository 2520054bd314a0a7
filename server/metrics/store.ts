import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { Prisma } from '#server/platform/generated/prisma/client';

const MINUTE_MS = 60_000;

/** Samples column by column, as the database takes them. */
export interface Columns {
  seriesIds: number[];
  /** ms since 1970 */
  atMs: number[];
  values: number[];
}

/**
 * Writes samples and marks their minutes for the rollups, in the caller's transaction. A sample of a series and time that
 * has one already changes nothing. @returns how many were new
 */
export async function writeSamples(tx: Ctx, columns: Columns): Promise<number> {
  if (columns.seriesIds.length === 0) return 0;
  const accepted = (await insertAll(tx, columns)) ?? (await insertMissing(tx, columns));
  if (accepted > 0) await markMinutes(tx, columns);
  return accepted;
}

/**
 * Takes for granted that all are new, as nearly always: a statement that has to be ready for some that are there already takes
 * half as long again. @returns null when one of them was there, and nothing is written
 */
async function insertAll(tx: Ctx, columns: Columns): Promise<number | null> {
  await tx.db.$executeRaw`SAVEPOINT all_samples`;
  try {
    const written = await tx.db.$executeRaw`
      INSERT INTO metric_sample (series_id, at, value) SELECT series_id, at, value FROM (${rowsOf(columns)}) AS row
      ORDER BY series_id, at`;
    await tx.db.$executeRaw`RELEASE SAVEPOINT all_samples`;
    return written;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    await tx.db.$executeRaw`ROLLBACK TO SAVEPOINT all_samples`;
    return null;
  }
}

/** Writes those that are not there; of several of one series and time the first. */
function insertMissing(tx: Ctx, columns: Columns): Promise<number> {
  return tx.db.$executeRaw`
    INSERT INTO metric_sample (series_id, at, value) SELECT series_id, at, value FROM (${rowsOf(columns)}) AS row
    ORDER BY series_id, at, n
    ON CONFLICT DO NOTHING`;
}

/**
 * In the order of the index, in which neighbours are written faster and two senders never wait for each other. As texts: a
 * driver that turns each number into one of its own takes longer than the database.
 */
function rowsOf({ seriesIds, atMs, values }: Columns): Prisma.Sql {
  return Prisma.sql`
    SELECT series_id, to_timestamp(at_ms / 1000.0) AS at, value, n
    FROM unnest(${arrayText(seriesIds)}::int[], ${arrayText(atMs)}::float8[], ${arrayText(values)}::float8[])
         WITH ORDINALITY AS given(series_id, at_ms, value, n)`;
}

async function markMinutes(tx: Ctx, { seriesIds, atMs }: Columns): Promise<void> {
  const minutes = new Map<number, Set<number>>();
  let minute = Number.NaN;
  let ids = new Set<number>();
  for (const [index, at] of atMs.entries()) {
    const its = at - (((at % MINUTE_MS) + MINUTE_MS) % MINUTE_MS);
    if (its !== minute) {
      minute = its;
      ids = minutes.get(its) ?? new Set();
      minutes.set(its, ids);
    }
    ids.add(seriesIds[index] as number);
  }
  await tx.db.$executeRaw`
    INSERT INTO metric_dirty (resolution, bucket, series_ids)
    SELECT '1m', to_timestamp(ms / 1000.0), ids::int[]
    FROM unnest(${arrayText([...minutes.keys()])}::float8[], ${[...minutes.values()].map((set) => arrayText([...set]))}::text[])
         AS row(ms, ids)`;
}

function arrayText(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}
