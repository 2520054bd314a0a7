import { Link } from '@remix-run/react';
import { BellRing, Rocket, Undo2 } from 'lucide-react';
import { MARK_WORDS } from '#app/components/chart/geometry';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { formatDuration, formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { BoardMark } from '#server/monitoring/board/contract';

const LOOKS = {
  deploy: { tone: 'info', icon: Rocket, label: MARK_WORDS.deploy },
  rollback: { tone: 'warning', icon: Undo2, label: MARK_WORDS.rollback },
  alert: { tone: 'critical', icon: BellRing, label: MARK_WORDS.alert },
} as const;

/** What happened in the time that is shown, the newest first; the same marks stand in the charts. */
export function MarkList({ marks }: { marks: readonly BoardMark[] }) {
  if (marks.length === 0)
    return <p className="px-4 py-3 text-muted">No deployment, no rollback and no alert in this time.</p>;
  return (
    <ol className="divide-y divide-line">
      {[...marks].reverse().map(({ id, kind, at, until, label, refersTo }) => (
        <li key={id} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 px-4 py-2">
          <span className="w-40 shrink-0 text-s text-muted max-sm:order-last max-sm:w-auto">
            {formatUtc(at)}
          </span>
          <StatusMark look={LOOKS[kind]} className="w-24 shrink-0" />
          <Link
            to={kind === 'alert' ? paths.alert(refersTo) : paths.run(refersTo)}
            className="link min-w-0 flex-1 break-words max-sm:basis-full"
          >
            {label}
          </Link>
          <span className="text-s text-muted">
            {kind !== 'alert' ? (
              <RelativeTime at={at} />
            ) : until ? (
              `for ${formatDuration(Date.parse(until) - Date.parse(at))}`
            ) : (
              'still open'
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
