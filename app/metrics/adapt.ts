import type { ChartLimit, ChartMark, ChartTime } from '#app/components/chart/chart-model';
import { formatValue } from '#app/components/chart/chart-model';
import { formatUtc } from '#app/lib/format';
import {
  BOARD_SPECS,
  type Board,
  type BoardLimit,
  isPast,
  type TileFigure,
} from '#server/monitoring/board/contract';

/** The time that a board's charts span. */
export function timeOf({ startsAt, endsAt, stepSeconds }: Board): ChartTime {
  return { fromMs: Date.parse(startsAt), toMs: Date.parse(endsAt), stepMs: stepSeconds * 1_000 };
}

/** The limits of rules as lines; rules of the same value and gravity are one. */
export function linesOf(limits: readonly BoardLimit[]): ChartLimit[] {
  const lines = new Map<string, ChartLimit>();
  for (const { value, severity } of limits) {
    const tone = severity === 'critical' ? 'critical' : 'warning';
    lines.set(`${tone} ${value}`, { value, tone, label: severity === 'info' ? 'limit' : severity });
  }
  return [...lines.values()];
}

export const marksOf = (board: Board): ChartMark[] => board.marks;

export interface Judgement {
  tone: 'ok' | 'warning' | 'critical' | 'unknown';
  /** The figure, or a dash. */
  value: string;
  /** What it means, in words. */
  words: string;
}

const NOTHING_HAPPENED: Record<TileFigure['key'], string> = {
  errors: 'no requests',
  latency: 'no requests',
  requests: 'no requests',
  payments: 'no payments',
};

/** A figure of the last minute against the limits of the rules; honest about what nobody knows. */
export function judge(figure: TileFigure, heardAt: string | null): Judgement {
  const { key, value, reason, limits } = figure;
  if (value === null) {
    const words =
      reason === 'no_traffic'
        ? `${NOTHING_HAPPENED[key]} in the last minute`
        : heardAt === null
          ? 'never measured'
          : `no data since ${formatUtc(heardAt)}`;
    return { tone: 'unknown', value: '–', words };
  }
  const { unit } = BOARD_SPECS[key];
  const past = limits.filter((limit) => isPast(value, limit));
  const gravest = past.find(({ severity }) => severity === 'critical') ?? past.at(-1);
  const text = formatValue(value, unit);
  if (gravest) {
    return {
      tone: gravest.severity === 'critical' ? 'critical' : 'warning',
      value: text,
      words: `past the limit of ${formatValue(gravest.value, unit)}`,
    };
  }
  const [nearest] = limits;
  return {
    tone: 'ok',
    value: text,
    words: nearest ? `within ${formatValue(nearest.value, unit)}` : 'in the last minute',
  };
}
