import { Form } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import type { ActionFailure } from '#app/http/protected.server';
import { textOf } from '#app/status/drafts';
import type { StatusComponentView } from '#server/status/contract';

/** What the public sees of an environment, and its change for who may. */
export function ComponentItem({
  component,
  failure,
  blockedBy,
}: {
  component: StatusComponentView;
  failure: ActionFailure | undefined;
  blockedBy: string | null;
}) {
  const { key, name, description, position, service, environment, checkKey, isShown, version } = component;
  const value = (field: string, own: string) => (failure ? textOf(failure.values[field]) : own);
  return (
    <li className="grid gap-1 px-4 py-3">
      <p className="font-semibold break-words">
        {name}
        {isShown ? null : <span className="font-normal text-muted"> (hidden)</span>}
      </p>
      <p className="text-s text-muted">
        {service} / {environment}, {checkKey === null ? 'all checks' : `the check ${checkKey}`}
        {description ? ` · ${description}` : ''}
      </p>
      {blockedBy ? (
        <p className="text-s text-muted">{blockedBy}</p>
      ) : (
        <details className="group" open={failure ? true : undefined}>
          <summary className="hit inline-flex items-center gap-1.5 text-muted hover:text-ink">
            <ChevronRight
              aria-hidden="true"
              size={14}
              className="transition-transform group-open:rotate-90"
            />
            Change it<span className="sr-only">: {name}</span>
          </summary>
          <Form method="post" className="grid gap-3 py-1">
            <input type="hidden" name="key" value={key} />
            <input type="hidden" name="version" value={version} />
            <TextField
              label="Public name"
              name="name"
              required
              maxLength={80}
              autoComplete="off"
              defaultValue={value('name', name)}
              errors={failure?.fields.name}
            />
            <TextField
              label="What it is for"
              name="description"
              optional
              maxLength={200}
              autoComplete="off"
              defaultValue={value('description', description)}
              errors={failure?.fields.description}
            />
            <div className="grid gap-3 sm:grid-cols-2">
              <TextField
                label="Place"
                name="position"
                type="number"
                min={1}
                required
                defaultValue={value('position', String(position))}
                errors={failure?.fields.position}
              />
              <TextField
                label="One check"
                name="checkKey"
                optional
                maxLength={60}
                autoComplete="off"
                defaultValue={value('checkKey', checkKey ?? '')}
                errors={failure?.fields.checkKey}
                hint="Its key; empty: all of them."
              />
            </div>
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
        </details>
      )}
    </li>
  );
}
