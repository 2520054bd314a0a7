import { defineCommand } from '#server/auth/guard';
import { type PushMetricsResult, pushMetricsInput } from '#server/metrics/contract';
import { ensurePartitions, oldestSampleMs } from '#server/metrics/partitions';
import { NameCheck, readSample, type Sample } from '#server/metrics/samples';
import { kindConflict, type SeriesIndex, seriesIndexOf } from '#server/metrics/series-index';
import { type Columns, writeSamples } from '#server/metrics/store';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

interface Prepared {
  columns: Columns;
  rejected: PushMetricsResult['rejected'];
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
    await ensurePartitions(ctx);
    const rejected: PushMetricsResult['rejected'] = [];
    const good = readSamples(ctx, samples, rejected);
    const columns = await placeSamples(ctx, place, good, rejected);
    rejected.sort((a, b) => a.index - b.index);
    return { columns, rejected };
  },
  handle: async (tx, _input, { columns, rejected }): Promise<PushMetricsResult> => {
    const accepted = await writeSamples(tx, columns);
    return { accepted, duplicates: columns.seriesIds.length - accepted, rejected };
  },
});

type Indexed = Sample & { index: number };

function readSamples(ctx: Ctx, raw: readonly unknown[], rejected: PushMetricsResult['rejected']): Indexed[] {
  const limits = { nowMs: ctx.clock.now().getTime(), oldestMs: oldestSampleMs(ctx) };
  const names = new NameCheck();
  const good: Indexed[] = [];
  for (let index = 0; index < raw.length; index += 1) {
    const sample = readSample(raw[index], limits, names);
    if (typeof sample === 'string') rejected.push({ index, error: sample });
    else good.push(Object.assign(sample, { index }));
  }
  return good;
}

/** Finds or makes the series of each sample. */
async function placeSamples(
  ctx: Ctx,
  place: EnvironmentKey,
  samples: readonly Indexed[],
  rejected: PushMetricsResult['rejected'],
): Promise<Columns> {
  const index = seriesIndexOf(ctx);
  const columns: Columns = { seriesIds: [], atMs: [], values: [] };
  const unknown: Indexed[] = [];
  for (const sample of samples) if (!add(index, place, sample, columns, rejected)) unknown.push(sample);
  if (unknown.length === 0) return columns;
  const refused = await index.ensure(ctx, place, unknown);
  for (const sample of unknown) {
    const error = refused.get(index.keyOf(place, sample));
    if (error) rejected.push({ index: sample.index, error });
    else if (!add(index, place, sample, columns, rejected))
      throw new Error('A series that was made is not there');
  }
  return columns;
}

function add(
  index: SeriesIndex,
  place: EnvironmentKey,
  sample: Indexed,
  { seriesIds, atMs, values }: Columns,
  rejected: PushMetricsResult['rejected'],
): boolean {
  const series = index.find(place, sample);
  if (!series) return false;
  if (series.kind !== sample.kind) {
    rejected.push({ index: sample.index, error: kindConflict(sample.name, series.kind) });
    return true;
  }
  seriesIds.push(series.id);
  atMs.push(sample.atMs);
  values.push(sample.value);
  return true;
}
