import { Link } from '@remix-run/react';
import { ArrowDown, ArrowUp, Equal, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Trend, trendOf } from '#app/figures/trend';
import { formatCount, formatDuration } from '#app/lib/format';
import type { TimeFigure } from '#server/figures/contract';
import {
  FIGURE_DEFINITIONS,
  type FigureKey,
  TIME_KIND_LABELS,
  TIME_KINDS,
  type TimeKind,
} from '#server/figures/words/contract';

const TURNS: Record<Trend['turn'], LucideIcon | null> = {
  up: ArrowUp,
  down: ArrowDown,
  level: Equal,
  none: null,
};

/** One figure: what it is, beside the time before, of how much it is made, and how it is reckoned. */
export function FigureCard({
  name,
  figureKey,
  value,
  trend,
  children,
}: {
  name: string;
  figureKey: FigureKey;
  /** Null: there is none, which `children` say why. */
  value: string | null;
  trend: Trend;
  children: ReactNode;
}) {
  const Icon = TURNS[trend.turn];
  return (
    <li className="flex min-w-0 flex-col gap-1 bg-surface px-4 py-3">
      <h3 className="text-s font-medium text-muted">{name}</h3>
      <p className={value === null ? 'text-l text-muted' : 'text-l font-semibold tracking-tight'}>
        {value ?? 'None'}
      </p>
      <p className="text-s text-pretty text-muted">
        {Icon ? <Icon aria-hidden="true" size={13} className="mr-1 inline-block align-[-2px]" /> : null}
        {trend.words}
      </p>
      <div className="text-s text-pretty text-muted">{children}</div>
      <details className="mt-auto text-s">
        <summary className="hit inline-flex items-center text-muted underline decoration-edge underline-offset-3 hover:text-ink">
          How it is reckoned<span className="sr-only">: {name}</span>
        </summary>
        <p className="pb-1 text-pretty text-muted">{FIGURE_DEFINITIONS[figureKey]}</p>
      </details>
    </li>
  );
}

/** The same of a time: its median, with the mean, and how many times of each kind there are. */
export function TimeCard({
  name,
  figureKey,
  figure,
  hrefOf,
}: {
  name: string;
  figureKey: FigureKey;
  figure: TimeFigure;
  /** Where those of a kind are listed. */
  hrefOf?: (kind: TimeKind) => string;
}) {
  const { medianMs, meanMs, before } = figure;
  const counts: Record<TimeKind, number> = {
    recorded: figure.recorded,
    pending: figure.pending,
    not_applicable: figure.notApplicable,
    invalid: figure.invalid,
  };
  const trend = trendOf(medianMs, before.medianMs, { more: 'longer', less: 'shorter' }, formatDuration);
  return (
    <FigureCard
      name={name}
      figureKey={figureKey}
      value={medianMs === null ? null : formatDuration(medianMs)}
      trend={trend}
    >
      {meanMs === null ? null : <>median; mean {formatDuration(meanMs)}</>}
      <ul className="flex flex-wrap gap-x-3">
        {TIME_KINDS.map((kind) => {
          const words = `${formatCount(counts[kind])} ${TIME_KIND_LABELS[kind]}`;
          return (
            <li key={kind} className="inline-flex items-center">
              {hrefOf && counts[kind] > 0 ? (
                <Link to={hrefOf(kind)} preventScrollReset className="hit link inline-flex items-center">
                  {words}
                  <span className="sr-only">: {name}</span>
                </Link>
              ) : (
                <span className="hit inline-flex items-center">{words}</span>
              )}
            </li>
          );
        })}
      </ul>
    </FigureCard>
  );
}
