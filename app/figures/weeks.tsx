import { colourOf } from '#app/components/chart/geometry';
import { TimeSeries } from '#app/components/chart/time-series';
import { Duration } from '#app/components/ui/time';
import { cn } from '#app/lib/cn';
import { formatCount } from '#app/lib/format';
import type { Figures } from '#server/figures/contract';

const WEEK_MS = 7 * 86_400_000;
const HEIGHT = 200;
const FIGURE = 'pl-4 text-right';
/** A phone has room for what counts. */
const COLUMNS = [
  { title: 'Week of', className: 'text-left' },
  { title: 'Incidents', className: FIGURE },
  { title: 'Level 1–2', className: `${FIGURE} max-sm:hidden` },
  { title: 'Mean to resolve', className: `${FIGURE} max-sm:hidden` },
  { title: 'Deploys', className: FIGURE },
  { title: 'Failed', className: FIGURE },
];

/** Week by week, as curves and as a table. */
export function Weeks({ weeks }: { weeks: Figures['weeks'] }) {
  const fromMs = Date.parse(weeks[0]?.from ?? '');
  const series = [
    { key: 'incidents', label: 'Incidents', values: weeks.map(({ incidents }) => incidents) },
    { key: 'deploys', label: 'Validated deploys', values: weeks.map(({ deploys }) => deploys) },
    { key: 'failed', label: 'Failed deploys', values: weeks.map(({ failedDeploys }) => failedDeploys) },
  ];
  return (
    <>
      <TimeSeries
        name="Incidents and deploys by week"
        unit="count"
        series={series}
        time={{ fromMs, toMs: fromMs + weeks.length * WEEK_MS - 1, stepMs: WEEK_MS }}
        height={HEIGHT}
        empty="Nothing happened."
        plain
      />
      <ul aria-hidden="true" className="mt-1 flex flex-wrap gap-x-5 text-s text-muted">
        {series.map(({ key, label }, at) => (
          <li key={key} className="inline-flex items-center gap-2">
            <span className="h-0.5 w-3 rounded-full" style={{ background: colourOf(at) }} />
            {label}
          </li>
        ))}
      </ul>
      <details className="mt-1 text-s">
        <summary className="hit inline-flex items-center text-muted underline decoration-edge underline-offset-3 hover:text-ink">
          As a table
        </summary>
        <section aria-label="Weeks, as a table" className="max-w-2xl">
          <table className="mt-1 w-full border-collapse">
            <caption className="pb-1 text-left text-muted">
              Weeks from Monday, UTC; the last one has not ended
            </caption>
            <thead>
              <tr className="border-b border-line text-muted">
                {COLUMNS.map(({ title, className }) => (
                  <th key={title} scope="col" className={cn('py-1 font-medium', className)}>
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {weeks.map((week) => (
                <tr key={week.from} className="border-b border-line/60">
                  <th scope="row" className="py-1 text-left font-normal text-muted">
                    {week.from.slice(0, 10)}
                  </th>
                  <td className="py-1 pl-4 text-right">{formatCount(week.incidents)}</td>
                  <td className="py-1 pl-4 text-right max-sm:hidden">{formatCount(week.severe)}</td>
                  <td className="py-1 pl-4 text-right max-sm:hidden">
                    <Duration ms={week.resolveMeanMs} />
                  </td>
                  <td className="py-1 pl-4 text-right">{formatCount(week.deploys)}</td>
                  <td className="py-1 pl-4 text-right">{formatCount(week.failedDeploys)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </>
  );
}
