import type { ReactNode } from 'react';
import { Notice } from '#app/components/ui/notice';
import { RelativeTime } from '#app/components/ui/time';
import { formatUtc } from '#app/lib/format';
import { CopyText, ShownOnce } from '#app/settings/shown-once';
import type { PersonView, SetupLink } from '#server/auth/contract';

/** The answer to what made a link by which somebody chooses a password. */
export interface MadeLink {
  person: PersonView;
  link: SetupLink;
  /** Where this console is reached. */
  origin: string;
}

/** The one-time link, this once, and until when it opens. */
export function InvitationLink({ made, actions }: { made: MadeLink; actions: ReactNode }) {
  const { person, link, origin } = made;
  const isInvitation = person.status === 'invited';
  return (
    <ShownOnce
      title={isInvitation ? `${person.name} is invited` : `The link for ${person.name} is made`}
      actions={actions}
    >
      <Notice tone="warning" title="Copy it now: it is shown this once">
        The console sends no mail. Give the link to {person.name} by a way that nobody else reads: who opens
        it first chooses the password.
      </Notice>
      <div className="grid gap-1.5">
        <p className="font-medium">The link for {person.email}</p>
        <CopyText text={`${origin}${link.path}`} what="the link" />
        <p className="text-s text-muted">
          Opens once, until {formatUtc(link.expiresAt)} (<RelativeTime at={link.expiresAt} />
          ). A newer link closes it.
        </p>
      </div>
    </ShownOnce>
  );
}
