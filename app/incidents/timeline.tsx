import { Form, Link, useSearchParams } from '@remix-run/react';
import {
  Bot,
  CircleDot,
  type LucideIcon,
  Megaphone,
  MessageSquare,
  Paperclip,
  PenLine,
  TriangleAlert,
  UserRound,
  Wrench,
} from 'lucide-react';
import { useRef } from 'react';
import { changeSearch } from '#app/components/data-table/table-url';
import { Button } from '#app/components/ui/button';
import { TextAreaField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { RequestKey } from '#app/components/ui/request-key';
import { TONE_TEXT, type Tone } from '#app/components/ui/status-mark';
import type { ActionFailure } from '#app/http/protected.server';
import { anchorOf, EntryImages, Moment } from '#app/incidents/entry-parts';
import { PinForm, PinnedStrip } from '#app/incidents/pinned-strip';
import { useSteadyRows } from '#app/incidents/use-steady-rows';
import { cn } from '#app/lib/cn';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { IncidentEntryView, IncidentTimeline } from '#server/incidents/contract';
import { INCIDENT_TEXT_MAX, type IncidentEntryKind } from '#server/incidents/words/contract';

const MARKS: Record<IncidentEntryKind, { icon: LucideIcon; tone: Tone; label: string }> = {
  note: { icon: MessageSquare, tone: 'unknown', label: 'Note' },
  state: { icon: CircleDot, tone: 'info', label: 'State' },
  level: { icon: TriangleAlert, tone: 'warning', label: 'Level' },
  role: { icon: UserRound, tone: 'unknown', label: 'Role' },
  action: { icon: Wrench, tone: 'info', label: 'Action' },
  status: { icon: Megaphone, tone: 'info', label: 'Status page' },
  correction: { icon: PenLine, tone: 'unknown', label: 'Correction' },
  evidence: { icon: Paperclip, tone: 'info', label: 'Evidence' },
  system: { icon: Bot, tone: 'unknown', label: 'The console' },
};

/** Entries whose recording came later than so are told with both times, ms. */
const AT_ONCE_MS = 2_000;

/** What happened, on a stem: time in UTC at the left, what kind it is on the line, what was written at the right. */
export function Timeline({
  number,
  loaded,
  loadedPinned,
  action,
  mayWrite,
  failure,
}: {
  number: number;
  loaded: IncidentTimeline;
  loadedPinned: readonly IncidentEntryView[];
  /** Where its forms go. */
  action: string;
  mayWrite: boolean;
  failure: ActionFailure | undefined;
}) {
  const list = useRef<HTMLOListElement>(null);
  const { rows, pinned, held, show } = useSteadyRows(loaded, loadedPinned, list);
  const [search] = useSearchParams();
  const correcting = search.get('correct');
  const isAboutPins = failure?.intent === 'pin' || failure?.intent === 'unpin';
  return (
    <>
      {/* It takes no room, so that nothing moves when it comes. */}
      <div className="sticky top-16 z-10 h-0 text-center" aria-live="polite">
        {held > 0 ? (
          <button
            type="button"
            onClick={() => {
              show();
              list.current?.scrollIntoView({ block: 'start' });
            }}
            className="hit rounded-full bg-herb px-3 text-s font-medium text-on-herb shadow-raised hover:bg-herb-strong"
          >
            {plural(held, 'new entry', 'new entries')}: show
          </button>
        ) : null}
      </div>
      <FailureNotice failure={isAboutPins ? failure : null} className="m-3" />
      <PinnedStrip
        pinned={pinned}
        onPage={new Set(rows.map(({ id }) => id))}
        action={action}
        mayWrite={mayWrite}
      />
      <ol ref={list} className="scroll-mt-16 py-1.5">
        {rows.map((entry, index) => (
          <Entry
            key={entry.id}
            entry={entry}
            number={number}
            hasNewDay={dayOf(entry) !== dayOf(rows[index - 1])}
            correctLink={mayWrite ? changeSearchKept(search, entry.id) : null}
            pin={mayWrite ? <PinForm entry={entry} action={action} /> : null}
          >
            {correcting === entry.id && mayWrite ? (
              <Correction entry={entry} action={action} failure={failure} />
            ) : null}
          </Entry>
        ))}
      </ol>
    </>
  );
}

/** The address that opens the form of an entry, on the same page of the timeline. */
function changeSearchKept(search: URLSearchParams, id: string): string {
  return `${changeSearch(search, { correct: id, page: search.get('page') })}#${anchorOf(id)}`;
}

const dayOf = (entry: IncidentEntryView | undefined) => entry?.occurredAt.slice(0, 10);

function Entry({
  entry,
  number,
  hasNewDay,
  correctLink,
  pin,
  children,
}: {
  entry: IncidentEntryView;
  number: number;
  hasNewDay: boolean;
  correctLink: string | null;
  pin: React.ReactNode;
  children: React.ReactNode;
}) {
  const { icon: Icon, tone, label } = MARKS[entry.kind];
  const isLate = Date.parse(entry.recordedAt) - Date.parse(entry.occurredAt) > AT_ONCE_MS;
  const isQuiet = entry.kind === 'system';
  return (
    <li
      id={anchorOf(entry.id)}
      className="stem-item grid scroll-mt-20 grid-cols-[4.5rem_1.75rem_minmax(0,1fr)] pr-3 pl-1 target:bg-herb-soft"
    >
      <span className="pt-2 text-right text-s leading-5 text-muted">
        {hasNewDay ? <span className="block">{dayOf(entry)}</span> : null}
        <Moment at={entry.occurredAt} />
      </span>
      <span className="stem justify-self-center">
        <span className="relative mt-1.5 block bg-surface py-0.5" data-tip={label}>
          <Icon aria-hidden="true" size={15} strokeWidth={2.1} className={cn('mt-1', TONE_TEXT[tone])} />
          <span className="sr-only">{label}</span>
        </span>
      </span>
      <div className="min-w-0 py-2">
        {entry.correctsText === null ? null : (
          <p className="mb-1 border-l-2 border-line pl-2 text-s break-words text-muted">
            Corrects:{' '}
            <a href={`#${anchorOf(entry.correctsId ?? '')}`} className="link">
              {shortened(entry.correctsText)}
            </a>
          </p>
        )}
        <p
          className={cn(
            'break-words whitespace-pre-wrap',
            isQuiet && 'text-muted',
            entry.correctedById !== null && 'text-muted line-through decoration-edge',
          )}
        >
          {entry.text}
        </p>
        <EntryImages entry={entry} />
        <div className="flex flex-wrap items-center gap-x-2.5 text-s text-muted">
          <span>{entry.authorName}</span>
          {isLate ? (
            <span>
              recorded{' '}
              <Moment at={entry.recordedAt} withDay={dayOf(entry) !== entry.recordedAt.slice(0, 10)} />
            </span>
          ) : null}
          {entry.incidentNumber === number ? null : <span>in INC-{entry.incidentNumber}</span>}
          {entry.runId ? (
            <Link to={paths.run(entry.runId)} className="link">
              Its run
            </Link>
          ) : null}
          {entry.alertId ? (
            <Link to={paths.alert(entry.alertId)} className="link">
              Its alert
            </Link>
          ) : null}
          {entry.correctedById ? (
            <a href={`#${anchorOf(entry.correctedById)}`} className="link">
              Corrected
            </a>
          ) : null}
          {correctLink && !isQuiet && entry.kind !== 'correction' ? (
            <Link to={correctLink} replace preventScrollReset className="hover:text-ink hover:underline">
              Correct<span className="sr-only"> what {entry.authorName} wrote</span>
            </Link>
          ) : null}
          {pin}
        </div>
        {children}
      </div>
    </li>
  );
}

const SHORT = 140;

function shortened(text: string): string {
  return text.length <= SHORT ? text : `${text.slice(0, SHORT)}…`;
}

function Correction({
  entry,
  action,
  failure,
}: {
  entry: IncidentEntryView;
  action: string;
  failure: ActionFailure | undefined;
}) {
  const [search] = useSearchParams();
  const refused = failure?.intent === 'correct' ? failure : null;
  const typed = refused?.values.text;
  return (
    <Form method="post" action={action} preventScrollReset className="mt-2 grid gap-2">
      <input type="hidden" name="intent" value="correct" />
      <input type="hidden" name="entryId" value={entry.id} />
      <RequestKey />
      <TextAreaField
        label="How it should have read"
        name="text"
        required
        rows={3}
        maxLength={INCIDENT_TEXT_MAX}
        defaultValue={typeof typed === 'string' ? typed : entry.text}
        errors={refused ? (refused.fields.text ?? [refused.error.message]) : []}
        hint="What was written stays; the correction stands beside it."
      />
      <span className="flex items-center gap-3">
        <Button type="submit" look="primary">
          Correct it
        </Button>
        <Link
          to={changeSearch(search, { correct: null, page: search.get('page') })}
          replace
          preventScrollReset
          className="link text-muted"
        >
          Leave it
        </Link>
      </span>
    </Form>
  );
}
