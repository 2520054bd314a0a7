import { Form, Link, useNavigation } from '@remix-run/react';
import { useState } from 'react';
import { Button } from '#app/components/ui/button';
import { SelectField, TextAreaField, TextField } from '#app/components/ui/field';
import { RequestKey } from '#app/components/ui/request-key';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import type { ActionFailure } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import { type Draft, impactField } from '#app/status/drafts';
import { aboutOf, DraftNotices } from '#app/status/kept-drafts';
import { lookOfState } from '#app/status/looks';
import type { StatusComponentView, StatusDraftView, StatusIncidentView } from '#server/status/contract';
import { IMPACT_LABELS, IMPACTS, PUBLIC_STATE_LABELS, PUBLIC_STATES } from '#server/status/words/contract';

const NEXT = [
  { value: '20', label: 'In 20 minutes' },
  { value: '30', label: 'In 30 minutes' },
  { value: '60', label: 'In an hour' },
  { value: '240', label: 'In four hours' },
  { value: '0', label: 'No time is promised' },
];
/** What the form has beside what is typed. */
const HIDDEN = [
  'number',
  'version',
  'incident',
  'draftId',
  'draftVersion',
  'takenId',
  'takenVersion',
  'from',
] as const;
const PILL =
  'hit inline-flex max-w-full items-center rounded-full border border-edge/70 px-3 text-s no-underline hover:bg-hover';
const HERE = 'border-herb bg-herb-soft font-medium';

/** Writes an update of a public incident, or opens one. Everything works by address and form alone. */
export function UpdateForm({
  begun,
  open,
  components,
  drafts,
  preview,
  failure,
}: {
  /** What the form begins with; what others post meanwhile changes nothing in it. */
  begun: Draft;
  open: readonly StatusIncidentView[];
  components: readonly StatusComponentView[];
  drafts: readonly StatusDraftView[];
  preview: Draft | undefined;
  failure: ActionFailure | undefined;
}) {
  const [draft] = useState(begun);
  const { state, formData } = useNavigation();
  const busyWith = state === 'submitting' ? formData?.get('intent') : null;
  const isNew = draft.number === '';
  const about = aboutOf(draft);
  const promised = NEXT.some(({ value }) => value === draft.nextUpdateMinutes)
    ? NEXT
    : [...NEXT, { value: draft.nextUpdateMinutes, label: `In ${draft.nextUpdateMinutes} minutes` }];
  return (
    <Section title={isNew ? 'Tell the public of an incident' : `Update: ${draft.title}`}>
      <div className="grid gap-2 not-empty:mb-4">
        <DraftNotices draft={draft} drafts={drafts} />
      </div>
      <Form method="post" action={paths.statusUpdates(about)} className="grid gap-4">
        {HIDDEN.map((name) => (
          <input key={name} type="hidden" name={name} value={draft[name]} />
        ))}
        <RequestKey />
        {open.length > 0 ? (
          <nav aria-label="What it is about" className="flex flex-wrap gap-2">
            {open.map(({ number, title }) => (
              <Link
                key={number}
                to={paths.statusUpdates({ number })}
                aria-current={String(number) === draft.number ? 'true' : undefined}
                className={cn(PILL, String(number) === draft.number && HERE)}
              >
                <span className="truncate">{title}</span>
              </Link>
            ))}
            <Link
              to={paths.statusUpdates()}
              aria-current={isNew ? 'true' : undefined}
              className={cn(PILL, isNew && HERE)}
            >
              Something new
            </Link>
          </nav>
        ) : null}
        {isNew ? (
          <TextField
            label="What visitors notice"
            name="title"
            required
            maxLength={150}
            autoComplete="off"
            placeholder="Paying fails for some"
            defaultValue={draft.title}
            errors={failure?.fields.title}
            hint={
              draft.incident
                ? `Its title inside stays inside. Behind it is INC-${draft.incident}, which the public does not see.`
                : 'The public reads this as the title.'
            }
          />
        ) : (
          <input type="hidden" name="title" value={draft.title} />
        )}
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="text-muted">Begin with the words for</span>
          {PUBLIC_STATES.map((state) => (
            <Link
              key={state}
              to={paths.statusUpdates({ ...about, state })}
              replace
              preventScrollReset
              className={cn(PILL, state === draft.state && HERE)}
            >
              {PUBLIC_STATE_LABELS[state].toLowerCase()}
            </Link>
          ))}
        </p>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <SelectField
            label="How it stands"
            name="state"
            defaultValue={draft.state}
            options={PUBLIC_STATES.map((value) => ({ value, label: PUBLIC_STATE_LABELS[value] }))}
            errors={failure?.fields.state}
          />
          <SelectField
            label="Next update"
            name="nextUpdateMinutes"
            defaultValue={draft.nextUpdateMinutes}
            options={promised}
            errors={failure?.fields.nextUpdateMinutes}
            hint="In the first two hours you are reminded every 20 minutes also without a promise."
          />
        </div>
        <TextAreaField
          label="What the public should know"
          name="text"
          rows={4}
          required
          maxLength={2_000}
          defaultValue={draft.text}
          errors={failure?.fields.text}
          hint="Plain text. No names, no machines, nothing that is not sure."
        />
        {components.length > 0 ? (
          <fieldset className="grid gap-3 sm:grid-cols-2">
            <legend className="mb-1 font-medium">What is affected</legend>
            {components.map(({ key, name }) => (
              <SelectField
                key={key}
                label={name}
                name={impactField(key)}
                defaultValue={draft.impacts[key] ?? 'none'}
                options={IMPACTS.map((value) => ({ value, label: IMPACT_LABELS[value] }))}
              />
            ))}
          </fieldset>
        ) : null}
        <div className="flex flex-wrap items-center gap-3 border-t border-line pt-4">
          <Button
            type="submit"
            name="intent"
            value="post"
            look="primary"
            size="big"
            aria-busy={busyWith === 'post'}
          >
            Post it for everybody
          </Button>
          <Button type="submit" name="intent" value="preview" size="big" formNoValidate>
            Look at it first
          </Button>
          <Button type="submit" name="intent" value="keep-draft" size="big" formNoValidate>
            Keep as draft
          </Button>
        </div>
      </Form>
      {preview ? <Preview draft={preview} components={components} /> : null}
    </Section>
  );
}

/** What the public would read. */
function Preview({ draft, components }: { draft: Draft; components: readonly StatusComponentView[] }) {
  const affected = components.flatMap(({ key, name }) => {
    const impact = draft.impacts[key] ?? 'none';
    return impact === 'none' || draft.state === 'resolved'
      ? []
      : [`${name} (${IMPACT_LABELS[impact].toLowerCase()})`];
  });
  return (
    <section
      aria-label="As the public would see it"
      className="mt-4 rounded-m border border-line bg-sunken p-4"
    >
      <p className="text-s text-muted">As the public would see it</p>
      <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="font-semibold break-words">{draft.title || 'Without a title yet'}</p>
        <StatusMark look={lookOfState(draft.state)} />
      </div>
      {affected.length > 0 ? <p className="text-s text-muted">Affected: {affected.join('; ')}</p> : null}
      <p className="mt-2 break-words whitespace-pre-line">{draft.text}</p>
    </section>
  );
}
