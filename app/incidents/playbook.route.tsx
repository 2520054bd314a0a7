import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { SelectField, TextAreaField, TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { RequestKey } from '#app/components/ui/request-key';
import { Section } from '#app/components/ui/section';
import {
  type ActionArgs,
  type ActionFailure,
  protectedAction,
  protectedLoader,
} from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { useBusyIntent } from '#app/incidents/change-panel';
import { stepKind } from '#app/incidents/step-words';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import {
  addPlaybookStep,
  changePlaybookStep,
  movePlaybookStep,
} from '#server/incidents/playbooks/commands/manage-steps';
import type { PlaybookStepView } from '#server/incidents/playbooks/contract';
import { listPlaybooks } from '#server/incidents/playbooks/queries';
import {
  SELF_STARTING,
  STEP_ACTION_LABELS,
  STEP_ACTIONS,
  STEP_TEXT_MAX,
  STEP_TITLE_MAX,
} from '#server/incidents/playbooks/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, `Playbook of level ${args.params.level}`);

export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx, params }) => {
  const steps = await listPlaybooks(ctx, { level: params.level ?? '' });
  return {
    level: Number(params.level),
    active: steps.filter(({ isActive }) => isActive),
    retired: steps.filter(({ isActive }) => !isActive),
  };
});

const access = 'playbooks.manage';

function done({ context, params }: ActionArgs, message: string) {
  return redirectWithToast(context, paths.playbook(Number(params.level)), { kind: 'success', message });
}

export const action = protectedAction({
  intents: {
    add: {
      access,
      handle: async (args) => {
        const { title, description, action: given, startsItself } = args.form;
        const { level } = args.params;
        await addPlaybookStep(args.ctx, {
          level,
          title,
          description,
          action: given,
          startsItself: startsItself === 'true',
        });
        return done(args, 'The step is added. Incidents that begin from now on have it.');
      },
    },
    change: {
      access,
      handle: async (args) => {
        const { key, version, title, description, startsItself } = args.form;
        const begins = startsItself === undefined ? {} : { startsItself };
        await changePlaybookStep(args.ctx, {
          level: args.params.level,
          key,
          version,
          title,
          description,
          ...begins,
        });
        return done(args, 'The step is changed, for incidents that begin from now on.');
      },
    },
    move: {
      access,
      handle: async (args) => {
        const { key, version, direction } = args.form;
        await movePlaybookStep(args.ctx, { level: args.params.level, key, version, direction });
        return done(args, 'The step has another place.');
      },
    },
    use: {
      access,
      handle: async (args) => {
        const { key, version, isActive } = args.form;
        await changePlaybookStep(args.ctx, { level: args.params.level, key, version, isActive });
        return done(args, isActive === 'true' ? 'The step is in use again.' : 'The step is retired.');
      },
    },
  },
});

export default function Playbook() {
  const { level, active, retired } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const blockedBy = can(subject, access) ? null : whyNot(access, subject);
  const isOfStep = active.some(({ key }) => key === failure?.values.key) && failure?.intent === 'change';
  return (
    <>
      <BackLink to={paths.playbooks()}>Playbooks</BackLink>
      <PageHeader title={`Playbook of level ${level}`}>
        Open incidents keep the steps that they got. What is retired is copied no more, and can be taken up
        again.
      </PageHeader>
      {failure && failure.intent !== 'add' && !isOfStep ? (
        <FailureNotice failure={failure} className="mb-4" />
      ) : null}
      <div className="grid gap-4">
        <Section title="Steps" note="In the order in which an incident has them" flush>
          {active.length === 0 ? (
            <p className="p-4 text-muted">It asks for nothing. Add the first step below.</p>
          ) : (
            <ol>
              {active.map((step, at) => (
                <Step
                  key={step.key}
                  step={step}
                  isFirst={at === 0}
                  isLast={at === active.length - 1}
                  blockedBy={blockedBy}
                  failure={failure}
                />
              ))}
            </ol>
          )}
        </Section>
        <Section title="Add a step">
          <NewStep key={active.length} failure={failure} blockedBy={blockedBy} />
        </Section>
        {retired.length > 0 ? (
          <Section title="Retired" flush>
            <ul>
              {retired.map((step) => (
                <li
                  key={step.key}
                  className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2 last:border-0"
                >
                  <span className="min-w-40 flex-1 break-words">
                    {step.title} <span className="text-s text-muted">{stepKind(step)}</span>
                  </span>
                  <StepForm intent="use" step={step}>
                    <Button type="submit" name="isActive" value="true" size="s" blockedBy={blockedBy}>
                      Take it up again<span className="sr-only">: {step.title}</span>
                    </Button>
                  </StepForm>
                </li>
              ))}
            </ul>
          </Section>
        ) : null}
      </div>
    </>
  );
}

function StepForm({
  intent,
  step,
  className,
  children,
}: {
  intent: string;
  step: PlaybookStepView;
  className?: string;
  children: React.ReactNode;
}) {
  return (
    <Form method="post" preventScrollReset className={className}>
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="key" value={step.key} />
      <input type="hidden" name="version" value={step.version} />
      {children}
    </Form>
  );
}

/** What was typed into a form that was refused, or what there was. */
function typedIn(refused: ActionFailure | null, name: string, before = ''): string {
  const value = refused?.values[name];
  return typeof value === 'string' ? value : before;
}

function Step({
  step,
  isFirst,
  isLast,
  blockedBy,
  failure,
}: {
  step: PlaybookStepView;
  isFirst: boolean;
  isLast: boolean;
  blockedBy: string | null;
  failure: ActionFailure | undefined;
}) {
  const { key, title, description, action: does, startsItself } = step;
  const refused = failure?.intent === 'change' && failure.values.key === key ? failure : null;
  const of = <span className="sr-only"> {title}</span>;
  return (
    <li className="border-b border-line px-4 py-2.5 last:border-0">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
        <div className="min-w-48 flex-1">
          <p className="break-words">
            <span className="font-medium">{title}</span>{' '}
            <span className="text-s text-muted">{stepKind(step)}</span>
          </p>
          <p className="text-s text-pretty break-words text-muted">{description}</p>
        </div>
        <span className="flex flex-wrap gap-1.5">
          <StepForm intent="move" step={step} className="flex gap-1.5">
            <Button
              type="submit"
              name="direction"
              value="up"
              size="s"
              blockedBy={blockedBy ?? (isFirst ? 'It is the first one.' : null)}
            >
              Up{of}
            </Button>
            <Button
              type="submit"
              name="direction"
              value="down"
              size="s"
              blockedBy={blockedBy ?? (isLast ? 'It is the last one.' : null)}
            >
              Down{of}
            </Button>
          </StepForm>
          <StepForm intent="use" step={step}>
            <Button type="submit" name="isActive" value="false" size="s" blockedBy={blockedBy}>
              Retire{of}
            </Button>
          </StepForm>
        </span>
      </div>
      <details open={refused !== null}>
        <summary className="hit inline-flex items-center text-s text-muted underline underline-offset-3">
          Change{of}
        </summary>
        <StepForm intent="change" step={step} className="grid gap-3 pb-2">
          <FailureNotice failure={refused} />
          <TextField
            label="What is to be done"
            name="title"
            required
            maxLength={STEP_TITLE_MAX}
            autoComplete="off"
            defaultValue={typedIn(refused, 'title', title)}
            errors={refused?.fields.title}
          />
          <TextAreaField
            label="What it means"
            optional
            name="description"
            maxLength={STEP_TEXT_MAX}
            defaultValue={typedIn(refused, 'description', description)}
            errors={refused?.fields.description}
          />
          {does !== null && SELF_STARTING.includes(does) ? (
            <SelectField
              label="When"
              name="startsItself"
              defaultValue={typedIn(refused, 'startsItself', String(startsItself))}
              options={[
                { value: 'false', label: 'When a person asks for it' },
                { value: 'true', label: 'At once, by itself' },
              ]}
            />
          ) : null}
          <Button type="submit" className="justify-self-start" blockedBy={blockedBy}>
            Save{of}
          </Button>
        </StepForm>
      </details>
    </li>
  );
}

function NewStep({ failure, blockedBy }: { failure: ActionFailure | undefined; blockedBy: string | null }) {
  const refused = failure?.intent === 'add' ? failure : null;
  const isBusy = useBusyIntent() === 'add';
  return (
    <Form method="post" preventScrollReset className="grid gap-3">
      <input type="hidden" name="intent" value="add" />
      <RequestKey />
      <FailureNotice failure={refused} />
      <TextField
        label="What is to be done"
        name="title"
        required
        maxLength={STEP_TITLE_MAX}
        autoComplete="off"
        defaultValue={typedIn(refused, 'title')}
        errors={refused?.fields.title}
      />
      <TextAreaField
        label="What it means"
        optional
        name="description"
        maxLength={STEP_TEXT_MAX}
        defaultValue={typedIn(refused, 'description')}
        errors={refused?.fields.description}
      />
      <SelectField
        label="Who does it"
        name="action"
        defaultValue={typedIn(refused, 'action')}
        errors={refused?.fields.action}
        options={[
          { value: '', label: 'A person' },
          ...STEP_ACTIONS.map((value) => ({
            value,
            label: `The console: ${STEP_ACTION_LABELS[value].toLowerCase()}`,
          })),
        ]}
      />
      <SelectField
        label="When"
        name="startsItself"
        defaultValue={typedIn(refused, 'startsItself', 'false')}
        errors={refused?.fields.startsItself}
        hint="Only the console begins something by itself, and only what reads or tells."
        options={[
          { value: 'false', label: 'When a person gets to it' },
          { value: 'true', label: 'At once, by itself' },
        ]}
      />
      <Button
        type="submit"
        look="primary"
        className="justify-self-start"
        aria-busy={isBusy}
        blockedBy={blockedBy}
      >
        Add the step
      </Button>
    </Form>
  );
}
