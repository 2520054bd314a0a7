import * as z from 'zod/mini';
import { timestamp } from '#server/platform/contract';
import { environmentKey } from '#server/services/contract';

/** counter: grows, and starts again at 0; gauge: goes up and down; histogram: a cumulative bucket with the label `le`. */
export const METRIC_KINDS = ['counter', 'gauge', 'histogram'] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];

/** Names as Prometheus has them; those of histograms end in `_bucket`. */
export const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/;
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/;
/** Characters of a label's value, and labels of a series, at most. */
export const LABEL_VALUE_MAX = 500;
export const LABELS_MAX = 20;
/** Samples in one request at most. */
export const SAMPLES_MAX = 5_000;
/** A sample may be this far ahead of the console's clock, seconds. */
export const FUTURE_SECONDS = 60;
/** Points that a chart may ask for. */
export const CHART_POINTS_MAX = 700;

const metricName = z
  .string()
  .check(z.regex(METRIC_NAME, 'Name a metric as Prometheus does: letters, digits, _ and :, no digit first.'));
const labelName = z
  .string()
  .check(z.regex(LABEL_NAME, 'Name a label in letters, digits and _, no digit first.'));

/**
 * A value is matched as it is; an empty one matches series without the label. One that begins with `~` is a pattern of
 * the whole value: alternatives between `|`, in which `*` stands for any characters: `~4xx|5xx`, `~/api/*`.
 */
const labelMatch = z
  .record(labelName, z.string().check(z.maxLength(LABEL_VALUE_MAX)))
  .check(z.refine((labels) => Object.keys(labels).length <= LABELS_MAX, `At most ${LABELS_MAX} labels.`));

/** All series of a metric whose labels match. */
export const metricSelector = z.object({ metric: metricName, labels: z.optional(labelMatch) });
export type MetricSelector = z.infer<typeof metricSelector>;

const selectors = z.union([
  metricSelector,
  z.array(metricSelector).check(z.minLength(1, 'Name at least one metric.'), z.maxLength(10)),
]);

export const GAUGE_AGGREGATES = ['avg', 'max', 'min', 'sum', 'last'] as const;
export type GaugeAggregate = (typeof GAUGE_AGGREGATES)[number];

/**
 * What rules, charts and tiles reckon over a window. Of several matching series:
 * - `gauge`: avg, max, min and sum take all samples together; last adds up the newest sample of each series;
 * - `rate` (a second) and `increase` of counters add up the series; restarts of a counter lose nothing that was seen;
 * - `ratio`: increase of the numerator in percent of that of the denominator; a list is added up;
 * - `quantile` of a histogram, named without `_bucket`, interpolated within its bucket and multiplied by `scale`.
 */
export const measure = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('gauge'),
    metric: metricName,
    labels: z.optional(labelMatch),
    aggregate: z.enum(GAUGE_AGGREGATES),
  }),
  z.object({ kind: z.literal('rate'), metric: metricName, labels: z.optional(labelMatch) }),
  z.object({ kind: z.literal('increase'), metric: metricName, labels: z.optional(labelMatch) }),
  z.object({ kind: z.literal('ratio'), numerator: selectors, denominator: selectors }),
  z.object({
    kind: z.literal('quantile'),
    metric: metricName,
    labels: z.optional(labelMatch),
    q: z.union([z.literal(0.5), z.literal(0.95), z.literal(0.99)]),
    scale: z.optional(z.number('Enter a number above 0.').check(z.positive('Enter a number above 0.'))),
  }),
]);
export type Measure = z.infer<typeof measure>;

export const COMPARISONS = ['>', '>=', '<', '<='] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A threshold of which the beginning of the breach is asked for, looking back as far as that. */
export const breachQuestion = z.object({
  comparison: z.enum(COMPARISONS),
  threshold: z.number(),
  lookbackSeconds: z.number().check(z.minimum(1), z.maximum(86_400)),
});
export type BreachQuestion = z.infer<typeof breachQuestion>;

/** One question of a batch. */
export interface MeasureRequest {
  service: string;
  environment: string;
  measure: Measure;
  /** Length of the window, seconds. */
  windowSeconds: number;
  /** End of the window, included; the moment of the call when absent. */
  endsAt?: Date;
  breach?: BreachQuestion;
}

/** no_data: no samples to reckon from; no_traffic: samples, but nothing happened that a share could be taken of. */
export type MeasureReason = null | 'no_data' | 'no_traffic';

/** A window of the lookback, the newest first. */
export interface MeasuredWindow {
  endsAt: Date;
  value: number | null;
  traffic: number | null;
}

export interface MeasureResult {
  value: number | null;
  /** Increase of the denominator, of a histogram's count or of the counter; null for gauges. */
  traffic: number | null;
  reason: MeasureReason;
  /** Time of the newest sample in the window. */
  newestAt: Date | null;
  /**
   * When the breach began that lasts until the end of the window, to the sample; null when the value does not breach.
   * The beginning of the lookback when it is older. Set when a breach was asked for.
   */
  breachedSince?: Date | null;
  /** Nothing in the lookback was well, so it may have begun before; set like `breachedSince`. */
  mayBeOlder?: boolean;
  /** The windows of the lookback, one after the other, while the value breaches; set like `breachedSince`. */
  windows?: MeasuredWindow[];
}

/** `samples` are checked one by one: a faulty one is told, the others are kept. */
export const pushMetricsInput = z.object({
  ...environmentKey.shape,
  samples: z
    .array(z.unknown())
    .check(
      z.minLength(1, 'Send at least one sample.'),
      z.maxLength(SAMPLES_MAX, `Send at most ${SAMPLES_MAX} samples at once.`),
      z.describe(
        'Each {name, kind: counter | gauge | histogram, value, labels?, at?}; `at` is ISO 8601 or milliseconds since 1970, the moment of the request when absent. A histogram sample is one cumulative bucket: its name ends in `_bucket` and it has the label `le`.',
      ),
    ),
});

export const pushMetricsResult = z.object({
  accepted: z.int().check(z.describe('Samples that were new.')),
  duplicates: z
    .int()
    .check(z.describe('Samples of a series and time that were there already; the first one stays.')),
  rejected: z
    .array(z.object({ index: z.int(), error: z.string() }))
    .check(z.describe('Samples that cannot be used, by their place in the request, and why.')),
});
export type PushMetricsResult = z.infer<typeof pushMetricsResult>;

export const listMetricsInput = z.object({ ...environmentKey.shape });

/** A metric of an environment, for a picker. */
export const metricView = z.object({
  name: z.string().check(z.describe('As a measure names it: a histogram without `_bucket`.')),
  kind: z.enum(METRIC_KINDS),
  series: z.int(),
  labels: z
    .array(z.object({ name: z.string(), values: z.array(z.string()) }))
    .check(z.describe('Labels with their values, the first 50 of each.')),
});
export type MetricView = z.infer<typeof metricView>;

/** A measure over the wire: the address of a GET has it as JSON text. */
const measureField = z.union([
  measure,
  z.pipe(
    z.string().check(z.maxLength(4_000)),
    z.pipe(
      z.transform((text: string, ctx): unknown => {
        try {
          return JSON.parse(text);
        } catch {
          ctx.issues.push({ code: 'custom', message: 'Give the measure as JSON.', input: text });
          return z.NEVER;
        }
      }),
      measure,
    ),
  ),
]);

export const readChartInput = z.object({
  ...environmentKey.shape,
  measure: measureField,
  from: timestamp,
  to: timestamp,
  points: z.optional(
    z.coerce
      .number()
      .check(
        z.int(),
        z.minimum(10, 'Ask for 10 points or more.'),
        z.maximum(CHART_POINTS_MAX, `Ask for ${CHART_POINTS_MAX} points or fewer.`),
      ),
  ),
});

export const CHART_RESOLUTIONS = ['raw', '1m', '1h'] as const;
export type ChartResolution = (typeof CHART_RESOLUTIONS)[number];

export const chartView = z.object({
  resolution: z.enum(CHART_RESOLUTIONS).check(z.describe('What was read: samples, or a rollup of them.')),
  stepSeconds: z.int(),
  points: z
    .array(
      z.object({
        at: timestamp.check(z.describe('Beginning of the step.')),
        value: z.nullable(z.number()).check(z.describe('null where there is nothing to show.')),
      }),
    )
    .check(z.describe('One for each step, in order.')),
});
export type ChartView = z.infer<typeof chartView>;

export const scrapeTargetView = z.object({
  service: z.string(),
  environment: z.string(),
  url: z.string(),
  intervalMs: z.int(),
  lastScrapedAt: z.nullable(timestamp),
  lastError: z
    .nullable(z.string())
    .check(z.describe('Why the last scrape brought nothing; null when it did.')),
  lastDurationMs: z.nullable(z.int()),
  lastSamples: z.nullable(z.int()),
});
export type ScrapeTargetView = z.infer<typeof scrapeTargetView>;
