import { TextField } from '#app/components/ui/field';
import type { ActionFailure } from '#app/http/protected.server';
import { textOf } from '#app/status/drafts';
import type { StatusPlace } from '#server/status/contract';

/** The id of the list of the headings that there are, which the page has once. */
export const HEADINGS_ID = 'status-headings';

/** What is said of a component, and which checks of an environment it stands for. */
export function ComponentFields({
  own,
  checks,
  chosen,
  failure,
}: {
  own: { name: string; description: string; group: string };
  checks: StatusPlace['checks'];
  chosen: readonly string[];
  failure: ActionFailure | undefined;
}) {
  const value = (field: 'name' | 'description' | 'group') =>
    failure ? textOf(failure.values[field]) : own[field];
  const errors = failure?.fields.checkKeys;
  return (
    <>
      <TextField
        label="Public name"
        name="name"
        required
        maxLength={80}
        autoComplete="off"
        defaultValue={value('name')}
        errors={failure?.fields.name}
      />
      <TextField
        label="What it is for"
        name="description"
        optional
        maxLength={200}
        autoComplete="off"
        defaultValue={value('description')}
        errors={failure?.fields.description}
      />
      <TextField
        label="Heading"
        name="group"
        optional
        maxLength={80}
        autoComplete="off"
        list={HEADINGS_ID}
        defaultValue={value('group')}
        errors={failure?.fields.group}
        hint="Components of one heading stand together; those without one come first."
      />
      {checks.length > 0 ? (
        <fieldset className="grid">
          <legend className="font-medium">
            Checks <span className="font-normal text-muted">(none: all of them)</span>
          </legend>
          {checks.map(({ key, title }) => (
            <label key={key} className="hit inline-flex items-center gap-2">
              <input
                type="checkbox"
                name="checkKeys"
                value={key}
                defaultChecked={chosen.includes(key)}
                className="shrink-0"
              />
              <span className="min-w-0 break-words">{title}</span>
            </label>
          ))}
          {errors ? <p className="text-s text-critical">{errors.join(' ')}</p> : null}
        </fieldset>
      ) : null}
    </>
  );
}
