import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { BellOff, ListChecks } from 'lucide-react';
import { AlertItem } from '#app/alerts/alert-item';
import { ChoiceFilter, FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState, FailureNotice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { CsvLink } from '#app/settings/csv-link';
import { acknowledgeAlert } from '#server/monitoring/alerts/commands';
import { countAlerts, listAlerts } from '#server/monitoring/alerts/queries';
import { ALERT_STATE_LABELS, ALERT_STATES } from '#server/monitoring/alerts/words/contract';
import { SEVERITIES, SEVERITY_LABELS } from '#server/monitoring/rules/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Alerts');

export const loader = protectedLoader({ access: 'alerts.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const [page, counts] = await Promise.all([listAlerts(ctx, filter), countAlerts(ctx, {})]);
  return { ...page, counts, filter };
});

export const action = protectedAction({
  intents: {
    acknowledge: {
      access: 'alerts.acknowledge',
      handle: async ({ ctx, context, form, url }) => {
        const alert = await acknowledgeAlert(ctx, { alertId: form.alertId });
        return redirectWithToast(context, `${url.pathname}${url.search}`, {
          kind: 'success',
          message: `You deal with "${alert.title}" for an hour.`,
        });
      },
    },
  },
});

export default function Alerts() {
  const { rows, total, page, pageSize, counts, filter } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const environments = [...new Set((useRootData()?.environments ?? []).map((each) => each.environment))];
  const { page: _page, ...csvFilter } = filter;
  const isFiltered = Object.keys(csvFilter).length > 0;
  const open = counts.firing + counts.acknowledged;
  return (
    <>
      <PageHeader
        title="Alerts"
        actions={
          <>
            <LinkButton to={paths.rules()}>
              <ListChecks aria-hidden="true" size={15} />
              Rules
            </LinkButton>
            <LinkButton to={paths.deliveries()}>Deliveries</LinkButton>
          </>
        }
      >
        {open === 0
          ? 'Nothing fires.'
          : `${counts.firing} firing, ${counts.critical} of them critical; ${counts.acknowledged} acknowledged.`}
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <Section title="Open first, newest first" aside={<CsvLink href={paths.alertsCsv(csvFilter)} />} flush>
        <div className="border-b border-line p-3">
          <FilterForm>
            <SearchFilter label="Search alerts" placeholder="Title, rule, explanation" />
            <ChoiceFilter
              name="state"
              label="State"
              all="Any state"
              options={[
                { value: 'open', label: 'Open' },
                ...ALERT_STATES.map((value) => ({ value, label: ALERT_STATE_LABELS[value] })),
              ]}
            />
            <ChoiceFilter
              name="severity"
              label="Severity"
              all="Any severity"
              options={SEVERITIES.map((value) => ({ value, label: SEVERITY_LABELS[value] }))}
            />
            <ChoiceFilter
              name="environment"
              label="Environment"
              all="Every environment"
              options={environments.map((value) => ({ value, label: value }))}
            />
          </FilterForm>
        </div>
        {rows.length > 0 ? (
          <>
            <ul className="divide-y divide-line">
              {rows.map((alert) => (
                <AlertItem key={alert.id} alert={alert} />
              ))}
            </ul>
            <Pagination page={page} pageSize={pageSize} total={total} />
          </>
        ) : (
          <EmptyState
            icon={BellOff}
            title={isFiltered ? 'No alert is like that' : 'Nothing has fired yet'}
            action={<LinkButton to={paths.rules()}>See the rules</LinkButton>}
          >
            {isFiltered
              ? 'Take a filter away to see more.'
              : 'What the rules find is listed here, with why it fired and who was told.'}
          </EmptyState>
        )}
      </Section>
    </>
  );
}
