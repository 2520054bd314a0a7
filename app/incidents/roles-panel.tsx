import { Form } from '@remix-run/react';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { Facts } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { type FormParts, IncidentForm, refusedField, useBusyIntent } from '#app/incidents/change-panel';
import { formatUtc } from '#app/lib/format';
import type { IncidentRoleView } from '#server/incidents/contract';
import { INCIDENT_ROLE_LABELS, INCIDENT_ROLES } from '#server/incidents/words/contract';

/** Who has which role now, ending one or handing it over, and who had them before. */
export function RolesPanel({ parts }: { parts: FormParts }) {
  const { incident, blockedBy, failure } = parts;
  const past = incident.roles.filter(({ until }) => until !== null);
  const role = refusedField(failure, 'assign', 'role');
  return (
    <div className="grid gap-3">
      <FailureNotice failure={failure?.intent === 'leave' ? failure : null} />
      <Facts
        items={INCIDENT_ROLES.map((each) => {
          const holders = incident.roles.filter(({ role: held, until }) => held === each && until === null);
          return [
            INCIDENT_ROLE_LABELS[each],
            holders.length === 0 ? (
              <span key={each} className="text-muted">
                nobody
              </span>
            ) : (
              holders.map((held) => (
                <Holder key={`${held.personId} ${held.since}`} held={held} parts={parts} />
              ))
            ),
          ];
        })}
      />
      <details open={failure?.intent === 'assign'}>
        <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
          Give or hand over a role
        </summary>
        <IncidentForm intent="assign" parts={parts}>
          <SelectField
            label="Role"
            name="role"
            defaultValue={role.defaultValue || 'commander'}
            errors={role.errors}
            options={INCIDENT_ROLES.map((value) => ({ value, label: INCIDENT_ROLE_LABELS[value] }))}
          />
          <TextField
            type="email"
            label="E-mail address"
            optional
            maxLength={254}
            autoComplete="off"
            hint="Empty: you take it yourself."
            {...refusedField(failure, 'assign', 'email')}
          />
          <Button type="submit" aria-busy={useBusyIntent() === 'assign'} blockedBy={blockedBy}>
            Give the role
          </Button>
        </IncidentForm>
      </details>
      {past.length > 0 ? (
        <details>
          <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
            Who had them before
          </summary>
          <ul className="grid gap-1.5">
            {past.map((held) => (
              <li key={`${held.role} ${held.personName} ${held.since}`}>
                {INCIDENT_ROLE_LABELS[held.role]}: {held.personName}
                <span className="block text-s text-muted">
                  {formatUtc(held.since)} to {formatUtc(held.until ?? held.since)}, given by{' '}
                  {held.assignedByName}
                </span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}

/** Who has a role, and its end; an open incident keeps its commander until somebody else commands. */
function Holder({ held, parts }: { held: IncidentRoleView; parts: FormParts }) {
  const { incident, action, blockedBy } = parts;
  const { role, personId, personName, since } = held;
  const mayEnd = blockedBy === null && (role !== 'commander' || incident.state === 'resolved');
  return (
    <div className="flex flex-wrap items-center gap-x-2">
      <span className="min-w-0">
        {personName}{' '}
        <span className="text-s text-muted">
          since <RelativeTime at={since} />
        </span>
      </span>
      {mayEnd ? (
        <Form method="post" action={action} preventScrollReset>
          <input type="hidden" name="intent" value="leave" />
          <input type="hidden" name="version" value={incident.version} />
          <input type="hidden" name="role" value={role} />
          <input type="hidden" name="personId" value={personId} />
          <Button type="submit" look="quiet" size="s">
            End
            <span className="sr-only">
              {' '}
              the role of {personName} as {INCIDENT_ROLE_LABELS[role].toLowerCase()}
            </span>
          </Button>
        </Form>
      ) : null}
    </div>
  );
}
