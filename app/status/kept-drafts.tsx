import { Form } from '@remix-run/react';
import { Button, LinkButton } from '#app/components/ui/button';
import { Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import type { Draft } from '#app/status/drafts';
import type { StatusComposer, StatusDraftView } from '#server/status/contract';

/** When it was kept, to the minute, and how long ago that is. */
function Kept({ at }: { at: string }) {
  return (
    <>
      kept {at.slice(11, 16)} UTC, <RelativeTime at={at} focusable />
    </>
  );
}

/** What a form has to do with drafts that are kept: whose words it began with, and what becomes of one's own. */
export function DraftNotices({ draft, drafts }: { draft: Draft; drafts: readonly StatusDraftView[] }) {
  const own = drafts.find(({ id }) => id === draft.draftId);
  const taken = drafts.find(({ id }) => id === draft.takenId);
  const isOwnHere = draft.from === 'own' && String(own?.version) === draft.draftVersion;
  return (
    <>
      {taken && draft.from === 'taken' ? (
        <Notice
          tone="info"
          title={
            <>
              {taken.ownerName}’s draft, <Kept at={taken.keptAt} />
            </>
          }
          actions={
            String(taken.version) === draft.takenVersion ? null : (
              <LinkButton to={paths.statusUpdates({ draft: taken.id })}>Read what is kept now</LinkButton>
            )
          }
        >
          {String(taken.version) === draft.takenVersion
            ? 'The form has its words. It stays as it is until the update is posted.'
            : 'It was kept again since the form took its words over.'}
        </Notice>
      ) : null}
      {own ? (
        <Notice
          tone="info"
          title={
            <>
              {isOwnHere ? 'Draft' : 'You have another draft of this,'} <Kept at={own.keptAt} />
            </>
          }
          actions={
            <>
              {isOwnHere ? null : (
                <LinkButton to={paths.statusUpdates({ draft: own.id })}>Go on with that one</LinkButton>
              )}
              <Form method="post" action={paths.statusUpdates(aboutOf(draft))}>
                <input type="hidden" name="draftId" value={own.id} />
                <input type="hidden" name="draftVersion" value={own.version} />
                <input type="hidden" name="number" value={draft.number} />
                <input type="hidden" name="incident" value={draft.incident} />
                <Button type="submit" name="intent" value="discard-draft">
                  Throw it away
                </Button>
              </Form>
            </>
          }
        >
          {isOwnHere
            ? 'The public sees nothing of it until it is posted.'
            : 'Keeping or posting what is in the form takes its place.'}
        </Notice>
      ) : null}
    </>
  );
}

/** The address of the form about the same. */
export function aboutOf({ number, incident }: Draft) {
  return number === '' ? { incident } : { number };
}

/** Drafts that the form does not show: of others, to be taken over, and one's own about something else. */
export function DraftList({
  composer: { drafts, open, recent },
  without,
}: {
  composer: StatusComposer;
  /** The ids of those that the form has. */
  without: readonly string[];
}) {
  const others = drafts.filter(({ id }) => !without.includes(id));
  if (others.length === 0) return null;
  const subjectOf = ({ number, incident, title }: StatusDraftView) => {
    if (incident !== null) return `INC-${incident}`;
    const about = [...open, ...recent].find((each) => each.number === number);
    if (about) return `“${about.title}”`;
    if (number !== null) return `public incident ${number}`;
    return title ? `something new, “${title}”` : 'something new';
  };
  return (
    <Section title="Drafts" note="The public sees none of them" flush>
      <ul className="divide-y divide-line">
        {others.map((each) => (
          <li key={each.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
            <div className="min-w-48 flex-1">
              <p className="break-words">
                {each.isOwn ? 'You have' : `${each.ownerName} has`} a draft for {subjectOf(each)}{' '}
                <Kept at={each.keptAt} />
              </p>
              {each.text.trim() ? (
                <p className="line-clamp-2 text-s break-words text-muted">{each.text}</p>
              ) : null}
            </div>
            <LinkButton to={paths.statusUpdates({ draft: each.id })}>
              {each.isOwn ? 'Go on with it' : 'Take it over'}
              <span className="sr-only">: the draft for {subjectOf(each)}</span>
            </LinkButton>
          </li>
        ))}
      </ul>
    </Section>
  );
}
