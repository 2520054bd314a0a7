import { defineCommand } from '#server/auth/guard';
import { type PushMetricsResult, pushMetricsInput } from '#server/metrics/contract';
import { ensureMetricPartitions, oldestSampleMs } from '#server/metrics/partitions';
import { NameCheck, readSample, type Sample } from '#server/metrics/samples';
import { kindConflict, type Series, seriesIndexOf } from '#server/metrics/series-index';
import { type Columns, writeSamples } from '#server/metrics/store';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

interface Prepared {
  columns: Columns;
  rejected: Rejected;
}

/** Takes samples. A faulty one is told and the others are kept. @throws AppError `not_found` for an unknown environment */
export const pushMetrics = defineCommand({
  name: 'metrics.push',
  access: 'metrics.push',
  input: pushMetricsInput,
  // A sample with a text that cannot be kept is refused alone.
  texts: 'unchecked',
  // Every few seconds from every sender: the samples themselves are the record.
  audit: 'none',
  prepare: async (ctx, { samples, ...place }): Promise<Prepared> => {
    environmentConfig(ctx, place);
    await ensureMetricPartitions(ctx);
    const rejected: Rejected = [];
    const columns = await readSamples(ctx, place, samples, rejected);
    rejected.sort((a, b) => a.index - b.index);
    return { columns, rejected };
  },
  handle: async (tx, _input, { columns, rejected }): Promise<PushMetricsResult> => {
    const accepted = await writeSamples(tx, columns);
    return { accepted, duplicates: columns.seriesIds.length - accepted, rejected };
  },
});

type Rejected = PushMetricsResult['rejected'];

interface Unplaced {
  index: number;
  sample: Sample;
}

/** Checks each sample and finds or makes its series. */
async function readSamples(
  ctx: Ctx,
  place: EnvironmentKey,
  raw: readonly unknown[],
  rejected: Rejected,
): Promise<Columns> {
  const limits = { nowMs: ctx.clock.now().getTime(), oldestMs: oldestSampleMs(ctx) };
  const names = new NameCheck();
  const index = seriesIndexOf(ctx);
  const columns: Columns = { seriesIds: [], atMs: [], values: [] };
  const unplaced: Unplaced[] = [];
  for (let at = 0; at < raw.length; at += 1) {
    const sample = readSample(raw[at], limits, names);
    if (typeof sample === 'string') rejected.push({ index: at, error: sample });
    else if (!add(index.find(place, sample), at, sample, columns, rejected))
      unplaced.push({ index: at, sample });
  }
  if (unplaced.length === 0) return columns;
  const refused = await index.ensure(
    ctx,
    place,
    unplaced.map((each) => each.sample),
  );
  for (const { index: at, sample } of unplaced) {
    const error = refused.get(index.keyOf(place, sample));
    if (error) rejected.push({ index: at, error });
    else if (!add(index.find(place, sample), at, sample, columns, rejected))
      throw new Error('A series that was made is not there');
  }
  return columns;
}

/** @returns false when there is no series to add it to */
function add(
  series: Series | undefined,
  at: number,
  sample: Sample,
  { seriesIds, atMs, values }: Columns,
  rejected: Rejected,
): boolean {
  if (!series) return false;
  if (series.kind !== sample.kind) {
    rejected.push({ index: at, error: kindConflict(sample.name, series.kind) });
    return true;
  }
  seriesIds.push(series.id);
  atMs.push(sample.atMs);
  values.push(sample.value);
  return true;
}
