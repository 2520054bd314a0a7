import * as z from 'zod/mini';
import type { Comparison, Measure, MeasureReason } from '#server/metrics/contract';
import type { CheckState } from '#server/monitoring/checks/words/contract';
import type { Severity } from '#server/monitoring/rules/words/contract';
import { environmentKey } from '#server/services/contract';

/** How far back the charts of an environment go. */
export const BOARD_WINDOWS = ['1h', '6h', '24h', '7d'] as const;
export type BoardWindow = (typeof BOARD_WINDOWS)[number];

export const BOARD_WINDOW_LABELS: Record<BoardWindow, string> = {
  '1h': 'hour',
  '6h': '6 hours',
  '24h': '24 hours',
  '7d': '7 days',
};

export const boardInput = z.object({
  ...environmentKey.shape,
  window: z._default(z.enum(BOARD_WINDOWS, `Choose ${BOARD_WINDOWS.join(', ')}.`), '1h'),
});

/** What a value counts. */
export type BoardUnit = 'percent' | 'ms' | 'per_second';

/** The charts of an environment, in order; tiles show the first series of each. */
export const BOARD_CHARTS = ['errors', 'latency', 'requests', 'payments'] as const;
export type BoardChartKey = (typeof BOARD_CHARTS)[number];

interface ChartSpec {
  title: string;
  unit: BoardUnit;
  series: readonly { key: string; label: string; measure: Measure }[];
}

const quantile = (q: 0.5 | 0.95): Measure => ({
  kind: 'quantile',
  metric: 'http_request_duration_seconds',
  q,
  scale: 1_000,
});

/** What a service says of itself by its metrics, in the names of docs/operating.md. */
export const BOARD_SPECS: Record<BoardChartKey, ChartSpec> = {
  errors: {
    title: 'Error rate',
    unit: 'percent',
    series: [
      {
        key: 'errors',
        label: 'errors',
        measure: {
          kind: 'ratio',
          numerator: { metric: 'http_requests_total', labels: { status: '5xx' } },
          denominator: { metric: 'http_requests_total' },
        },
      },
    ],
  },
  latency: {
    title: 'Response time',
    unit: 'ms',
    series: [
      { key: 'p95', label: 'p95', measure: quantile(0.95) },
      { key: 'p50', label: 'p50', measure: quantile(0.5) },
    ],
  },
  requests: {
    title: 'Requests',
    unit: 'per_second',
    series: [
      { key: 'requests', label: 'requests', measure: { kind: 'rate', metric: 'http_requests_total' } },
    ],
  },
  payments: {
    title: 'Payment failures',
    unit: 'percent',
    series: [
      {
        key: 'payments',
        label: 'failed payments',
        measure: {
          kind: 'ratio',
          numerator: { metric: 'shop_payment_failures_total' },
          denominator: { metric: 'shop_payment_attempts_total' },
        },
      },
    ],
  },
};

/** A limit that a rule sets for a value. */
export interface BoardLimit {
  value: number;
  comparison: Comparison;
  severity: Severity;
  ruleKey: string;
}

export interface BoardChart {
  key: BoardChartKey;
  title: string;
  unit: BoardUnit;
  /** Values by step, null where there is nothing to show. */
  series: { key: string; label: string; values: (number | null)[] }[];
  limits: BoardLimit[];
}

export const BOARD_MARK_KINDS = ['deploy', 'rollback', 'alert'] as const;

/** What happened meanwhile. */
export interface BoardMark {
  id: string;
  kind: (typeof BOARD_MARK_KINDS)[number];
  at: string;
  /** When an alert was resolved; null while it is open, and for what has no length. */
  until: string | null;
  label: string;
  /** Of the run or the alert. */
  refersTo: string;
}

/** Everything that the metrics page of an environment shows. */
export interface Board {
  service: string;
  environment: string;
  window: BoardWindow;
  /** Beginning of the first step, and how long each is. */
  startsAt: string;
  stepSeconds: number;
  endsAt: string;
  charts: BoardChart[];
  /** The oldest first. */
  marks: BoardMark[];
  /** When the environment's metrics were last heard of; null for never. */
  heardAt: string | null;
}

/** A figure of the last minute. */
export interface TileFigure {
  key: BoardChartKey;
  value: number | null;
  reason: MeasureReason;
  /** The limits that rules set, the lowest first. */
  limits: BoardLimit[];
}

/** How an environment is, at a glance. */
export interface TileSet {
  service: string;
  environment: string;
  health: {
    state: CheckState;
    counts: Partial<Record<CheckState, number>>;
    lastAt: string | null;
    /** When the last of those was looked at that nobody has looked at for long; null when there are none. */
    overdueSince: string | null;
  };
  figures: TileFigure[];
  alerts: { firing: number; critical: number; acknowledged: number };
  /** When the environment's metrics were last heard of; null for never. */
  heardAt: string | null;
}

/** True where `value` is past a limit. */
export function isPast(value: number, { comparison, value: limit }: BoardLimit): boolean {
  if (comparison === '>') return value > limit;
  if (comparison === '>=') return value >= limit;
  return comparison === '<' ? value < limit : value <= limit;
}
