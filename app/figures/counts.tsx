import { Link } from '@remix-run/react';
import { formatCount } from '#app/lib/format';

/** How many there are of each value, and were before, with a bar. */
export function Counts({
  caption,
  rows,
}: {
  caption: string;
  rows: { label: string; count: number; before: number; href?: string }[];
}) {
  const most = Math.max(1, ...rows.map(({ count, before }) => Math.max(count, before)));
  return (
    <table className="w-full border-collapse self-start">
      <caption className="pb-1 text-left text-s font-medium text-muted">{caption}</caption>
      <thead>
        <tr className="border-b border-line text-s text-muted">
          <th scope="col" className="py-1 text-left font-medium">
            <span className="sr-only">What</span>
          </th>
          <th scope="col" className="w-14 py-1 text-right font-medium">
            Now
          </th>
          <th scope="col" className="w-16 py-1 text-right font-medium">
            Before
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ label, count, before, href }) => (
          <tr key={label} className="border-b border-line/60">
            <th scope="row" className="py-1.5 pr-3 text-left font-normal">
              {href && count > 0 ? (
                <Link to={href} className="link">
                  {label}
                </Link>
              ) : (
                label
              )}
              <span aria-hidden="true" className="mt-1 block h-1 rounded-full bg-sunken">
                <span
                  className="block h-1 rounded-full bg-herb"
                  style={{ width: `${(100 * count) / most}%` }}
                />
              </span>
            </th>
            <td className="py-1.5 text-right align-top font-medium">{formatCount(count)}</td>
            <td className="py-1.5 text-right align-top text-muted">{formatCount(before)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
