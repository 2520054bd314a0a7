import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { ChartNoAxesColumn, CircleCheck } from 'lucide-react';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { FailedDeploys, IncidentsBehind } from '#app/figures/behind';
import { Counts } from '#app/figures/counts';
import { FigureCard, TimeCard } from '#app/figures/figure-card';
import { trendOf } from '#app/figures/trend';
import { Weeks } from '#app/figures/weeks';
import { protectedLoader } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';
import { formatCount, plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { CsvLink } from '#app/settings/csv-link';
import type { Figures } from '#server/figures/contract';
import { listFigureIncidents, readFigures } from '#server/figures/queries';
import {
  FIGURE_PERIOD_LABELS,
  FIGURE_PERIODS,
  MILESTONE_LABELS,
  MILESTONES,
  type MilestoneKey,
  TIME_KIND_LABELS,
  type TimeKind,
} from '#server/figures/words/contract';
import { INCIDENT_LEVEL_LABELS } from '#server/incidents/words/contract';
import { ROOT_CAUSE_KIND_LABELS } from '#server/postmortems/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Figures');

const CAUSES = { person: 'A person', alert: 'An alert', rollback: 'An automatic rollback' } as const;

export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx, url }) => {
  const filter: Record<string, string> = Object.fromEntries(
    [...url.searchParams].filter(([, value]) => value !== ''),
  );
  const { period, service, environment } = filter;
  const [figures, incidents] = await Promise.all([
    readFigures(ctx, { period, service, environment }),
    listFigureIncidents(ctx, filter),
  ]);
  return { figures, incidents, filter };
});

export default function FiguresPage() {
  const { figures, incidents, filter } = useLoaderData<typeof loader>();
  const { period } = figures;
  return (
    <>
      <PageHeader title="Figures" actions={<PeriodChoice figures={figures} filter={filter} />}>
        How often, how fast, how well: the last {FIGURE_PERIOD_LABELS[period]}, beside the{' '}
        {FIGURE_PERIOD_LABELS[period]} before. Environments for practice are left out.
      </PageHeader>
      {figures.hasAnything ? (
        <div className="grid gap-4">
          <PlaceFilter />
          <IncidentTimes figures={figures} filter={filter} />
          <Delivery figures={figures} />
          <Section title="Week by week" note={`The last ${figures.weeks.length} weeks, by when each began`}>
            <Weeks weeks={figures.weeks} />
          </Section>
          <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
            <Kinds figures={figures} />
            <Overdue figures={figures} />
          </div>
          <Section
            title="Failed deploys"
            note={figures.failures.length > 0 ? `the newest ${figures.failures.length}` : undefined}
            flush
          >
            <FailedDeploys failures={figures.failures} />
          </Section>
          <Section
            title="The incidents behind them"
            note={<Shown filter={filter} />}
            aside={<CsvLink href={paths.figuresCsv({ ...filter, page: '' })} />}
            anchor="incidents"
            flush
          >
            <IncidentsBehind page={incidents} />
          </Section>
        </div>
      ) : (
        <Section title="Nothing to reckon with yet" flush>
          <EmptyState
            icon={ChartNoAxesColumn}
            title="There has been no deploy and no incident"
            action={<LinkButton to={paths.newDeploymentAnywhere()}>Deploy something</LinkButton>}
          >
            Figures come from what really happens here: deploys, rollbacks, alerts and incidents. The first
            deploy makes the first of them.
          </EmptyState>
        </Section>
      )}
    </>
  );
}

type Filter = Record<string, string>;

function PeriodChoice({ figures, filter }: { figures: Figures; filter: Filter }) {
  return (
    <ul className="flex overflow-hidden rounded-m bg-surface shadow-raised" aria-label="How far back">
      {FIGURE_PERIODS.map((each) => (
        <li key={each}>
          <Link
            to={paths.figures({ ...filter, page: '', period: each === '30d' ? '' : each })}
            preventScrollReset
            aria-current={each === figures.period ? 'true' : undefined}
            className={cn(
              'hit inline-flex items-center px-3 no-underline hover:bg-hover',
              each === figures.period ? 'bg-pressed font-semibold' : 'text-muted',
            )}
          >
            {FIGURE_PERIOD_LABELS[each]}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Nothing where there is one place alone. */
function PlaceFilter() {
  const places = (useRootData()?.environments ?? []).filter(({ isPractice }) => !isPractice);
  if (places.length < 2) return null;
  const unique = (values: string[]) => [...new Set(values)].map((value) => ({ value, label: value }));
  return (
    <FilterForm shownBeside={['period', 'milestone', 'kind']}>
      <ChoiceFilter
        name="service"
        label="Service"
        all="Every service"
        options={unique(places.map(({ service }) => service))}
      />
      <ChoiceFilter
        name="environment"
        label="Environment"
        all="Every environment"
        options={unique(places.map(({ environment }) => environment))}
      />
    </FilterForm>
  );
}

function IncidentTimes({ figures, filter }: { figures: Figures; filter: Filter }) {
  const { count, before } = figures.incidents;
  return (
    <Section
      title="Incidents"
      note={`${plural(count, 'incident')} began; ${formatCount(before)} in the time before`}
      flush
    >
      <ul className="grid gap-px overflow-hidden rounded-b-l bg-line md:grid-cols-3">
        {MILESTONES.map((key) => (
          <TimeCard
            key={key}
            name={MILESTONE_LABELS[key]}
            figureKey={key}
            figure={figures[key]}
            hrefOf={(kind) => `${paths.figures({ ...filter, page: '', milestone: key, kind })}#incidents`}
          />
        ))}
      </ul>
    </Section>
  );
}

function Delivery({ figures }: { figures: Figures }) {
  const { frequency, changeFailure } = figures;
  const perWeek = (value: number) => `${value.toFixed(1)} a week`;
  const percent = (value: number) => `${value.toFixed(value >= 10 || value === 0 ? 0 : 1)} %`;
  const rates = { more: 'more', less: 'less' };
  return (
    <Section title="Delivery" note="The four DORA figures" flush>
      <ul className="grid gap-px overflow-hidden rounded-b-l bg-line sm:grid-cols-2 2xl:grid-cols-4">
        <FigureCard
          name="Deployment frequency"
          figureKey="frequency"
          value={frequency.perWeek === null ? null : perWeek(frequency.perWeek)}
          trend={trendOf(frequency.perWeek, frequency.before.perWeek, rates, perWeek)}
        >
          {frequency.count === 0 ? 'no deploys in this period' : plural(frequency.count, 'validated deploy')}
        </FigureCard>
        <TimeCard name="Lead time for changes" figureKey="leadTime" figure={figures.leadTime} />
        <FigureCard
          name="Change failure rate"
          figureKey="changeFailure"
          value={changeFailure.percent === null ? null : percent(changeFailure.percent)}
          trend={trendOf(changeFailure.percent, changeFailure.before.percent, rates, percent)}
        >
          {changeFailure.judged === 0
            ? 'no deploys to judge in this period'
            : `${formatCount(changeFailure.failed)} of ${plural(changeFailure.judged, 'deploy')} failed`}
          {changeFailure.pending > 0 ? `, ${formatCount(changeFailure.pending)} pending` : ''}
          {changeFailure.neverLive > 0
            ? `, ${formatCount(changeFailure.neverLive)} never reached visitors`
            : ''}
        </FigureCard>
        <TimeCard name="Time to restore" figureKey="restore" figure={figures.restore} />
      </ul>
    </Section>
  );
}

function Kinds({ figures: { incidents, service } }: { figures: Figures }) {
  return (
    <Section title="What they were">
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2 lg:grid-cols-3">
        <Counts
          caption="By level"
          rows={incidents.byLevel.map(({ value, ...counts }) => ({
            ...counts,
            label: `${value} ${INCIDENT_LEVEL_LABELS[value]}`,
            href: paths.incidents({ level: value, service }),
          }))}
        />
        <Counts
          caption="Opened by"
          rows={incidents.byCause.map(({ value, ...counts }) => ({ ...counts, label: CAUSES[value] }))}
        />
        <Counts
          caption="Root cause, as post-mortems say"
          rows={incidents.byRootCause
            .filter(({ value, count, before }) => count + before > 0 || value === 'unknown')
            .map(({ value, ...counts }) => ({
              ...counts,
              label: value === null ? 'No post-mortem' : ROOT_CAUSE_KIND_LABELS[value],
            }))}
        />
      </div>
    </Section>
  );
}

function Overdue({ figures: { actionItems } }: { figures: Figures }) {
  const { open, overdue, owners } = actionItems;
  return (
    <Section
      title="Action items overdue"
      note={`${formatCount(overdue)} of ${formatCount(open)} open, now`}
      aside={
        overdue > 0 ? (
          <Link to={paths.actionItems({ group: 'overdue' })} className="link">
            See them
          </Link>
        ) : undefined
      }
      flush
    >
      {overdue === 0 ? (
        <EmptyState icon={CircleCheck} title="Nothing is overdue">
          {open === 0
            ? 'No action item is open.'
            : `${plural(open, 'action item')} open, each before its day.`}
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {owners.map(({ name, overdue: late, open: all }) => (
            <li key={name} className="flex gap-3 px-4 py-2">
              <span className="min-w-0 flex-1 break-words">{name}</span>
              <span>
                <span className="font-medium">{formatCount(late)}</span>{' '}
                <span className="text-muted">of {formatCount(all)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Which incidents are listed, and the way back to all. */
function Shown({ filter }: { filter: Filter }) {
  const { milestone, kind, ...rest } = filter;
  if (!milestone || !kind) return <>Those that began last first; with those merged into another</>;
  const name = MILESTONE_LABELS[milestone as MilestoneKey].toLowerCase();
  return (
    <>
      Those whose {name} is {TIME_KIND_LABELS[kind as TimeKind]} ·{' '}
      <Link to={`${paths.figures({ ...rest, page: '' })}#incidents`} preventScrollReset className="link">
        show all
      </Link>
    </>
  );
}
