import type { MetaFunction } from '@remix-run/node';
import { useLoaderData, useLocation } from '@remix-run/react';
import { PreviewBox } from '#app/alerts/preview-box';
import { RuleForm } from '#app/alerts/rule-form';
import {
  defaultsFor,
  fieldErrors,
  formForKind,
  kindOf,
  ruleOf,
  SOURCE_KIND_LABELS,
  SOURCE_KINDS,
  type SourceKind,
  type RuleForm as Values,
} from '#app/alerts/rule-values';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { FailureNotice } from '#app/components/ui/notice';
import type { FormValues } from '#app/http/form.server';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { BackLink } from '#app/settings/back-link';
import { can } from '#server/auth/contract';
import { createRule } from '#server/monitoring/rules/commands';
import { previewRule } from '#server/monitoring/rules/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Add a rule');

/** The address says what the rule looks at, so that the form has the fields for it without JavaScript. */
export const loader = protectedLoader({ access: 'rules.read' }, async ({ url }) => ({
  kind: kindOf(url.searchParams.get('kind')),
}));

const intentOf = (kind: SourceKind) => `kind:${kind}` as const;

/** Nothing is done but that the form is shown again, with the fields of another kind. */
const chooseKind = (kind: SourceKind) => ({
  access: 'rules.manage' as const,
  handle: async ({ form }: { form: FormValues }) => ({ values: formForKind(kind, form) }),
});

export const action = protectedAction({
  intents: {
    ...Object.fromEntries(SOURCE_KINDS.map((kind) => [intentOf(kind), chooseKind(kind)])),
    save: {
      access: 'rules.manage',
      handle: async ({ ctx, context, form }) => {
        const rule = await createRule(ctx, { ...ruleOf(form), key: form.key });
        return redirectWithToast(context, paths.rule(rule.key), {
          kind: 'success',
          message: 'The rule is there, and is looked at from now on.',
        });
      },
    },
    preview: {
      access: 'rules.manage',
      handle: async ({ ctx, form }) => ({ preview: await previewRule(ctx, ruleOf(form)), values: form }),
    },
  },
});

export default function NewRule() {
  const { kind: first } = useLoaderData<typeof loader>();
  const { key } = useLocation();
  const answer = useAnswer<typeof action>();
  const failure = answer && 'error' in answer ? (answer as ActionFailure) : null;
  const previewed = answer && 'preview' in answer ? answer : null;
  const typed = (answer?.values ?? { kind: first }) as Values;
  const kind = kindOf(typed.kind);
  return (
    <div className="mx-auto max-w-5xl">
      <BackLink to={paths.rules()}>Rules</BackLink>
      <PageHeader title="Add a rule">Try it on what is stored before you keep it.</PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <Kinds chosen={kind} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <RuleForm
          // Another one after each answer, with what was typed.
          key={`${kind} ${key}`}
          id={FORM_ID}
          values={{ ...defaultsFor(kind), ...typed }}
          errors={fieldErrors(failure?.fields ?? {})}
          isNew
          save="Add the rule"
        />
        {previewed ? <PreviewBox preview={previewed.preview} /> : null}
      </div>
    </div>
  );
}

const FORM_ID = 'rule';

/** What the rule looks at: buttons of the form, so that what was typed comes along. They keep the focus. */
function Kinds({ chosen }: { chosen: SourceKind }) {
  const subject = useSubject();
  return (
    <fieldset disabled={!can(subject, 'rules.manage')} className="mb-4 flex min-w-0 flex-wrap gap-2">
      <legend className="sr-only">What it looks at</legend>
      {/* Enter in a field presses the first button of its form. */}
      <button
        type="submit"
        form={FORM_ID}
        name="intent"
        value="save"
        className="sr-only"
        tabIndex={-1}
        aria-hidden="true"
      />
      {SOURCE_KINDS.map((each) => (
        <button
          key={each}
          type="submit"
          form={FORM_ID}
          name="intent"
          value={intentOf(each)}
          formNoValidate
          aria-pressed={each === chosen}
          className={cn(
            'hit inline-flex items-center rounded-m px-3',
            each === chosen
              ? 'bg-herb-soft font-medium'
              : 'bg-sunken text-muted hover:bg-hover hover:text-ink',
          )}
        >
          {SOURCE_KIND_LABELS[each]}
        </button>
      ))}
    </fieldset>
  );
}
