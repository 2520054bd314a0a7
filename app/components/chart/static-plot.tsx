import {
  type ChartLimit,
  type ChartSeries,
  type ChartTime,
  pathOf,
  type Scale,
} from '#app/components/chart/chart-model';
import { AXIS_HEIGHT, AXIS_WIDTH, colourOf, RIGHT, TOP } from '#app/components/chart/geometry';

const WIDTH = 1_000;
const HEIGHT = 100;

/** The curves as the server draws them: there before any script, and where there is none. Told in words beside it. */
export function StaticPlot({
  series,
  limits,
  scale,
  time,
}: {
  series: readonly ChartSeries[];
  limits: readonly ChartLimit[];
  scale: Scale;
  time: ChartTime;
}) {
  const span = Math.max(1, time.toMs - time.fromMs);
  const x = (step: number) => ((step * time.stepMs) / span) * WIDTH;
  const y = (value: number) => (1 - Math.min(1, value / scale.top)) * HEIGHT;
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="absolute"
      style={{
        left: AXIS_WIDTH,
        top: TOP,
        width: `calc(100% - ${AXIS_WIDTH + RIGHT}px)`,
        height: `calc(100% - ${TOP + AXIS_HEIGHT}px)`,
      }}
    >
      <path d={`M0 ${HEIGHT}H${WIDTH}`} stroke="var(--color-line)" vectorEffect="non-scaling-stroke" />
      {limits
        .filter(({ value }) => value <= scale.top)
        .map(({ value, tone }) => (
          <path
            key={`${tone}${value}`}
            d={`M0 ${y(value)}H${WIDTH}`}
            stroke={`var(--color-${tone})`}
            strokeDasharray="4 4"
            vectorEffect="non-scaling-stroke"
          />
        ))}
      {[...series.entries()].reverse().map(([at, { key, values }]) => (
        <path
          key={key}
          d={pathOf(values, x, y)}
          fill="none"
          stroke={colourOf(at)}
          strokeWidth={at === 0 ? 1.75 : 1.25}
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}
