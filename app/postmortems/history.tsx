import { Link } from '@remix-run/react';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { cn } from '#app/lib/cn';
import { formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { PostmortemDetail } from '#server/postmortems/contract';
import { DECISION_LABELS } from '#server/postmortems/words/contract';

/** Who decided what about which text, the last first. */
export function DecisionList({ decisions }: Pick<PostmortemDetail, 'decisions'>) {
  return (
    <Section title="Decisions" flush>
      <DecisionLines decisions={decisions} className="divide-y divide-line" lineClassName="px-4 py-2" />
    </Section>
  );
}

/** The same without a frame. */
export function DecisionLines({
  decisions,
  className,
  lineClassName,
}: Pick<PostmortemDetail, 'decisions'> & { className?: string; lineClassName?: string }) {
  if (decisions.length === 0)
    return <p className={cn('text-muted', lineClassName)}>Nobody has been asked to look at it yet.</p>;
  return (
    <ul className={className}>
      {decisions.map((each) => (
        <li key={`${each.decidedAt} ${each.kind}`} className={lineClassName}>
          <p className="break-words">
            {each.personName} {DECISION_LABELS[each.kind]}
            {each.reason ? `: ${each.reason}` : ''}
          </p>
          <p className="text-s text-muted">
            Revision {each.revision}, {formatUtc(each.decidedAt)}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** Every text that was saved, the last first. */
export function RevisionList({
  number,
  revisions,
}: { number: number } & Pick<PostmortemDetail, 'revisions'>) {
  return (
    <Section title="Revisions" note={String(revisions.length)} flush className="no-print">
      <ul className="max-h-96 divide-y divide-line overflow-y-auto">
        {revisions.map((each) => (
          <li key={each.number} className="flex flex-wrap gap-x-3 px-4 py-2">
            <Link to={paths.postmortem(number, { revision: each.number })} className="link">
              Revision {each.number}
            </Link>
            <span className="text-muted">
              {each.authorName}, <RelativeTime at={each.createdAt} focusable />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
