import { Form } from '@remix-run/react';
import { CircleCheck, CircleDashed, CircleDot, CircleMinus, CircleX } from 'lucide-react';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { RequestKey } from '#app/components/ui/request-key';
import { Section } from '#app/components/ui/section';
import { type StatusMark, TONE_TEXT } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type FormParts, useBusyIntent } from '#app/incidents/change-panel';
import { Damage, Restore } from '#app/incidents/found';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import type { IncidentPlaybook, IncidentStepView } from '#server/incidents/playbooks/contract';
import {
  STEP_ACTION_LABELS,
  STEP_STATE_LABELS,
  STEP_TEXT_MAX,
  type StepState,
} from '#server/incidents/playbooks/words/contract';

const LOOKS: Record<StepState, Omit<Parameters<typeof StatusMark>[0]['look'], 'label'>> = {
  open: { tone: 'unknown', icon: CircleDashed },
  running: { tone: 'info', icon: CircleDot },
  done: { tone: 'ok', icon: CircleCheck },
  skipped: { tone: 'unknown', icon: CircleMinus },
  failed: { tone: 'critical', icon: CircleX },
};

/** What the incident asks for, step by step: who did what, what is to be done, and what the console does of it. */
export function PlaybookPanel({
  playbook,
  parts,
  className,
}: {
  playbook: IncidentPlaybook;
  parts: FormParts;
  className?: string;
}) {
  const { steps, done } = playbook;
  return (
    <Section
      title="Playbook"
      note={steps.length > 0 ? `${done} of ${steps.length}` : null}
      anchor="playbook"
      flush
      className={className}
    >
      {steps.length === 0 ? (
        <p className="p-4 text-muted">
          The playbook of this level asked for nothing when the incident began. Raise the level, or write down
          what is done.
        </p>
      ) : (
        <ol aria-label="Steps of the playbook">
          {steps.map((step) => (
            <Step key={step.key} step={step} playbook={playbook} parts={parts} />
          ))}
        </ol>
      )}
    </Section>
  );
}

interface StepParts {
  step: IncidentStepView;
  parts: FormParts;
}

function Step({ step, playbook, parts }: StepParts & { playbook: IncidentPlaybook }) {
  const { key, action, state, title, description } = step;
  const { icon: Icon, tone } = LOOKS[state];
  const isSettled = state === 'done' || state === 'skipped';
  const { failure } = parts;
  const isRefused =
    (failure?.intent === 'step' && failure.values.key === key) ||
    (failure?.intent === 'act' && failure.values.action === action);
  return (
    <li className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-2.5 border-b border-line px-4 py-2.5 last:border-0">
      <Icon aria-hidden="true" size={17} strokeWidth={2.1} className={cn('mt-0.5', TONE_TEXT[tone])} />
      <div className="grid min-w-0 gap-1.5">
        <div className="flex flex-wrap items-start justify-between gap-x-3 gap-y-1.5">
          <div className="min-w-40 flex-1">
            <p className={cn('font-medium', isSettled && 'font-normal text-muted')}>
              {title} <span className="sr-only">: {STEP_STATE_LABELS[state].toLowerCase()}</span>
            </p>
            {isSettled ? null : <p className="text-s text-pretty text-muted">{description}</p>}
            <Told step={step} />
          </div>
          <StepButton step={step} parts={parts} />
        </div>
        {isRefused ? <FailureNotice failure={failure} /> : null}
        {action === 'assess-damage' && playbook.damage ? <Damage found={playbook.damage} /> : null}
        {action === 'restore-service' && playbook.restore ? <Restore found={playbook.restore} /> : null}
        {state === 'running' ? null : <Settle step={step} parts={parts} />}
      </div>
    </li>
  );
}

/** Who dealt with it, when, and what they wrote; and how long it is checked more often. */
function Told({ step: { state, byName, at, note, watch } }: { step: IncidentStepView }) {
  return (
    <>
      {at === null ? null : (
        <p className="text-s break-words text-muted">
          {STEP_STATE_LABELS[state]}, {byName}, <RelativeTime at={at} focusable />
          {note ? `: ${note}` : ''}
        </p>
      )}
      {watch ? (
        <p className="text-s text-muted">
          {watch.isOpen ? (
            <>
              Every {watch.intervalSeconds} s
              {watch.expiresAt ? (
                <>
                  , ends <RelativeTime at={watch.expiresAt} focusable />
                </>
              ) : null}
            </>
          ) : (
            'As often as every day again'
          )}
        </p>
      ) : null}
    </>
  );
}

/** What is pressed most: the console does it, or a person has done it. */
function StepButton({ step, parts: { action: to, blockedBy, incident } }: StepParts) {
  const { action, state, key, version, title, watch } = step;
  const busy = useBusyIntent();
  const resolved = incident.state === 'resolved' ? 'The incident is resolved.' : null;
  if (action === 'enhanced-monitoring' && watch?.isOpen) {
    return (
      <LinkButton to={paths.enhancedMonitoring(watch)} size="s">
        Change or end it
      </LinkButton>
    );
  }
  if (action !== null) {
    if (state === 'running' || state === 'skipped') return null;
    if (action === 'alert-critical' && state === 'done') return null;
    return (
      <Form method="post" action={to} preventScrollReset>
        <input type="hidden" name="intent" value="act" />
        <RequestKey />
        <input type="hidden" name="action" value={action} />
        <Button type="submit" size="s" blockedBy={blockedBy ?? resolved} aria-busy={busy === 'act'}>
          {state === 'done' ? 'Look again' : STEP_ACTION_LABELS[action]}
        </Button>
      </Form>
    );
  }
  if (state !== 'open' && state !== 'failed') return null;
  return (
    <Form method="post" action={to} preventScrollReset>
      <StepFields stepKey={key} version={version} />
      <Button
        type="submit"
        name="state"
        value="done"
        size="s"
        blockedBy={blockedBy}
        aria-busy={busy === 'step'}
      >
        Tick<span className="sr-only"> {title}</span>
      </Button>
    </Form>
  );
}

function StepFields({ stepKey, version }: { stepKey: string; version: number }) {
  return (
    <>
      <input type="hidden" name="intent" value="step" />
      <input type="hidden" name="key" value={stepKey} />
      <input type="hidden" name="version" value={version} />
    </>
  );
}

/** Ticks with a note, leaves out with a reason, or takes that back. */
function Settle({ step, parts: { action: to, blockedBy, failure } }: StepParts) {
  const { key, version, state, title } = step;
  const refused = failure?.intent === 'step' && failure.values.key === key ? failure : null;
  const typed = refused?.values.note;
  const isSettled = state === 'done' || state === 'skipped';
  return (
    <details open={refused !== null}>
      <summary className="hit inline-flex items-center text-s text-muted underline underline-offset-3">
        {isSettled ? 'Take it back' : 'With a note, or leave it out'}
        <span className="sr-only">: {title}</span>
      </summary>
      <Form method="post" action={to} preventScrollReset className="grid gap-2 pb-1">
        <StepFields stepKey={key} version={version} />
        <TextField
          label={isSettled ? 'Why' : 'What was done, or why it is left out'}
          optional={isSettled}
          name="note"
          maxLength={STEP_TEXT_MAX}
          autoComplete="off"
          defaultValue={typeof typed === 'string' ? typed : ''}
          errors={refused?.fields.note}
        />
        <span className="flex flex-wrap gap-2">
          {isSettled ? (
            <Button type="submit" name="state" value="open" size="s" blockedBy={blockedBy}>
              It is still to be done
            </Button>
          ) : (
            <>
              <Button type="submit" name="state" value="done" size="s" blockedBy={blockedBy}>
                Tick with the note
              </Button>
              <Button type="submit" name="state" value="skipped" size="s" blockedBy={blockedBy}>
                Leave it out
              </Button>
            </>
          )}
        </span>
      </Form>
    </details>
  );
}
