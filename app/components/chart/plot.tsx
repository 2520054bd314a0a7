import { Fragment, useId } from 'react';
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ReferenceLine,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import {
  alertBands,
  type ChartLimit,
  type ChartMark,
  type ChartSeries,
  type ChartTime,
  type ChartUnit,
  formatValue,
  labelledMarks,
  momentLabel,
  type Scale,
  tickLabel,
  timeTicks,
} from '#app/components/chart/chart-model';
import {
  AXIS_HEIGHT,
  AXIS_WIDTH,
  colourOf,
  MARK_COLOURS,
  MARK_WORDS,
  RIGHT,
  TOP,
} from '#app/components/chart/geometry';

const TICK = { fill: 'var(--color-muted)', fontSize: 11 };
/** Room that the words of a mark, and a time of the axis, take, px. */
const LABEL_ROOM = 76;
const TICK_ROOM = 84;

export interface PlotProps {
  name: string;
  unit: ChartUnit;
  series: readonly ChartSeries[];
  limits: readonly ChartLimit[];
  marks: readonly ChartMark[];
  scale: Scale;
  time: ChartTime;
  width: number;
  height: number;
  /** Charts of one name show the same moment. */
  syncId?: string | undefined;
}

/** The plot with its crosshair. Loaded by the browser alone, after the page is there. */
export default function Plot(props: PlotProps) {
  const { name, unit, series, limits, marks, scale, time, width, height, syncId } = props;
  const id = useId().replace(/\W/g, '');
  const rows = Array.from({ length: Math.max(0, ...series.map(({ values }) => values.length)) }, (_, at) => ({
    at: time.fromMs + at * time.stepMs,
    ...Object.fromEntries(series.map(({ key, values }) => [key, values[at] ?? null])),
  }));
  const inner = width - AXIS_WIDTH - RIGHT;
  const plotBottom = height - AXIS_HEIGHT;
  const named = labelledMarks(marks, inner / LABEL_ROOM, time);
  const inSight = limits.filter(({ value }) => value <= scale.top);
  const [lowest] = inSight;
  // From the top down, the colour of each limit that a value there is past.
  const stepsDown = [...inSight].reverse().map((limit, at, all) => {
    const before = all[at - 1];
    return { ...limit, above: before ? 1 - before.value / scale.top : 0 };
  });
  return (
    <ComposedChart
      width={width}
      height={height}
      data={rows}
      margin={{ top: TOP, right: RIGHT, bottom: 0, left: 0 }}
      title={name}
      {...(syncId ? { syncId, syncMethod: 'index' as const } : {})}
    >
      <defs>
        {series.map(({ key }, at) => (
          <linearGradient
            key={key}
            id={`${id}${key}`}
            gradientUnits="userSpaceOnUse"
            x1={0}
            x2={0}
            y1={TOP}
            y2={plotBottom}
          >
            {at === 0
              ? stepsDown.map(({ value, tone, above }) => (
                  <Fragment key={`${tone}${value}`}>
                    <stop offset={above} stopColor={`var(--color-${tone})`} />
                    <stop offset={1 - value / scale.top} stopColor={`var(--color-${tone})`} />
                  </Fragment>
                ))
              : null}
            {at === 0 && lowest ? (
              <stop offset={1 - lowest.value / scale.top} stopColor={colourOf(at)} />
            ) : null}
            <stop offset={1} stopColor={colourOf(at)} />
          </linearGradient>
        ))}
        <linearGradient id={`${id}fade`} x1={0} x2={0} y1={0} y2={1}>
          <stop offset={0} stopColor={colourOf(0)} stopOpacity={0.2} />
          <stop offset={1} stopColor={colourOf(0)} stopOpacity={0.02} />
        </linearGradient>
      </defs>
      <CartesianGrid vertical={false} stroke="var(--color-line)" strokeOpacity={0.75} />
      <XAxis
        dataKey="at"
        type="number"
        domain={[time.fromMs, time.toMs]}
        ticks={timeTicks(time, Math.max(2, Math.floor(inner / TICK_ROOM)))}
        tickFormatter={tickLabel}
        tick={TICK}
        tickLine={false}
        axisLine={false}
        height={AXIS_HEIGHT}
        tickMargin={6}
        interval={0}
        allowDataOverflow
      />
      <YAxis
        width={AXIS_WIDTH}
        domain={[0, scale.top]}
        ticks={scale.ticks}
        tickFormatter={(value: number) =>
          value === 0 ? '0' : formatValue(value, unit).replace(' ', '\u00a0')
        }
        tick={TICK}
        tickLine={false}
        axisLine={false}
        interval={0}
        allowDataOverflow
      />
      {alertBands(marks, time).map(({ fromMs, toMs }) => (
        <ReferenceArea
          key={fromMs}
          x1={fromMs}
          x2={toMs}
          fill="var(--color-critical)"
          fillOpacity={0.09}
          ifOverflow="hidden"
        />
      ))}
      {inSight.map(({ value, label, tone }) => (
        <ReferenceLine
          key={`${label}${value}`}
          y={value}
          stroke={`var(--color-${tone})`}
          strokeDasharray="4 4"
          strokeOpacity={0.85}
          label={<LimitLabel words={`${label} ${formatValue(value, unit)}`} tone={tone} />}
        />
      ))}
      {marks
        .filter(({ at }) => Date.parse(at) >= time.fromMs)
        .map((mark) => (
          <ReferenceLine
            key={mark.id}
            x={Date.parse(mark.at)}
            stroke={MARK_COLOURS[mark.kind]}
            strokeOpacity={mark.kind === 'alert' ? 0.6 : 1}
            strokeDasharray={mark.kind === 'rollback' ? '2 3' : ''}
            ifOverflow="hidden"
            label={
              named.has(mark.id) ? (
                <MarkLabel
                  words={`${mark.kind === 'rollback' ? '↩' : '↑'} ${mark.label}`}
                  colour={MARK_COLOURS[mark.kind]}
                  right={width}
                />
              ) : (
                ''
              )
            }
          />
        ))}
      {[...series.entries()]
        .reverse()
        .map(([at, { key }]) =>
          at === 0 ? (
            <Area
              key={key}
              dataKey={key}
              type="linear"
              stroke={`url(#${id}${key})`}
              strokeWidth={1.75}
              strokeLinejoin="round"
              fill={series.length === 1 ? `url(#${id}fade)` : 'none'}
              fillOpacity={1}
              dot={false}
              activeDot={{ r: 3.5, strokeWidth: 2, stroke: 'var(--color-surface)', fill: colourOf(at) }}
              isAnimationActive={false}
              connectNulls={false}
            />
          ) : (
            <Line
              key={key}
              dataKey={key}
              type="linear"
              stroke={colourOf(at)}
              strokeWidth={1.25}
              dot={false}
              activeDot={{ r: 3, strokeWidth: 2, stroke: 'var(--color-surface)', fill: colourOf(at) }}
              isAnimationActive={false}
              connectNulls={false}
            />
          ),
        )}
      <Tooltip
        isAnimationActive={false}
        cursor={{ stroke: 'var(--color-edge)', strokeWidth: 1 }}
        wrapperStyle={{ zIndex: 20, outline: 'none' }}
        content={({ active, label }) =>
          active && typeof label === 'number' ? (
            <Moment at={label} series={series} unit={unit} time={time} marks={marks} />
          ) : null
        }
      />
    </ComposedChart>
  );
}

/** What the crosshair stands on: the time in UTC, each value, and what happened just then. */
function Moment({
  at,
  series,
  unit,
  time,
  marks,
}: Pick<PlotProps, 'series' | 'unit' | 'time' | 'marks'> & { at: number }) {
  const step = Math.round((at - time.fromMs) / time.stepMs);
  const near = marks.filter(({ at: from, until, kind }) => {
    const [begins, ends] = [Date.parse(from), until ? Date.parse(until) : time.toMs];
    return kind === 'alert'
      ? begins < at + time.stepMs && ends >= at
      : Math.abs(begins - at - time.stepMs / 2) <= time.stepMs;
  });
  return (
    <div className="max-w-64 rounded-m bg-surface px-3 py-2 text-s shadow-float">
      <p className="text-muted">{momentLabel(at)}</p>
      <ul className="mt-1 grid gap-0.5">
        {series.map(({ key, label, values }, index) => {
          const value = values[step] ?? null;
          return (
            <li key={key} className="flex items-center gap-2">
              <span
                aria-hidden="true"
                className="h-0.5 w-3 rounded-full"
                style={{ background: colourOf(index) }}
              />
              <span className="text-muted">{label}</span>
              <span className="ml-auto pl-4 font-semibold">
                {value === null ? 'nothing known' : formatValue(value, unit)}
              </span>
            </li>
          );
        })}
      </ul>
      {near.slice(0, 4).map(({ id, kind, label }) => (
        <p key={id} className="mt-1 border-t border-line pt-1" style={{ color: MARK_COLOURS[kind] }}>
          {MARK_WORDS[kind]} {label}
        </p>
      ))}
    </div>
  );
}

/** The words of a limit, at the left above its line, where the newest values do not cover them. */
function LimitLabel({
  words,
  tone,
  viewBox,
}: {
  words: string;
  tone: ChartLimit['tone'];
  /** Given by recharts. */
  viewBox?: { x?: number; y?: number };
}) {
  return (
    <text
      x={(viewBox?.x ?? 0) + 4}
      y={(viewBox?.y ?? 0) - 5}
      fill={`var(--color-${tone})`}
      fontSize={11}
      stroke="var(--color-surface)"
      strokeWidth={3}
      paintOrder="stroke"
    >
      {words}
    </text>
  );
}

/** The words of a mark above its line, and to the left of it where the right has no room. */
function MarkLabel({
  words,
  colour,
  right,
  viewBox,
}: {
  words: string;
  colour: string;
  /** Where the plot ends, px. */
  right: number;
  /** Given by recharts. */
  viewBox?: { x?: number; y?: number };
}) {
  const x = viewBox?.x ?? 0;
  const isNearEnd = x > right - LABEL_ROOM;
  return (
    <text
      x={isNearEnd ? x + 4 : x - 3}
      y={(viewBox?.y ?? 0) - 6}
      fill={colour}
      fontSize={11}
      textAnchor={isNearEnd ? 'end' : 'start'}
    >
      {words}
    </text>
  );
}
