import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { type FormParts, IncidentForm, refusedField, useBusyIntent } from '#app/incidents/change-panel';
import { INCIDENT_TITLE_MAX } from '#server/incidents/words/contract';

/** Calls the incident by what it turned out to be. */
export function TitleForm({ parts }: { parts: FormParts }) {
  const { incident, blockedBy, failure } = parts;
  const { defaultValue, ...title } = refusedField(failure, 'title', 'title');
  return (
    <details open={failure?.intent === 'title'}>
      <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
        Change the title
      </summary>
      <IncidentForm intent="title" parts={parts}>
        <TextField
          // What it is called by now, also when somebody else changed it.
          key={incident.title}
          label="What is wrong"
          required
          maxLength={INCIDENT_TITLE_MAX}
          autoComplete="off"
          defaultValue={defaultValue || incident.title}
          {...title}
        />
        <TextField
          label="Why"
          optional
          maxLength={500}
          autoComplete="off"
          {...refusedField(failure, 'title', 'reason')}
        />
        <Button type="submit" aria-busy={useBusyIntent() === 'title'} blockedBy={blockedBy}>
          Change the title
        </Button>
      </IncidentForm>
    </details>
  );
}
