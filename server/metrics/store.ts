import type { Ctx } from '#server/platform/context';

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
export async function writeSamples(tx: Ctx, { seriesIds, atMs, values }: Columns): Promise<number> {
  if (seriesIds.length === 0) return 0;
  // As texts: a driver that turns each number into one of its own takes longer than the database.
  const accepted = await tx.db.$executeRaw`
    INSERT INTO metric_sample (series_id, at, value)
    SELECT series_id, to_timestamp(at_ms / 1000.0), value
    FROM unnest(${arrayText(seriesIds)}::int[], ${arrayText(atMs)}::float8[], ${arrayText(values)}::float8[])
         AS row(series_id, at_ms, value)
    ON CONFLICT DO NOTHING`;
  if (accepted > 0) await markMinutes(tx, seriesIds, atMs);
  return accepted;
}

async function markMinutes(tx: Ctx, seriesIds: number[], atMs: number[]): Promise<void> {
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
