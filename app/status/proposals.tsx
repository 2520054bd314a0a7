import { LinkButton } from '#app/components/ui/button';
import { Notice } from '#app/components/ui/notice';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import type { StatusProposal } from '#server/status/contract';

/** What the public should be told by now, each a link to the form with its beginning. */
export function Proposals({ proposals }: { proposals: readonly StatusProposal[] }) {
  return proposals.map((proposal) => {
    const { kind, incident, incidentTitle, level, number, dueAt } = proposal;
    const isFirst = kind === 'first';
    return (
      <Notice
        key={`${kind} ${incident}`}
        tone={isFirst ? 'warning' : 'info'}
        title={
          isFirst
            ? `The public knows nothing of INC-${incident} yet`
            : `INC-${incident} is resolved, and the public does not know`
        }
        actions={
          <LinkButton
            to={paths.statusUpdates(isFirst ? { incident } : { number, state: 'resolved' })}
            look="primary"
          >
            {isFirst ? 'Write the first update' : 'Write that it is over'}
          </LinkButton>
        }
      >
        <p className="break-words">
          Level {level}: {incidentTitle}.
          {dueAt ? (
            <>
              {' '}
              The first post is due <RelativeTime at={dueAt} focusable />.
            </>
          ) : null}
        </p>
      </Notice>
    );
  });
}
