import { Component, lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import {
  type ChartLimit,
  type ChartMark,
  type ChartSeries,
  type ChartTime,
  type ChartUnit,
  figuresOf,
  formatValue,
  marksWithin,
  momentLabel,
  scaleOf,
  stepWords,
  tableRows,
} from '#app/components/chart/chart-model';
import { AXIS_WIDTH, colourOf } from '#app/components/chart/geometry';
import { StaticPlot } from '#app/components/chart/static-plot';
import { usePresence } from '#app/components/chart/use-presence';

/** recharts comes when somebody may point at a chart, never with a page. */
const Plot = lazy(() => import('#app/components/chart/plot'));

const TABLE_ROWS = 24;

/**
 * Values over time. The server draws the curves and says the figures; the browser adds axes, a crosshair and marks in the
 * same place. Gaps stay gaps. `title` names it in its heading at the caller's; `words` say what it is without data.
 */
export function TimeSeries({
  name,
  unit,
  series,
  limits = [],
  marks = [],
  time,
  height,
  syncId,
  empty,
  plain,
}: {
  name: string;
  unit: ChartUnit;
  series: readonly ChartSeries[];
  limits?: readonly ChartLimit[];
  marks?: readonly ChartMark[];
  time: ChartTime;
  /** Of the plot, px: reserved from the start. */
  height: number;
  syncId?: string;
  /** What is said where nothing is known. */
  empty: ReactNode;
  /** Only the curves: the figures stand elsewhere. */
  plain?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const isPresent = usePresence();
  const [isDrawn, setDrawn] = useState(false);
  const within = marksWithin(marks, time);
  const scale = scaleOf(series, limits);
  const isEmpty = series.every(({ values }) => values.every((value) => value === null));
  const still = <StaticPlot series={series} limits={limits} scale={scale} time={time} />;
  return (
    <figure className="min-w-0">
      <div ref={box} className="relative" style={{ height }}>
        {isEmpty ? (
          <p className="grid h-full place-items-center rounded-m bg-sunken px-4 text-center text-muted">
            <span className="max-w-prose text-balance">{empty}</span>
          </p>
        ) : (
          <>
            {isDrawn ? null : still}
            {width === null || !isPresent ? null : (
              <KeepStill>
                <Suspense fallback={null}>
                  <Drawn onDrawn={setDrawn}>
                    <Plot
                      name={`${name}, ${momentLabel(time.fromMs)} to ${momentLabel(time.toMs)}. Arrow keys move along it.`}
                      unit={unit}
                      series={series}
                      limits={limits}
                      marks={within}
                      scale={scale}
                      time={time}
                      width={width}
                      height={height}
                      syncId={syncId}
                    />
                  </Drawn>
                </Suspense>
              </KeepStill>
            )}
          </>
        )}
      </div>
      {isEmpty ? null : (
        <figcaption
          className={plain ? 'sr-only' : 'mt-1 sm:pl-(--axis)'}
          style={{ '--axis': `${AXIS_WIDTH}px` } as React.CSSProperties}
        >
          <Caption series={series} unit={unit} time={time} />
        </figcaption>
      )}
      {isEmpty || plain ? null : <Table name={name} unit={unit} series={series} time={time} />}
    </figure>
  );
}

/** The width of the box once it is known, and as it changes. */
function useWidth(box: React.RefObject<HTMLElement>): number | null {
  const [width, setWidth] = useState<number | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth || null));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}

/** Tells that what is inside has taken the place of the still picture. */
function Drawn({ onDrawn, children }: { onDrawn: (isDrawn: boolean) => void; children: ReactNode }) {
  useEffect(() => {
    onDrawn(true);
    return () => onDrawn(false);
  }, [onDrawn]);
  return children;
}

/** Where the plot cannot be fetched the still picture stays. */
class KeepStill extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };
  static getDerivedStateFromError() {
    return { hasFailed: true };
  }
  override render() {
    return this.state.hasFailed ? null : this.props.children;
  }
}

function Caption({
  series,
  unit,
  time,
}: {
  series: readonly ChartSeries[];
  unit: ChartUnit;
  time: ChartTime;
}) {
  return (
    <ul className="flex flex-wrap gap-x-5 gap-y-0.5 text-s text-muted">
      {series.map(({ key, label, values }, at) => {
        const figures = figuresOf(values);
        return (
          <li key={key} className="inline-flex flex-wrap items-center gap-x-2">
            <span
              aria-hidden="true"
              className="h-0.5 w-3 rounded-full"
              style={{ background: colourOf(at) }}
            />
            <span className="text-ink">{label}</span>
            {figures ? (
              <span>
                low {formatValue(figures.least, unit)} · average {formatValue(figures.average, unit)} · high{' '}
                {formatValue(figures.most, unit)} · last {formatValue(figures.last, unit)}
                {figures.stepsAgo > 1 ? `, ${stepWords(figures.stepsAgo * time.stepMs)} ago` : ''}
              </span>
            ) : (
              <span>nothing known</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** The same in rows, for whoever does not see curves. */
function Table({
  name,
  unit,
  series,
  time,
}: {
  name: string;
  unit: ChartUnit;
  series: readonly ChartSeries[];
  time: ChartTime;
}) {
  const { rows, stepMs } = tableRows(series, time, TABLE_ROWS);
  return (
    <details
      className="mt-1 text-s sm:pl-(--axis)"
      style={{ '--axis': `${AXIS_WIDTH}px` } as React.CSSProperties}
    >
      <summary className="hit inline-flex items-center text-muted underline decoration-edge underline-offset-3 hover:text-ink">
        As a table
      </summary>
      <table className="mt-1 mb-2 w-full max-w-xl border-collapse">
        <caption className="pb-1 text-left text-muted">
          {name}: the highest of each {stepWords(stepMs)}, UTC
        </caption>
        <thead>
          <tr className="border-b border-line text-left text-muted">
            <th scope="col" className="py-1 pr-4 font-medium">
              From
            </th>
            {series.map(({ key, label }) => (
              <th key={key} scope="col" className="py-1 pl-4 text-right font-medium">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, values }) => (
            <tr key={at} className="border-b border-line/60">
              <th scope="row" className="py-1 pr-4 text-left font-normal whitespace-nowrap text-muted">
                {momentLabel(at)}
              </th>
              {values.map((value, index) => (
                <td key={series[index]?.key} className="py-1 pl-4 text-right">
                  {value === null ? '–' : formatValue(value, unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
