import { Form } from '@remix-run/react';
import { ChevronRight, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import type { ActionFailure } from '#app/http/protected.server';
import { useKeyAfter } from '#app/lib/use-form-key';
import { ComponentFields } from '#app/status/component-fields';
import { listOf, textOf } from '#app/status/drafts';
import type { StatusComponentView, StatusPlace } from '#server/status/contract';

/** What the public sees of an environment or of some of its checks, and its change for who may. */
export function ComponentItem({
  component,
  checks,
  failure,
  blockedBy,
}: {
  component: StatusComponentView;
  /** Those of its environment. */
  checks: StatusPlace['checks'];
  failure: ActionFailure | undefined;
  blockedBy: string | null;
}) {
  const { key, name, description, group, service, environment, checkKeys, isShown } = component;
  // What is typed in an open form stays until it is sent, whatever others change meanwhile.
  const formKey = useKeyAfter((sent) => sent?.get('key') === key);
  const titles = checkKeys.map((key) => checks.find((each) => each.key === key)?.title ?? `${key} (gone)`);
  return (
    <li className="grid gap-1 px-4 py-3">
      <p className="font-semibold break-words">
        {name}
        {isShown ? null : <span className="font-normal text-muted"> (hidden)</span>}
      </p>
      <p className="text-s break-words text-muted">
        {service} / {environment}, {titles.length === 0 ? 'all checks' : titles.join(', ')}
        {group ? ` · under ${group}` : ''}
        {description ? ` · ${description}` : ''}
      </p>
      {blockedBy ? (
        <p className="text-s text-muted">{blockedBy}</p>
      ) : (
        <ComponentForms key={formKey} component={component} checks={checks} failure={failure} />
      )}
    </li>
  );
}

function ComponentForms({
  component,
  checks,
  failure,
}: {
  component: StatusComponentView;
  checks: StatusPlace['checks'];
  failure: ActionFailure | undefined;
}) {
  const [isOpen, setOpen] = useState(failure !== undefined);
  const [begun, setBegun] = useState(component);
  // Nothing is typed yet in what is closed: it begins as things are when it is opened.
  if (!isOpen && begun.version !== component.version) setBegun(component);
  return (
    <details className="group" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="hit inline-flex items-center gap-1.5 text-muted hover:text-ink">
        <ChevronRight aria-hidden="true" size={14} className="transition-transform group-open:rotate-90" />
        Change it<span className="sr-only">: {component.name}</span>
      </summary>
      <ChangeForm
        key={begun.version}
        component={begun}
        checks={checks}
        failure={failure?.intent === 'component' ? failure : undefined}
      />
      <RetireForm component={component} isRefused={failure?.intent === 'retire-component'} />
    </details>
  );
}

function ChangeForm({
  component: { key, version: begunVersion, name, description, group, position, checkKeys, isShown },
  checks,
  failure,
}: {
  component: StatusComponentView;
  checks: StatusPlace['checks'];
  failure: ActionFailure | undefined;
}) {
  // Who was told that somebody was quicker goes on from what that one left; who was told anything else, from what they saw.
  const isOverwritten = failure?.error.kind === 'conflict';
  const version = failure && !isOverwritten ? textOf(failure.values.version) : begunVersion;
  // What is gone stays chosen until somebody takes it out: with nothing chosen it would stand for all.
  const gone = checkKeys.filter((own) => checks.every((each) => each.key !== own));
  return (
    <Form method="post" className="grid gap-3 py-1">
      <input type="hidden" name="key" value={key} />
      <input type="hidden" name="version" value={version} />
      <ComponentFields
        own={{ name, description, group }}
        checks={[...checks, ...gone.map((own) => ({ key: own, title: `${own} (gone)` }))]}
        chosen={failure ? listOf(failure.values.checkKeys) : checkKeys}
        failure={failure}
      />
      <TextField
        label="Place"
        name="position"
        type="number"
        min={1}
        required
        defaultValue={failure ? textOf(failure.values.position) : String(position)}
        errors={failure?.fields.position}
        className="max-w-32"
      />
      <label className="hit inline-flex items-center gap-2">
        <input
          type="checkbox"
          name="isShown"
          value="true"
          defaultChecked={failure ? failure.values.isShown === 'true' : isShown}
        />
        The public sees it
      </label>
      <Button type="submit" name="intent" value="component" className="justify-self-start">
        Change the component
      </Button>
    </Form>
  );
}

/** Opened, it says what will be; the button is what does it. */
function RetireForm({
  component: { key, version, name },
  isRefused,
}: {
  component: StatusComponentView;
  isRefused: boolean;
}) {
  return (
    <details className="mt-1" open={isRefused || undefined}>
      <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
        Retire it<span className="sr-only">: {name}</span>
      </summary>
      <Form method="post" className="grid gap-3 py-1">
        <input type="hidden" name="key" value={key} />
        <input type="hidden" name="version" value={version} />
        <p className="text-pretty">
          It leaves the page, with its bars, and no update can name it any more. What the public was told of
          it stays, with its name. Its checks go on. Nothing brings it back: one that is added again starts
          anew. To take it off for a while, hide it.
        </p>
        <Button
          type="submit"
          name="intent"
          value="retire-component"
          look="danger"
          className="max-w-full justify-self-start"
        >
          <Trash2 aria-hidden="true" size={14} className="shrink-0" />
          <span className="truncate">Retire {name}</span>
        </Button>
      </Form>
    </details>
  );
}
