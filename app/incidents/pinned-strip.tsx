import { Form } from '@remix-run/react';
import { Pin } from 'lucide-react';
import { anchorOf, Moment } from '#app/incidents/entry-parts';
import type { IncidentEntryView } from '#server/incidents/contract';

/** What everybody should see first, above the timeline; each leads to its entry where that is on the page. */
export function PinnedStrip({
  pinned,
  onPage,
  action,
  mayWrite,
}: {
  pinned: readonly IncidentEntryView[];
  /** The ids of the entries that the page shows. */
  onPage: ReadonlySet<string>;
  action: string;
  mayWrite: boolean;
}) {
  if (pinned.length === 0) return null;
  return (
    <section aria-label="Pinned" className="border-b border-line bg-sunken px-4 py-2">
      <p className="flex items-center gap-1.5 text-s font-medium text-muted">
        <Pin aria-hidden="true" size={13} />
        Pinned
      </p>
      <ul className="grid gap-1 pt-1">
        {pinned.map((entry) => (
          <li key={entry.id}>
            <p className="line-clamp-3 break-words">
              {onPage.has(entry.id) ? (
                <a href={`#${anchorOf(entry.id)}`} className="no-underline hover:underline">
                  {entry.text}
                </a>
              ) : (
                entry.text
              )}
            </p>
            <div className="flex flex-wrap items-center gap-x-2.5 text-s text-muted">
              <Moment at={entry.occurredAt} withDay />
              <span>{entry.authorName}</span>
              {entry.correctedById ? <span>corrected since</span> : null}
              {mayWrite ? <PinForm entry={entry} action={action} /> : null}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Pins an entry, or unpins it. */
export function PinForm({ entry, action }: { entry: IncidentEntryView; action: string }) {
  const isPinned = entry.pinnedByName !== null;
  return (
    <Form method="post" action={action} preventScrollReset className="inline">
      <input type="hidden" name="intent" value={isPinned ? 'unpin' : 'pin'} />
      <input type="hidden" name="entryId" value={entry.id} />
      <button type="submit" className="hit text-s text-muted hover:text-ink hover:underline">
        {isPinned ? 'Unpin' : 'Pin'}
        <span className="sr-only"> what {entry.authorName} wrote</span>
      </button>
    </Form>
  );
}
