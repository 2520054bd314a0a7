import { formatUtc } from '#app/lib/format';
import type { AlertChart as Chart, RuleSnapshot } from '#server/monitoring/alerts/contract';
import { valueWords } from '#server/monitoring/rules/words/contract';

const WIDTH = 640;
const HEIGHT = 180;
const BOTTOM = 20;
const TOP = 10;

interface Mark {
  at: string;
  label: string;
  className: string;
  dashes?: string;
}

/** The measure around the moment that an alert fired, with the limit, when it began and when it fired. */
export function AlertChart({
  chart,
  rule,
  breachSince,
  openedAt,
}: {
  chart: Chart;
  rule: RuleSnapshot;
  breachSince: string;
  openedAt: string;
}) {
  const first = chart.points[0];
  const last = chart.points.at(-1);
  if (!first || !last) return null;
  const [fromMs, toMs] = [Date.parse(first.at), Date.parse(last.at) + chart.stepSeconds * 1_000];
  const values = chart.points.flatMap(({ value }) => value ?? []);
  const most = Math.max(rule.threshold, ...values) * 1.12 || 1;
  const x = (at: string) =>
    Math.min(WIDTH, Math.max(0, ((Date.parse(at) - fromMs) / Math.max(1, toMs - fromMs)) * WIDTH));
  const y = (value: number) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
  const marks: Mark[] = [
    { at: breachSince, label: 'began', className: 'stroke-warning', dashes: '2 3' },
    { at: openedAt, label: 'fired', className: 'stroke-critical' },
  ];
  const words = `From ${formatUtc(first.at)} to ${formatUtc(last.at)}: ${values.length > 0 ? `between ${valueWords(Math.min(...values), rule.source)} and ${valueWords(Math.max(...values), rule.source)}` : 'no value'}; the limit is ${valueWords(rule.threshold, rule.source)}.`;
  return (
    <figure className="grid gap-2">
      <svg
        role="img"
        aria-label={words}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-44 w-full overflow-visible"
      >
        <line
          x1={0}
          x2={WIDTH}
          y1={y(0)}
          y2={y(0)}
          className="stroke-line"
          vectorEffect="non-scaling-stroke"
        />
        {segments(chart).map((points) => (
          <polyline
            key={points[0]?.at}
            points={points.map((point) => `${x(point.at)},${y(point.value)}`).join(' ')}
            fill="none"
            strokeWidth={2}
            strokeLinejoin="round"
            strokeLinecap="round"
            vectorEffect="non-scaling-stroke"
            className="stroke-info"
          />
        ))}
        <line
          x1={0}
          x2={WIDTH}
          y1={y(rule.threshold)}
          y2={y(rule.threshold)}
          strokeDasharray="6 4"
          vectorEffect="non-scaling-stroke"
          className="stroke-critical"
        />
        {marks.map((mark) => (
          <line
            key={mark.label}
            x1={x(mark.at)}
            x2={x(mark.at)}
            y1={TOP}
            y2={y(0)}
            strokeWidth={1.5}
            strokeDasharray={mark.dashes}
            vectorEffect="non-scaling-stroke"
            className={mark.className}
          />
        ))}
      </svg>
      <figcaption className="flex flex-wrap gap-x-4 gap-y-1 text-s text-muted">
        <Key className="border-critical border-dashed">limit {valueWords(rule.threshold, rule.source)}</Key>
        <Key className="border-warning border-dotted">began {formatUtc(breachSince)}</Key>
        <Key className="border-critical">fired {formatUtc(openedAt)}</Key>
        <span>
          {formatUtc(first.at)} to {formatUtc(new Date(toMs).toISOString())}, at most{' '}
          {values.length > 0 ? valueWords(Math.max(...values), rule.source) : 'nothing'}
        </span>
      </figcaption>
    </figure>
  );
}

function Key({ className, children }: { className: string; children: React.ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span aria-hidden="true" className={`inline-block w-4 border-t-2 ${className}`} />
      <span>{children}</span>
    </span>
  );
}

/** Runs of values without a gap. */
function segments({ points }: Chart): { at: string; value: number }[][] {
  const all: { at: string; value: number }[][] = [];
  let run: { at: string; value: number }[] = [];
  for (const { at, value } of points) {
    if (value === null) {
      if (run.length > 0) all.push(run);
      run = [];
    } else run.push({ at, value });
  }
  if (run.length > 0) all.push(run);
  return all;
}
