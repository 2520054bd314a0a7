import { Link } from '@remix-run/react';
import {
  Activity,
  BellOff,
  BellRing,
  Bot,
  CircleCheck,
  Gavel,
  Hourglass,
  type LucideIcon,
  Send,
} from 'lucide-react';
import { formatUtc, formatUtcSeconds } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { AlertEventView } from '#server/monitoring/alerts/contract';
import type { AlertEventKind } from '#server/monitoring/alerts/words/contract';

const ICONS: Record<AlertEventKind, { icon: LucideIcon; className: string }> = {
  fired: { icon: BellRing, className: 'text-critical' },
  acknowledged: { icon: BellOff, className: 'text-info' },
  ack_expired: { icon: Hourglass, className: 'text-warning' },
  flapping: { icon: Activity, className: 'text-warning' },
  resolved: { icon: CircleCheck, className: 'text-ok' },
  notice: { icon: Send, className: 'text-faint' },
  action: { icon: Bot, className: 'text-warning' },
  decision: { icon: Gavel, className: 'text-info' },
};

/** What became of an alert, with time in the gutter, its date where it is another one, and what it led to. */
export function History({ entries }: { entries: readonly AlertEventView[] }) {
  return (
    <ol className="divide-y divide-line">
      {entries.map((entry, index) => {
        const { icon: Icon, className } = ICONS[entry.kind];
        const date = dateOf(entry);
        return (
          <li
            key={entry.id}
            className="grid grid-cols-[5rem_1rem_minmax(0,1fr)] items-start gap-x-3 px-4 py-2"
          >
            <time dateTime={entry.at} data-tip={formatUtc(entry.at)} className="text-s leading-5 text-muted">
              {date === dateOf(entries[index - 1]) ? null : <span className="block">{date}</span>}
              {formatUtcSeconds(entry.at)}
            </time>
            <Icon aria-hidden="true" size={15} className={`mt-0.5 ${className}`} />
            <span className="min-w-0 break-words">
              {entry.text}{' '}
              {entry.runId ? (
                <Link to={paths.run(entry.runId)} className="link">
                  See the run
                </Link>
              ) : null}
              <span className="block text-s text-muted">{entry.byName}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const dateOf = (entry: AlertEventView | undefined) => entry && formatUtc(entry.at).slice(0, 10);
