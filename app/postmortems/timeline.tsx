import { Link } from '@remix-run/react';
import { EntryImages } from '#app/incidents/entry-parts';
import { formatUtc, plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { PostmortemTimeline } from '#server/postmortems/contract';

/** What happened, oldest first, with the evidence. `isWhole`: as much of it as a document has. */
export function Timeline({
  rows,
  total,
  publicNumber,
  number,
  isWhole,
}: PostmortemTimeline & { number: number; isWhole?: boolean }) {
  const more = total - rows.length;
  return (
    <>
      <ol className="grid gap-3 sm:gap-2">
        {rows.map((entry) => (
          <li key={entry.id} className="grid gap-x-4 sm:grid-cols-[11.5rem_minmax(0,1fr)]">
            <time dateTime={entry.occurredAt} className="text-s text-muted">
              {formatUtc(entry.occurredAt)}
            </time>
            <div className="min-w-0">
              {entry.correctsText === null ? null : (
                <p className="border-l-2 border-line pl-2 text-s break-words text-muted">
                  Corrects: {entry.correctsText}
                </p>
              )}
              <p className="break-words whitespace-pre-line">{entry.text}</p>
              <EntryImages entry={entry} isEager={isWhole} />
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
                {entry.kind === 'status' ? (
                  <a
                    href={publicNumber === null ? paths.publicStatus() : paths.publicIncident(publicNumber)}
                    className="link"
                  >
                    What the public sees
                  </a>
                ) : null}
              </p>
            </div>
          </li>
        ))}
      </ol>
      {more > 0 ? (
        <p className="mt-3 text-s text-muted">
          {isWhole ? 'The timeline is cut here: ' : null}
          {plural(more, 'more entry', 'more entries')} {more === 1 ? 'is' : 'are'} in{' '}
          {isWhole ? (
            <Link to={paths.incident(number)} className="link">
              the incident
            </Link>
          ) : (
            <Link to={paths.printPostmortem(number)} className="link">
              the whole document
            </Link>
          )}
          .
        </p>
      ) : null}
    </>
  );
}
