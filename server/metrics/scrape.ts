import { LABEL_NAME, LABEL_VALUE_MAX, LABELS_MAX } from '#server/metrics/contract';
import { fetchExposition, ScrapeError } from '#server/metrics/drivers/exposition-source';
import { type ExposedSample, ExpositionError, parseExposition } from '#server/metrics/exposition';
import { ensureMetricPartitions, oldestSampleMs } from '#server/metrics/partitions';
import { checkKind, checkTime, type Sample } from '#server/metrics/samples';
import { kindConflict, type SeriesIndex, seriesIndexOf } from '#server/metrics/series-index';
import { type Columns, writeSamples } from '#server/metrics/store';
import { arrayText } from '#server/metrics/windows';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import {
  claimDueTasks,
  finishTask,
  type LeasedTask,
  startTaskLoop,
  type TaskLoop,
} from '#server/platform/leased-tasks';
import { OPS_CONFIG } from '#server/services/queries';

const TABLE = 'scrape_target';
const CONCURRENCY = 16;
/** A lease lasts this much longer than the longest answer may take, ms. */
const LEASE_MARGIN_MS = 5_000;
const LONGEST_TIMEOUT_MS = 60_000;
/** After a longer silence of a target nobody knows what its new counters began with, ms. */
const SILENCE_MS = 300_000;

interface Target {
  id: string;
  service: string;
  environment: string;
  url: string;
  intervalMs: number;
  timeoutMs: number;
  lastGoodAt: Date | null;
  processStartedAt: number | null;
}

/** Brings the targets in line with the configuration; safe in several workers at once. */
export async function syncScrapeTargets(ctx: Ctx): Promise<void> {
  const { services } = ctx.use(OPS_CONFIG).config;
  const wanted = Object.entries(services).flatMap(([service, { environments }]) =>
    Object.entries(environments).flatMap(([environment, { url, metrics }]) =>
      metrics
        ? [
            {
              service,
              environment,
              url: new URL(metrics.path, url).href,
              interval_ms: metrics.intervalMs,
              timeout_ms: metrics.timeoutMs,
            },
          ]
        : [],
    ),
  );
  const rows = JSON.stringify(wanted);
  await ctx.transaction(async (tx) => {
    await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('scrape targets'))`;
    await tx.db.$executeRaw`
      DELETE FROM scrape_target t WHERE NOT EXISTS (
        SELECT FROM jsonb_to_recordset(${rows}::jsonb) AS w(service text, environment text)
        WHERE w.service = t.service AND w.environment = t.environment)`;
    await tx.db.$executeRaw`
      INSERT INTO scrape_target AS t (id, service, environment, url, interval_ms, timeout_ms)
      SELECT gen_random_uuid(), w.* FROM jsonb_to_recordset(${rows}::jsonb)
        AS w(service text, environment text, url text, interval_ms int, timeout_ms int)
      ON CONFLICT (service, environment) DO UPDATE
        SET url = excluded.url, interval_ms = excluded.interval_ms, timeout_ms = excluded.timeout_ms
        WHERE (t.url, t.interval_ms, t.timeout_ms) IS DISTINCT FROM (excluded.url, excluded.interval_ms, excluded.timeout_ms)`;
  });
}

/** Scrapes what is due until it is stopped; several workers share the targets. */
export function startScrapeLoop(app: App, onError: (error: unknown) => void): TaskLoop {
  const ctxOf = () => app.for(systemActor('metric scrape'));
  return startTaskLoop({
    pollMs: app.env.SCRAPE_POLL_MS,
    concurrency: CONCURRENCY,
    claim: (limit) => claimDueTasks(ctxOf(), TABLE, { limit, leaseMs: LONGEST_TIMEOUT_MS + LEASE_MARGIN_MS }),
    run: (task) => scrape(ctxOf(), task),
    onError,
  });
}

/**
 * One scrape: what the target says becomes samples of one moment, by the database's clock, which dates switches and
 * failures as well. Whether it answered becomes a sample too.
 */
export async function scrape(ctx: Ctx, task: LeasedTask): Promise<void> {
  const target = await ctx.db.scrapeTarget.findUnique({ where: { id: task.id } });
  if (!target) return;
  await ensureMetricPartitions(ctx);
  const atMs = task.claimedAt.getTime();
  const startedMs = performance.now();
  const { exposed, error } = await ask(target);
  const durationMs = performance.now() - startedMs;
  const { samples, refused } = toSamples(exposed, { nowMs: atMs, oldestMs: oldestSampleMs(ctx) });
  const own: Sample[] = [
    { name: 'up', kind: 'gauge', labels: {}, atMs, value: error === null ? 1 : 0 },
    { name: 'scrape_duration_seconds', kind: 'gauge', labels: {}, atMs, value: durationMs / 1_000 },
  ];
  const faults = [...refused];
  const placed = await placeAll(ctx, target, [...samples, ...own], faults);
  const startedAt =
    error === null
      ? (samples.find((each) => each.name === 'process_start_time_seconds')?.value ?? null)
      : null;
  await ctx.transaction(async (tx) => {
    if (!(await finishTask(tx, TABLE, task, target.intervalMs))) return;
    const columns = columnsOf(placed);
    if (error === null) append(columns, await beginnings(tx, target, placed, atMs, startedAt));
    await writeSamples(tx, columns);
    await tx.db.$executeRaw`
      UPDATE scrape_target SET last_scraped_at = ${new Date(atMs)}, last_error = ${error ?? wordsFor(faults)},
        last_duration_ms = ${Math.round(durationMs)}, last_samples = ${samples.length},
        last_good_at = CASE WHEN ${error === null} THEN ${new Date(atMs)} ELSE last_good_at END,
        process_started_at = CASE WHEN ${error === null} THEN ${startedAt}::float8 ELSE process_started_at END
      WHERE id = ${target.id}::uuid`;
  });
}

async function ask(target: Target): Promise<{ exposed: ExposedSample[]; error: string | null }> {
  try {
    return { exposed: parseExposition(await fetchExposition(target.url, target.timeoutMs)), error: null };
  } catch (error) {
    if (error instanceof ScrapeError) return { exposed: [], error: error.message };
    if (error instanceof ExpositionError)
      return { exposed: [], error: `Not in the Prometheus text format. ${error.message}` };
    throw error;
  }
}

/** What can be kept of an exposition. NaN and infinities are usual in it and are left out. */
function toSamples(exposed: readonly ExposedSample[], limits: { nowMs: number; oldestMs: number }) {
  const samples: Sample[] = [];
  const refused: string[] = [];
  for (const { name, kind, labels, value, atMs, line } of exposed) {
    if (!Number.isFinite(value)) continue;
    const at = atMs ?? limits.nowMs;
    const entries = Object.entries(labels).filter(([, text]) => text !== '');
    const isTooMuch =
      name.length > 200 ||
      entries.length > LABELS_MAX ||
      entries.some(
        ([key, text]) => !LABEL_NAME.test(key) || text.length > LABEL_VALUE_MAX || text.includes('\0'),
      );
    const fault = isTooMuch ? 'Its name or its labels are too long or too many.' : checkTime(at, limits);
    const sample = fault ?? checkKind({ name, kind, labels: Object.fromEntries(entries), atMs: at, value });
    if (typeof sample === 'string') refused.push(`Line ${line}: ${sample}`);
    else samples.push(sample);
  }
  return { samples, refused };
}

interface Placed {
  seriesId: number;
  sample: Sample;
}

async function placeAll(
  ctx: Ctx,
  target: Target,
  samples: readonly Sample[],
  faults: string[],
): Promise<Placed[]> {
  const index: SeriesIndex = seriesIndexOf(ctx);
  const refused = await index.ensure(ctx, target, samples);
  return samples.flatMap((sample) => {
    const series = index.find(target, sample);
    if (series?.kind === sample.kind) return [{ seriesId: series.id, sample }];
    faults.push(
      series
        ? kindConflict(sample.name, series.kind)
        : (refused.get(index.keyOf(target, sample)) ?? 'It has no series.'),
    );
    return [];
  });
}

function columnsOf(placed: readonly Placed[]): Columns {
  return {
    seriesIds: placed.map((each) => each.seriesId),
    atMs: placed.map((each) => each.sample.atMs),
    values: placed.map((each) => each.sample.value),
  };
}

function append(columns: Columns, { seriesIds, atMs }: { seriesIds: number[]; atMs: number }): void {
  for (const id of seriesIds) {
    columns.seriesIds.push(id);
    columns.atMs.push(atMs);
    columns.values.push(0);
  }
}

/**
 * Counters that began at 0 since the last scrape: all of them when another process answers, and those that the last scrape
 * did not bring. With this sample of 0 nothing that they have counted is lost, be it more than the old process had.
 */
async function beginnings(
  tx: Ctx,
  { lastGoodAt, processStartedAt }: Target,
  placed: readonly Placed[],
  atMs: number,
  startedAt: number | null,
): Promise<{ seriesIds: number[]; atMs: number }> {
  const counters = placed
    .filter(({ sample }) => sample.kind !== 'gauge' && sample.atMs === atMs)
    .map((each) => each.seriesId);
  const lastMs = lastGoodAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  if (atMs - lastMs > SILENCE_MS || lastMs >= atMs - 1 || counters.length === 0)
    return { seriesIds: [], atMs };
  if (startedAt !== null && processStartedAt !== null && startedAt !== processStartedAt) {
    const startedMs = Math.round(startedAt * 1_000);
    return { seriesIds: counters, atMs: startedMs > lastMs && startedMs < atMs ? startedMs : lastMs + 1 };
  }
  const rows = await tx.db.$queryRaw<{ id: number }[]>`
    SELECT id FROM unnest(${arrayText(counters, (id) => id)}::int[]) AS c(id)
    WHERE NOT EXISTS (SELECT FROM metric_sample WHERE series_id = c.id AND at = ${lastGoodAt})`;
  return { seriesIds: rows.map((row) => row.id), atMs: lastMs + 1 };
}

function wordsFor(faults: readonly string[]): string | null {
  if (faults.length === 0) return null;
  const rest = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return `Not everything could be kept. ${faults[0]}${rest}`.slice(0, 1_000);
}
