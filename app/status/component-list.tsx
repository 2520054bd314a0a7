import { Form } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { Section } from '#app/components/ui/section';
import type { ActionFailure } from '#app/http/protected.server';
import { useKeyAfter } from '#app/lib/use-form-key';
import { ComponentFields, HEADINGS_ID } from '#app/status/component-fields';
import { ComponentItem } from '#app/status/component-item';
import { listOf, textOf } from '#app/status/drafts';
import type { StatusComponentView, StatusPlace } from '#server/status/contract';

/** The intents of its forms. */
const INTENTS = ['component', 'add-component', 'retire-component'];

/** What the public sees the state of: changed, added and retired by who may. */
export function ComponentList({
  components,
  places,
  failure,
  blockedBy,
}: {
  components: readonly StatusComponentView[];
  places: readonly StatusPlace[];
  failure: ActionFailure | undefined;
  blockedBy: string | null;
}) {
  // Emptied by what is added here, not by what others add.
  const addKey = useKeyAfter((sent) => sent?.get('intent') === 'add-component');
  const own = failure && INTENTS.includes(failure.intent) ? failure : undefined;
  const active = components.filter(({ isRetired }) => !isRetired);
  const retired = components.filter(({ isRetired }) => isRetired);
  const headings = new Set(active.map(({ group }) => group).filter((group) => group !== ''));
  const checksOf = ({ service, environment }: { service: string; environment: string }) =>
    places.find((each) => each.service === service && each.environment === environment)?.checks ?? [];
  return (
    <Section title="Components" flush>
      {active.length > 0 ? (
        <ul className="divide-y divide-line">
          {active.map((each) => (
            <ComponentItem
              key={each.key}
              component={each}
              checks={checksOf(each)}
              failure={textOf(own?.values.key) === each.key ? own : undefined}
              blockedBy={blockedBy}
            />
          ))}
        </ul>
      ) : (
        <p className="p-4 text-muted">
          {retired.length > 0
            ? 'The public sees none: all are retired.'
            : 'The configured environments appear here by themselves, within a minute of the first start.'}
        </p>
      )}
      {blockedBy ? null : (
        <AddComponent
          key={addKey}
          places={places}
          failure={own?.intent === 'add-component' ? own : undefined}
        />
      )}
      {retired.length > 0 ? (
        <p className="border-t border-line px-4 py-3 text-s break-words text-muted">
          Retired: {retired.map(({ name }) => name).join(', ')}
        </p>
      ) : null}
      <datalist id={HEADINGS_ID}>
        {[...headings].map((heading) => (
          <option key={heading} value={heading} />
        ))}
      </datalist>
    </Section>
  );
}

/** Puts a component on the page: an environment as a whole, or checks of it. */
function AddComponent({
  places,
  failure,
}: {
  places: readonly StatusPlace[];
  failure: ActionFailure | undefined;
}) {
  return (
    <details className="group/add border-t border-line px-4 py-2" open={failure ? true : undefined}>
      <summary className="hit inline-flex items-center gap-1.5 font-medium">
        <ChevronRight
          aria-hidden="true"
          size={14}
          className="transition-transform group-open/add:rotate-90"
        />
        Add a component
      </summary>
      {places.length > 0 ? (
        <p className="text-s text-muted">For which environment, or for checks of which?</p>
      ) : (
        <p className="text-muted">No environment is configured that it could stand for.</p>
      )}
      {places.map((place) => {
        const { service, environment, checks } = place;
        const refused =
          failure && failure.values.service === service && failure.values.environment === environment
            ? failure
            : undefined;
        return (
          <details
            key={`${service}/${environment}`}
            className="group/place"
            open={refused ? true : undefined}
          >
            <summary className="hit inline-flex items-center gap-1.5 text-muted hover:text-ink">
              <ChevronRight
                aria-hidden="true"
                size={14}
                className="transition-transform group-open/place:rotate-90"
              />
              {service} / {environment}
            </summary>
            <Form method="post" className="grid gap-3 py-1">
              <input type="hidden" name="service" value={service} />
              <input type="hidden" name="environment" value={environment} />
              <ComponentFields
                own={{ name: '', description: '', group: '' }}
                checks={checks}
                chosen={listOf(refused?.values.checkKeys)}
                failure={refused}
              />
              <Button
                type="submit"
                name="intent"
                value="add-component"
                look="primary"
                className="justify-self-start"
              >
                Add the component
              </Button>
            </Form>
          </details>
        );
      })}
    </details>
  );
}
