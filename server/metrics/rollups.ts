import { COUNTER_GAP_SECONDS } from '#server/metrics/windows';
import { type App, type Ctx, systemActor } from '#server/platform/context';

/** Marks that one round takes. */
const MARKS = 200;
/** A round ends when it has taken so many times {@link MARKS}; the next one goes on. */
const TURNS = 20;

/** Brings the rollups up to date with the samples; for a worker's loop. */
export async function keepRollups(app: App): Promise<void> {
  const ctx = app.for(systemActor('metric rollups'));
  for (let turn = 0; turn < TURNS; turn += 1) {
    if ((await rollUp(ctx)) < MARKS) return;
  }
}

/**
 * Reckons again what is marked: minutes from samples, hours from minutes. A minute or hour is first reckoned when it is
 * over; a late sample marks it once more. One worker at a time, so that no older result overwrites a newer one.
 * @returns how many marks it took off
 */
export async function rollUp(ctx: Ctx): Promise<number> {
  const settledMs = ctx.clock.now().getTime() - ctx.env.ROLLUP_LAG_MS;
  return ctx.transaction(async (tx) => {
    const [lock] = await tx.db.$queryRaw<{ taken: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(hashtext('metric rollups')) AS taken`;
    if (!lock?.taken) return 0;
    const minutes = await rollMinutes(tx, new Date(settledMs - 60_000));
    const hours = await rollHours(tx, new Date(settledMs - 3_600_000));
    return minutes + hours;
  });
}

/**
 * In one statement, so that a mark is taken off and its samples are read at one moment: samples that come later have a
 * mark of their own. The increase of a counter's next minute depends on the last sample of the one before, so it goes along.
 */
async function rollMinutes(tx: Ctx, endedBefore: Date): Promise<number> {
  const [row] = await tx.db.$queryRaw<{ taken: number }[]>`
    WITH taken AS (
      DELETE FROM metric_dirty WHERE id IN (
        SELECT id FROM metric_dirty WHERE resolution = '1m' AND bucket <= ${endedBefore} ORDER BY bucket, id LIMIT ${MARKS})
      RETURNING bucket, series_ids),
    marked AS (SELECT DISTINCT series_id, bucket FROM taken CROSS JOIN unnest(series_ids) AS s(series_id)),
    work AS (
      SELECT series_id, bucket FROM marked
      UNION
      SELECT series_id, (SELECT min(r.at) FROM metric_rollup_1m r
                         WHERE r.series_id = m.series_id AND r.at > m.bucket AND r.at <= m.bucket + make_interval(secs => ${COUNTER_GAP_SECONDS + 60}))
      FROM marked m),
    reckoned AS (
      INSERT INTO metric_rollup_1m AS r (series_id, at, count, sum, min, max, last, increase)
      SELECT work.series_id, work.bucket, t.count, t.sum, t.min, t.max, t.last,
             CASE WHEN series.kind = 'gauge' THEN 0 ELSE t.increase END
      FROM work JOIN metric_series series ON series.id = work.series_id
      CROSS JOIN LATERAL (
        SELECT count(*)::int AS count, sum(value) AS sum, min(value) AS min, max(value) AS max,
               sum(value) FILTER (WHERE next_at IS NULL) AS last,
               coalesce(sum(CASE WHEN value < before THEN value ELSE value - before END), 0) AS increase
        FROM (
          SELECT at, value, lag(value) OVER in_time AS before, lead(at) OVER in_time AS next_at
          FROM ((SELECT at, value FROM metric_sample
                 WHERE series_id = work.series_id AND at < work.bucket AND at >= work.bucket - make_interval(secs => ${COUNTER_GAP_SECONDS})
                 ORDER BY at DESC LIMIT 1)
                UNION ALL
                SELECT at, value FROM metric_sample
                WHERE series_id = work.series_id AND at >= work.bucket AND at < work.bucket + interval '1 minute') AS s
          WINDOW in_time AS (ORDER BY at)
        ) AS delta WHERE at >= work.bucket
      ) AS t
      WHERE t.count > 0
      ON CONFLICT (series_id, at) DO UPDATE SET count = excluded.count, sum = excluded.sum, min = excluded.min,
        max = excluded.max, last = excluded.last, increase = excluded.increase
      RETURNING series_id, at),
    marked_hours AS (
      INSERT INTO metric_dirty (resolution, bucket, series_ids)
      SELECT '1h', date_trunc('hour', at), array_agg(DISTINCT series_id) FROM reckoned GROUP BY 2)
    SELECT count(*)::int AS taken FROM taken`;
  return row?.taken ?? 0;
}

async function rollHours(tx: Ctx, endedBefore: Date): Promise<number> {
  const [row] = await tx.db.$queryRaw<{ taken: number }[]>`
    WITH taken AS (
      DELETE FROM metric_dirty WHERE id IN (
        SELECT id FROM metric_dirty WHERE resolution = '1h' AND bucket <= ${endedBefore} ORDER BY bucket, id LIMIT ${MARKS})
      RETURNING bucket, series_ids),
    work AS (SELECT DISTINCT series_id, bucket FROM taken CROSS JOIN unnest(series_ids) AS s(series_id)),
    reckoned AS (
      INSERT INTO metric_rollup_1h AS r (series_id, at, count, sum, min, max, last, increase)
      SELECT work.series_id, work.bucket, sum(m.count)::int, sum(m.sum), min(m.min), max(m.max),
             (array_agg(m.last ORDER BY m.at DESC))[1], sum(m.increase)
      FROM work JOIN metric_rollup_1m m
        ON m.series_id = work.series_id AND m.at >= work.bucket AND m.at < work.bucket + interval '1 hour'
      GROUP BY work.series_id, work.bucket
      ON CONFLICT (series_id, at) DO UPDATE SET count = excluded.count, sum = excluded.sum, min = excluded.min,
        max = excluded.max, last = excluded.last, increase = excluded.increase)
    SELECT count(*)::int AS taken FROM taken`;
  return row?.taken ?? 0;
}
