import { Link } from '@remix-run/react';
import { formatUtc, plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { IncidentEntryView } from '#server/incidents/contract';

/** What happened, oldest first, with the evidence. */
export function Timeline({ entries, total }: { entries: IncidentEntryView[]; total: number }) {
  const more = total - entries.length;
  return (
    <>
      <ol className="grid gap-3 sm:gap-2">
        {entries.map((entry) => (
          <li key={entry.id} className="grid gap-x-4 sm:grid-cols-[11.5rem_minmax(0,1fr)]">
            <time dateTime={entry.occurredAt} className="text-s text-muted">
              {formatUtc(entry.occurredAt)}
            </time>
            <div className="min-w-0">
              <p className="break-words whitespace-pre-line">{entry.text}</p>
              <p className="flex flex-wrap gap-x-3 text-s text-muted">
                <span>{entry.authorName}</span>
                {entry.correctedById ? <span>corrected later</span> : null}
                {entry.alertId ? (
                  <Link to={paths.alert(entry.alertId)} className="link">
                    Its alert
                  </Link>
                ) : null}
                {entry.runId ? (
                  <Link to={paths.run(entry.runId)} className="link">
                    Its run
                  </Link>
                ) : null}
              </p>
            </div>
          </li>
        ))}
      </ol>
      {more > 0 ? (
        <p className="mt-3 text-s text-muted">
          The incident has {plural(more, 'more entry', 'more entries')}.
        </p>
      ) : null}
    </>
  );
}
