import type { MetaFunction } from '@remix-run/node';
import { Link, useActionData, useLoaderData } from '@remix-run/react';
import { PreviewBox } from '#app/alerts/preview-box';
import { RuleForm } from '#app/alerts/rule-form';
import {
  defaultsFor,
  fieldErrors,
  kindOf,
  ruleOf,
  SOURCE_KIND_LABELS,
  SOURCE_KINDS,
  type RuleForm as Values,
} from '#app/alerts/rule-values';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { FailureNotice } from '#app/components/ui/notice';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import { BackLink } from '#app/settings/back-link';
import { createRule } from '#server/monitoring/rules/commands';
import { previewRule } from '#server/monitoring/rules/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Add a rule');

/** The address says what the rule looks at, so that the form has the fields for it without JavaScript. */
export const loader = protectedLoader({ access: 'rules.read' }, async ({ url }) => ({
  kind: kindOf(url.searchParams.get('kind')),
}));

export const action = protectedAction({
  intents: {
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
  const { kind } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const failure = answer && 'error' in answer ? (answer as ActionFailure) : null;
  const previewed = answer && 'preview' in answer ? answer : null;
  const typed = (failure?.values ?? previewed?.values ?? {}) as Values;
  return (
    <div className="mx-auto max-w-5xl">
      <BackLink to={paths.rules()}>Rules</BackLink>
      <PageHeader title="Add a rule">Try it on what is stored before you keep it.</PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <nav aria-label="What it looks at" className="mb-4 flex flex-wrap gap-2">
        {SOURCE_KINDS.map((each) => (
          <Link
            key={each}
            to={paths.newRule({ kind: each })}
            aria-current={each === kind ? 'page' : undefined}
            className={cn(
              'hit inline-flex items-center rounded-m px-3 no-underline',
              each === kind
                ? 'bg-herb-soft font-medium'
                : 'bg-sunken text-muted hover:bg-hover hover:text-ink',
            )}
          >
            {SOURCE_KIND_LABELS[each]}
          </Link>
        ))}
      </nav>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <RuleForm
          key={kind}
          values={{ ...defaultsFor(kind), ...typed, kind }}
          errors={fieldErrors(failure?.fields ?? {})}
          isNew
          save="Add the rule"
        />
        {previewed ? <PreviewBox preview={previewed.preview} /> : null}
      </div>
    </div>
  );
}
