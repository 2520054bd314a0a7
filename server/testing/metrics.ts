import type { MetricKind } from '#server/metrics/contract';
import { ensureMetricPartitions } from '#server/metrics/partitions';
import { seriesIndexOf } from '#server/metrics/series-index';
import { writeSamples } from '#server/metrics/store';
import type { Ctx } from '#server/platform/context';
import type { OpsConfigInput } from '#server/services/config';

/** One environment that is never deployed to, for tests of what is measured. */
export const METRICS_CONFIG: OpsConfigInput = metricsConfig('http://127.0.0.1:9');

/** The same at another address, scraped when it says how. */
export function metricsConfig(
  url: string,
  metrics?: { path?: string; intervalMs?: number; timeoutMs?: number },
): OpsConfigInput {
  return {
    services: {
      shop: {
        title: 'Shop',
        environments: {
          production: {
            title: 'Production',
            url,
            deploy: {
              driver: 'command',
              repository: '/nowhere',
              directory: '/nowhere',
              steps: { switch: 'true' },
            },
            health: {},
            validation: { endpoints: [{ path: '/' }] },
            ...(metrics ? { metrics } : {}),
          },
        },
      },
    },
  };
}

export interface SeriesSamples {
  name: string;
  kind: MetricKind;
  labels?: Record<string, string>;
  /** Times (ms since 1970) and values. */
  samples: readonly (readonly [number, number])[];
}

/** Writes samples of the shop in production as ingest does, and returns the ids of their series. */
export async function putSamples(ctx: Ctx, series: readonly SeriesSamples[]): Promise<number[]> {
  const place = { service: 'shop', environment: 'production' };
  const index = seriesIndexOf(ctx);
  await ensureMetricPartitions(ctx);
  await index.ensure(
    ctx,
    place,
    series.map(({ name, kind, labels = {} }) => ({ name, kind, labels })),
  );
  const ids = series.map(
    ({ name, kind, labels = {} }) => index.find(place, { name, kind, labels })?.id as number,
  );
  const rows = series.flatMap(({ samples }, at) =>
    samples.map(([atMs, value]) => ({ id: ids[at] as number, atMs, value })),
  );
  await ctx.transaction((tx) =>
    writeSamples(tx, {
      seriesIds: rows.map((row) => row.id),
      atMs: rows.map((row) => row.atMs),
      values: rows.map((row) => row.value),
    }),
  );
  return ids;
}

const { shop } = METRICS_CONFIG.services;

/** Beside production an environment for practice, of which nothing counts. */
export const WITH_PRACTICE_CONFIG = {
  services: {
    shop: {
      ...shop,
      environments: {
        ...shop?.environments,
        practice: { ...shop?.environments.production, practice: true },
      },
    },
  },
} as typeof METRICS_CONFIG;
