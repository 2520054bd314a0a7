import { Form, useNavigation } from '@remix-run/react';
import type { ReactNode } from 'react';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import type { ActionFailure } from '#app/http/protected.server';
import type { IncidentDetail } from '#server/incidents/contract';
import {
  INCIDENT_LEVEL_LABELS,
  INCIDENT_LEVELS,
  INCIDENT_STATES,
  INCIDENT_TEXT_MAX,
  type IncidentState,
} from '#server/incidents/words/contract';

/** What the forms of an incident share. */
export interface FormParts {
  incident: IncidentDetail;
  /** Where they go. */
  action: string;
  blockedBy: string | null;
  failure: ActionFailure | undefined;
}

/** What was typed into the field of a form that was refused, and why. */
export function refusedField(failure: ActionFailure | undefined, intent: string, name: string) {
  const refused = failure?.intent === intent ? failure : null;
  const typed = refused?.values[name];
  return { name, defaultValue: typeof typed === 'string' ? typed : '', errors: refused?.fields[name] };
}

/** A form of an incident, with the version that its person looks at, and why it was refused. */
export function IncidentForm({
  intent,
  parts: { incident, action, failure },
  children,
}: {
  intent: string;
  parts: FormParts;
  children: ReactNode;
}) {
  return (
    <Form method="post" action={action} preventScrollReset className="grid gap-3">
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="version" value={incident.version} />
      <FailureNotice failure={failure?.intent === intent ? failure : null} />
      {children}
    </Form>
  );
}

/** The name of the intent that is being sent now. */
export function useBusyIntent(): FormDataEntryValue | null | undefined {
  const { state, formData } = useNavigation();
  return state === 'submitting' ? formData?.get('intent') : null;
}

const TURN_LABELS: Record<IncidentState, string> = {
  investigating: 'Investigating again',
  identified: 'Cause identified',
  monitoring: 'Fixed, monitoring',
  resolved: 'Resolve',
};

/** Where an incident can go from a state, the next one first. */
function turnsOf(state: IncidentState): IncidentState[] {
  if (state === 'resolved') return ['investigating'];
  const at = INCIDENT_STATES.indexOf(state);
  return [...INCIDENT_STATES.slice(at + 1), ...INCIDENT_STATES.slice(0, at).reverse()];
}

/** Moves an incident on, ends it, or opens it again. */
export function StatePanel({ parts }: { parts: FormParts }) {
  const { incident, blockedBy, failure } = parts;
  const isBusy = useBusyIntent() === 'state';
  const isResolved = incident.state === 'resolved';
  return (
    <IncidentForm intent="state" parts={parts}>
      <TextField
        label={isResolved ? 'Why it goes on' : 'Note'}
        optional
        maxLength={INCIDENT_TEXT_MAX}
        autoComplete="off"
        {...refusedField(failure, 'state', 'note')}
      />
      <div className="flex flex-wrap gap-2">
        {turnsOf(incident.state).map((state, index) => (
          <Button
            key={state}
            type="submit"
            name="state"
            value={state}
            look={index === 0 ? 'primary' : 'secondary'}
            aria-busy={isBusy}
            blockedBy={blockedBy}
          >
            {isResolved ? 'Reopen' : TURN_LABELS[state]}
          </Button>
        ))}
      </div>
      <details open={failure?.intent === 'state' && Boolean(failure.fields.occurredAt)}>
        <summary className="hit inline-flex items-center text-s text-muted underline underline-offset-3">
          It became so earlier
        </summary>
        <TextField
          type="datetime-local"
          label="At (UTC)"
          optional
          step={60}
          {...refusedField(failure, 'state', 'occurredAt')}
        />
      </details>
    </IncidentForm>
  );
}

/** Raises or lowers the level, with a reason. */
export function LevelForm({ parts }: { parts: FormParts }) {
  const { incident, blockedBy, failure } = parts;
  const { errors, defaultValue } = refusedField(failure, 'level', 'level');
  const others = INCIDENT_LEVELS.filter((level) => level !== incident.level);
  return (
    <details open={failure?.intent === 'level'}>
      <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
        Change the level
      </summary>
      <IncidentForm intent="level" parts={parts}>
        <SelectField
          label="Level"
          name="level"
          defaultValue={defaultValue}
          errors={errors}
          options={others.map((level) => ({
            value: String(level),
            label: `${level} ${INCIDENT_LEVEL_LABELS[level]}${level < incident.level ? ' (raise)' : ' (lower)'}`,
          }))}
        />
        <TextField
          label="Why"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          {...refusedField(failure, 'level', 'reason')}
        />
        <Button type="submit" aria-busy={useBusyIntent() === 'level'} blockedBy={blockedBy}>
          Change the level
        </Button>
      </IncidentForm>
    </details>
  );
}

/** Says that an incident is the same as another one, which goes on with both. */
export function MergeForm({ parts }: { parts: FormParts }) {
  const { incident, blockedBy, failure } = parts;
  return (
    <details open={failure?.intent === 'merge'}>
      <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
        It is the same as another
      </summary>
      <IncidentForm intent="merge" parts={parts}>
        <TextField
          label="Which one goes on"
          required
          autoComplete="off"
          placeholder="INC-42"
          hint={`It takes over this timeline, and ${incident.name} leads to it. This cannot be undone.`}
          {...refusedField(failure, 'merge', 'into')}
        />
        <TextField
          label="Why they are the same"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          {...refusedField(failure, 'merge', 'reason')}
        />
        <Button type="submit" aria-busy={useBusyIntent() === 'merge'} blockedBy={blockedBy}>
          Merge {incident.name} into it
        </Button>
      </IncidentForm>
    </details>
  );
}
