import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { ListChecks, Plus, TriangleAlert } from 'lucide-react';
import { leftSince } from '#app/alerts/left-since';
import { severityLook, standingLook } from '#app/alerts/looks';
import { ChoiceFilter, FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useRefresh } from '#app/monitoring/use-refresh';
import { BackLink } from '#app/settings/back-link';
import { CsvLink } from '#app/settings/csv-link';
import { can, whyNot } from '#server/auth/contract';
import type { RuleView } from '#server/monitoring/rules/contract';
import { listRules } from '#server/monitoring/rules/queries';
import {
  RULE_ACTION_LABELS,
  RULE_ACTIONS,
  type RULE_STATES,
  SEVERITIES,
  SEVERITY_LABELS,
  valueWords,
} from '#server/monitoring/rules/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Rules');

const REFRESH_MS = 15_000;

export const loader = protectedLoader({ access: 'rules.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return { ...(await listRules(ctx, filter)), filter, now: ctx.clock.now().toISOString() };
});

export default function Rules() {
  const { rows, filter, now } = useLoaderData<typeof loader>();
  useRefresh(REFRESH_MS);
  const isFiltered = Object.keys(filter).length > 0;
  const subject = useSubject();
  return (
    <>
      <BackLink to={paths.alerts()}>Alerts</BackLink>
      <PageHeader
        title="Rules"
        actions={
          <LinkButton
            to={paths.newRule()}
            look="primary"
            blockedBy={can(subject, 'rules.manage') ? null : whyNot('rules.manage', subject)}
          >
            <Plus aria-hidden="true" size={15} />
            Add a rule
          </LinkButton>
        }
      >
        What fires alerts, and what the console does by itself.
      </PageHeader>
      <Section title={plural(rows.length, 'rule')} aside={<CsvLink href={paths.rulesCsv(filter)} />} flush>
        <div className="border-b border-line p-3">
          <FilterForm>
            <SearchFilter label="Search rules" placeholder="Title, key, metric" />
            <ChoiceFilter
              name="severity"
              label="Severity"
              all="Any severity"
              options={SEVERITIES.map((value) => ({ value, label: SEVERITY_LABELS[value] }))}
            />
            <ChoiceFilter
              name="action"
              label="Action"
              all="Any action"
              options={RULE_ACTIONS.map((value) => ({ value, label: RULE_ACTION_LABELS[value] }))}
            />
          </FilterForm>
        </div>
        {rows.length === 0 ? (
          <EmptyState icon={ListChecks} title={isFiltered ? 'No rule is like that' : 'There are no rules'}>
            {isFiltered ? 'Take a filter away to see more.' : 'Add one, and try it on what is stored.'}
          </EmptyState>
        ) : (
          <ul className="divide-y divide-line">
            {rows.map((rule) => (
              <RuleItem key={rule.id} rule={rule} now={now} />
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}

function RuleItem({ rule, now }: { rule: RuleView; now: string }) {
  const worst = rule.standings.reduce<RuleView['standings'][number] | null>(
    (found, each) => (found && rank(found.state) >= rank(each.state) ? found : each),
    null,
  );
  const left = leftSince(rule, now);
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-3 md:grid-cols-[8.5rem_minmax(0,1fr)_13rem] md:items-start">
      <span className="flex flex-wrap items-center gap-x-3 md:grid">
        {worst ? (
          <StatusMark look={standingLook(worst.state)} />
        ) : (
          <span className="text-muted">{rule.enabled ? 'Looked at nowhere' : 'Switched off'}</span>
        )}
        <StatusMark look={severityLook(rule.severity)} className="text-s text-muted" />
      </span>
      <span className="min-w-0">
        <Link to={paths.rule(rule.key)} className="font-medium no-underline hover:underline">
          {rule.title}
        </Link>
        <span className="mt-0.5 block text-s text-pretty break-words text-muted">{rule.words}</span>
        <span className="mt-0.5 flex flex-wrap gap-x-3 text-s text-muted">
          <code>{rule.key}</code>
          <span>{placeWords(rule)}</span>
          {worst?.evaluatedAt ? (
            <span>
              {worst.lastValue === null ? 'no value' : valueWords(worst.lastValue, rule.source)},{' '}
              <RelativeTime at={worst.evaluatedAt} />
            </span>
          ) : null}
          {left ? (
            <span className="inline-flex items-center gap-1 text-warning">
              <TriangleAlert aria-hidden="true" size={13} />
              <span>
                Nobody has looked since <RelativeTime at={left} />. Does a worker run?
              </span>
            </span>
          ) : null}
        </span>
      </span>
      <span className="grid text-s text-muted md:justify-items-end md:text-right">
        <span className={rule.action === 'none' ? '' : 'font-medium text-ink'}>
          {RULE_ACTION_LABELS[rule.action]}
          {rule.dryRun ? ' (dry run)' : ''}
        </span>
        <span className="break-words">
          {rule.channel} {rule.mentions.map((handle) => `@${handle}`).join(' ')}
        </span>
      </span>
    </li>
  );
}

function placeWords({ service, environment }: RuleView): string {
  if (environment) return `${service} / ${environment}`;
  return service ? `${service}, all but practice` : 'every environment but practice';
}

/** The gravest standing is what a list shows. */
function rank(state: (typeof RULE_STATES)[number]): number {
  return { firing: 4, pending: 3, unknown: 2, inactive: 1, no_data: 0 }[state];
}
