import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData, useLocation } from '@remix-run/react';
import { FlaskConical } from 'lucide-react';
import { standingLook } from '#app/alerts/looks';
import { PreviewBox } from '#app/alerts/preview-box';
import { RuleForm } from '#app/alerts/rule-form';
import { fieldErrors, formGoingOn, ruleOf, type RuleForm as Values } from '#app/alerts/rule-values';
import { SwitchOff, SwitchOnButton } from '#app/alerts/switch-rule';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { LinkButton } from '#app/components/ui/button';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { AuditLink } from '#app/settings/audit-link';
import { BackLink } from '#app/settings/back-link';
import { switchRule, updateRule } from '#server/monitoring/rules/commands';
import type { RuleTest, RuleView } from '#server/monitoring/rules/contract';
import { getRule, previewRule, testRule } from '#server/monitoring/rules/queries';
import { valueWords } from '#server/monitoring/rules/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) => pageTitle(args, args.data?.rule.title ?? 'Rule');

export const loader = protectedLoader({ access: 'rules.read' }, async ({ ctx, params, url }) => ({
  rule: await getRule(ctx, { key: params.key }),
  test: url.searchParams.has('test') ? await testRule(ctx, { key: params.key }) : null,
}));

export const action = protectedAction({
  intents: {
    save: {
      access: 'rules.manage',
      handle: async ({ ctx, context, params, form }) => {
        const rule = await updateRule(ctx, { ...ruleOf(form), key: params.key, version: form.version });
        return redirectWithToast(context, paths.rule(rule.key), {
          kind: 'success',
          message: 'The rule is changed.',
        });
      },
    },
    preview: {
      access: 'rules.manage',
      handle: async ({ ctx, form }) => ({ preview: await previewRule(ctx, ruleOf(form)), values: form }),
    },
    switch: {
      access: 'rules.manage',
      handle: async ({ ctx, context, params, form }) => {
        const { enabled, dryRun } = form;
        const reason = form.reason || undefined;
        const rule = await switchRule(ctx, { key: params.key, enabled, dryRun, reason });
        return redirectWithToast(context, paths.rule(rule.key), {
          kind: 'success',
          message: `It is ${rule.enabled ? 'on' : 'off'}${rule.dryRun ? ', and its action is only noted' : ''}.`,
        });
      },
    },
  },
});

export default function Rule() {
  const { rule, test } = useLoaderData<typeof loader>();
  const answer = useAnswer<typeof action>();
  const failure = answer && 'error' in answer ? (answer as ActionFailure) : null;
  const previewed = answer && 'preview' in answer ? answer : null;
  const typed = (failure?.intent === 'switch' ? {} : (failure?.values ?? previewed?.values ?? {})) as Values;
  const isConflict = failure?.error.kind === 'conflict';
  const form = formGoingOn(rule, typed, isConflict);
  const formKey = useFormKey();
  return (
    <>
      <BackLink to={paths.rules()}>Rules</BackLink>
      <PageHeader
        title={rule.title}
        actions={
          <>
            <AuditLink filter={{ search: rule.key }} />
            <LinkButton to={paths.alerts({ rule: rule.key })}>Its alerts</LinkButton>
            <LinkButton to={paths.rule(rule.key, { test: 1 })} state={{ formKey }}>
              <FlaskConical aria-hidden="true" size={15} />
              Test
            </LinkButton>
            {rule.enabled ? null : <SwitchOnButton />}
          </>
        }
      >
        <span className="break-words">{rule.words}</span>
      </PageHeader>
      <FailureNotice
        failure={isConflict ? { error: { ...failure.error, hint: OVERWRITES } } : failure}
        className="mb-4"
      />
      {rule.enabled ? null : (
        <Notice tone="warning" title="This rule is switched off: nothing is looked at." className="mb-4" />
      )}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        {form ? (
          <RuleForm
            key={`${rule.key} ${formKey}`}
            values={form}
            errors={fieldErrors(failure?.fields ?? {})}
            isNew={false}
            save="Save"
          />
        ) : (
          <Notice tone="info" title="This rule looks at something that the form has no fields for.">
            Change it through the{' '}
            <Link to={paths.apiReference()} className="link">
              API
            </Link>
            .
          </Notice>
        )}
        <div className="grid gap-4 max-lg:row-start-1">
          {previewed ? <PreviewBox preview={previewed.preview} /> : null}
          {test ? <TestResult rule={rule} test={test} /> : null}
          <Standings rule={rule} />
          {rule.enabled ? (
            <SwitchOff rule={rule} failure={failure?.intent === 'switch' ? failure : null} />
          ) : null}
        </div>
      </div>
    </>
  );
}

const OVERWRITES = 'What you typed is still here. Saving again overwrites theirs.';

/** What the form is told apart by: another one after each answer, the same where only the test is looked at. */
function useFormKey(): string {
  const { key, state } = useLocation();
  return (state as { formKey?: string } | null)?.formKey ?? key;
}

function Standings({ rule }: { rule: RuleView }) {
  return (
    <Section title="How it stands" flush>
      {rule.standings.length === 0 ? <p className="px-4 py-3 text-muted">It is looked at nowhere.</p> : null}
      <ul className="divide-y divide-line">
        {rule.standings.map((each) => (
          <li key={`${each.service}/${each.environment}`} className="grid gap-0.5 px-4 py-2">
            <span className="flex flex-wrap items-center gap-x-3">
              <StatusMark look={standingLook(each.state)} />
              <span className="text-muted">
                {each.service} / {each.environment}
              </span>
            </span>
            <span className="text-s text-muted">
              {each.lastValue === null ? 'No value' : valueWords(each.lastValue, rule.source)}
              {each.evaluatedAt ? (
                <>
                  , looked at <RelativeTime at={each.evaluatedAt} />
                </>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function TestResult({ rule, test }: { rule: RuleView; test: RuleTest }) {
  return (
    <>
      <Section title="What it sees now" flush>
        <ul className="divide-y divide-line">
          {test.now.map((each) => (
            <li key={`${each.service}/${each.environment}`} className="grid gap-0.5 px-4 py-2">
              <span className="font-medium">
                {each.value === null ? 'Nothing' : valueWords(each.value, rule.source)}
                {each.breaches ? ': past the limit' : ''}
              </span>
              <span className="text-s text-muted">
                {each.service} / {each.environment}. {each.note}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <PreviewBox preview={test.preview} />
    </>
  );
}
