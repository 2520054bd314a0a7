import { Form } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { TextAreaField, TextField } from '#app/components/ui/field';
import { RequestKey } from '#app/components/ui/request-key';
import { StatusMark } from '#app/components/ui/status-mark';
import type { ActionFailure } from '#app/http/protected.server';
import { listOf, textOf } from '#app/status/drafts';
import { lookOfMaintenance } from '#app/status/looks';
import type { StatusComponentView, StatusMaintenanceView } from '#server/status/contract';

/** Announces work to the public. Times are of UTC, as the public reads them. */
export function AnnounceForm({
  components,
  failure,
}: {
  components: readonly StatusComponentView[];
  failure: ActionFailure | undefined;
}) {
  const value = (name: string) => textOf(failure?.values[name]);
  const chosen = listOf(failure?.values.components);
  return (
    <details className="group px-4 py-2" open={failure ? true : undefined}>
      <summary className="hit inline-flex items-center gap-1.5 font-medium">
        <ChevronRight aria-hidden="true" size={14} className="transition-transform group-open:rotate-90" />
        Announce maintenance
      </summary>
      <Form method="post" className="grid gap-4 py-2">
        <RequestKey />
        <TextField
          label="What is done"
          name="title"
          required
          maxLength={150}
          autoComplete="off"
          defaultValue={value('title')}
          errors={failure?.fields.title}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Begins (UTC)"
            name="startsAt"
            type="datetime-local"
            required
            defaultValue={value('startsAt')}
            errors={failure?.fields.startsAt}
          />
          <TextField
            label="Ends (UTC)"
            name="endsAt"
            type="datetime-local"
            required
            defaultValue={value('endsAt')}
            errors={failure?.fields.endsAt}
          />
        </div>
        <TextAreaField
          label="What visitors will notice"
          name="text"
          rows={3}
          required
          maxLength={2_000}
          defaultValue={value('text')}
          errors={failure?.fields.text}
        />
        {components.length > 0 ? (
          <fieldset className="grid gap-1">
            <legend className="mb-1 font-medium">What it concerns</legend>
            {components.map(({ key, name }) => (
              <label key={key} className="hit inline-flex items-center gap-2">
                <input type="checkbox" name="components" value={key} defaultChecked={chosen.includes(key)} />
                {name}
              </label>
            ))}
          </fieldset>
        ) : null}
        <Button type="submit" name="intent" value="announce" look="primary" className="justify-self-start">
          Announce it to everybody
        </Button>
      </Form>
    </details>
  );
}

/** Announced work, and its end before its time. */
export function MaintenanceItem({
  maintenance,
  names,
}: {
  maintenance: StatusMaintenanceView;
  names: ReadonlyMap<string, string>;
}) {
  const { id, title, text, startsAt, endsAt, status, components, announcedByName } = maintenance;
  const isOpen = status === 'planned' || status === 'under_way';
  return (
    <li className="grid gap-1 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="font-semibold break-words">{title}</p>
        <StatusMark look={lookOfMaintenance(status)} />
      </div>
      <p className="text-s text-muted">
        {spanWords(startsAt, endsAt)} · {announcedByName}
        {components.length > 0 ? ` · ${components.map((key) => names.get(key) ?? key).join(', ')}` : ''}
      </p>
      <p className="break-words whitespace-pre-line">{text}</p>
      {isOpen ? (
        <Form method="post">
          <input type="hidden" name="maintenanceId" value={id} />
          <Button type="submit" name="intent" value="cancel" size="s">
            {status === 'planned' ? 'Cancel it' : 'End it now'}
            <span className="sr-only">: {title}</span>
          </Button>
        </Form>
      ) : null}
    </li>
  );
}

/** `2026-03-01 22:00 to 23:30 UTC`, or with both dates where they differ. */
function spanWords(from: string, to: string): string {
  const [begins, ends] = [from, to].map((iso) => iso.slice(0, 16).replace('T', ' '));
  const isOneDay = from.slice(0, 10) === to.slice(0, 10);
  return `${begins} to ${isOneDay ? ends?.slice(11) : ends} UTC`;
}
