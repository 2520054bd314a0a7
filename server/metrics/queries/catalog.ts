import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import { listMetricsInput, type MetricView, type ScrapeTargetView } from '#server/metrics/contract';
import { type Series, seriesIndexOf } from '#server/metrics/series-index';
import { environmentConfig } from '#server/services/queries';

/** So many values of a label are named, by the alphabet. */
export const VALUES_SHOWN = 50;

/** The metrics of an environment by name. @throws AppError `not_found` */
export const listMetrics = defineQuery({
  name: 'metrics.list',
  access: 'metrics.read',
  input: listMetricsInput,
  handle: async (ctx, place): Promise<MetricView[]> => {
    environmentConfig(ctx, place);
    const index = seriesIndexOf(ctx);
    await index.refresh(ctx);
    const byName = new Map<string, Series[]>();
    for (const series of index.of(place)) {
      const name = series.kind === 'histogram' ? series.name.replace(/_bucket$/, '') : series.name;
      byName.set(name, [...(byName.get(name) ?? []), series]);
    }
    return [...byName].map(([name, list]) => toView(name, list)).sort((a, b) => (a.name < b.name ? -1 : 1));
  },
});

function toView(name: string, list: readonly Series[]): MetricView {
  const values = new Map<string, Set<string>>();
  for (const { labels } of list) {
    for (const [label, value] of Object.entries(labels)) {
      const known = values.get(label) ?? new Set();
      if (label !== 'le') values.set(label, known.add(value));
    }
  }
  const labels = [...values]
    .map(([label, set]) => ({ name: label, values: [...set].sort().slice(0, VALUES_SHOWN) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name, kind: list[0]?.kind ?? 'gauge', series: list.length, labels };
}

/** What is scraped, and how it went the last time. */
export const listScrapeTargets = defineQuery({
  name: 'metrics.list-scrape-targets',
  access: 'metrics.read',
  input: z.object({}),
  handle: async (ctx): Promise<ScrapeTargetView[]> => {
    const rows = await ctx.db.scrapeTarget.findMany({
      orderBy: [{ service: 'asc' }, { environment: 'asc' }],
    });
    return rows.map(
      ({ service, environment, url, intervalMs, lastScrapedAt, lastError, lastDurationMs, lastSamples }) => ({
        service,
        environment,
        url,
        intervalMs,
        lastScrapedAt: lastScrapedAt?.toISOString() ?? null,
        lastError,
        lastDurationMs,
        lastSamples,
      }),
    );
  },
});
