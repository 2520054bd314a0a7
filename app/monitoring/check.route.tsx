import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData, useNavigation } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { Pause, Pencil, Play, RotateCw } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { EmptyState, FailureNotice, Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { checkLook, outcomeLook } from '#app/monitoring/check-looks';
import { CheckFacts, SubChecks, UptimeSection } from '#app/monitoring/check-parts';
import { useRefresh } from '#app/monitoring/use-refresh';
import { BackLink } from '#app/settings/back-link';
import { CsvLink } from '#app/settings/csv-link';
import { can, whyNot } from '#server/auth/contract';
import { pauseCheck, resumeCheck, runCheckNow } from '#server/monitoring/checks/commands';
import type { CheckDetail, CheckResultView } from '#server/monitoring/checks/contract';
import { getCheck, listCheckResults } from '#server/monitoring/checks/queries/checks';
import { CHECK_OUTCOME_LABELS, CHECK_OUTCOMES, whyNotWell } from '#server/monitoring/checks/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) => pageTitle(args, args.data?.check.title ?? 'Check');

const REFRESH_MS = 5_000;
const RESULTS_SHOWN = 50;

export const loader = protectedLoader({ access: 'checks.read' }, async ({ ctx, params, url }) => {
  const { checkId = '' } = params;
  const page = url.searchParams.get('page') || undefined;
  const outcome = url.searchParams.get('outcome') || undefined;
  const [check, results] = await Promise.all([
    getCheck(ctx, { checkId }),
    listCheckResults(ctx, { checkId, page, outcome, pageSize: RESULTS_SHOWN }),
  ]);
  return { check, results, outcome, now: ctx.clock.now().toISOString() };
});

export const action = protectedAction({
  intents: {
    run: {
      access: 'checks.manage',
      handle: async ({ ctx, context, params: { checkId = '' } }) => {
        await runCheckNow(ctx, { checkId });
        return redirectWithToast(context, paths.monitorCheck(checkId), {
          kind: 'success',
          message: 'It runs now. Its result is here in a moment.',
        });
      },
    },
    pause: {
      access: 'checks.manage',
      handle: async ({ ctx, context, params: { checkId = '' }, form }) => {
        await pauseCheck(ctx, { checkId, reason: form.reason });
        return redirectWithToast(context, paths.monitorCheck(checkId), {
          kind: 'success',
          message: 'Paused. Rules hear nothing of it until somebody resumes it.',
        });
      },
    },
    resume: {
      access: 'checks.manage',
      handle: async ({ ctx, context, params: { checkId = '' } }) => {
        await resumeCheck(ctx, { checkId });
        return redirectWithToast(context, paths.monitorCheck(checkId), {
          kind: 'success',
          message: 'Resumed. It runs at once; failures before the pause no longer count.',
        });
      },
    },
  },
});

const column = createColumnHelper<typeof tableModel, CheckResultView>();

const columns = column.columns([
  column.accessor('at', {
    id: 'at',
    header: 'Due (UTC)',
    enableHiding: false,
    meta: { className: 'align-top max-md:w-full' },
    cell: ({ row: { original: result } }) => (
      <>
        <span className="whitespace-nowrap">
          {formatUtc(result.at).slice(0, 19)}{' '}
          <RelativeTime at={result.at} className="ml-2 text-s text-muted" />
        </span>
        <span className="mt-0.5 grid gap-0.5 md:hidden">
          <span className="flex flex-wrap items-center gap-x-3">
            <StatusMark look={outcomeLook(result.outcome)} />
            <Duration ms={result.durationMs} className="text-muted" />
          </span>
          {result.message ? <span className="text-s break-words text-muted">{result.message}</span> : null}
        </span>
      </>
    ),
  }),
  column.accessor('outcome', {
    id: 'outcome',
    header: 'Outcome',
    meta: { className: 'align-top whitespace-nowrap', wideOnly: true },
    cell: ({ row }) => <StatusMark look={outcomeLook(row.original.outcome)} />,
  }),
  column.accessor('durationMs', {
    id: 'took',
    header: 'Took',
    meta: { className: 'align-top', align: 'end', wideOnly: true },
    cell: ({ row }) => <Duration ms={row.original.durationMs} />,
  }),
  column.accessor('statusCode', {
    id: 'status',
    header: 'Status',
    meta: { className: 'align-top', align: 'end', wideOnly: true },
    cell: ({ row }) => row.original.statusCode ?? <span className="text-faint">–</span>,
  }),
  column.accessor('message', {
    id: 'why',
    header: 'Why',
    meta: { className: 'align-top w-1/2 break-words', wideOnly: true },
    cell: ({ row }) => <span className="text-pretty text-muted">{row.original.message}</span>,
  }),
]);

export default function Check() {
  const { check, results, outcome, now } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  useRefresh(REFRESH_MS);
  return (
    <>
      <BackLink to={paths.monitorChecks()}>Uptime</BackLink>
      <PageHeader
        title={
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="min-w-0 break-words">{check.title}</span>
            <StatusMark look={checkLook(check.state)} className="text-m font-medium" />
          </span>
        }
        actions={<Actions check={check} />}
      >
        in {check.service} / {check.environment}
        {check.since ? (
          <>
            {' · since '}
            <RelativeTime at={check.since} focusable />
          </>
        ) : null}
      </PageHeader>
      <div className="grid gap-4">
        <FailureNotice failure={failure} />
        <StandingNotice check={check} />
        <UptimeSection check={check} now={now} />
        <div className="grid items-start gap-4 lg:grid-cols-2">
          {check.kind === 'health' ? <SubChecks checks={check.subChecks} /> : null}
          <div className="grid gap-4">
            <CheckFacts check={check} />
            {check.pausedByName ? null : <PauseForm failure={failure} />}
          </div>
        </div>
        <section aria-labelledby="results">
          <h2 id="results" className="mb-2 text-m">
            Results
          </h2>
          <DataTable
            id="check-results"
            caption="Results, newest first"
            columns={columns as never}
            rows={results.rows}
            rowId={(result) => result.at}
            total={results.total}
            page={results.page}
            pageSize={results.pageSize}
            toolbar={
              <FilterForm>
                <ChoiceFilter
                  name="outcome"
                  label="Outcome"
                  all="Any outcome"
                  options={CHECK_OUTCOMES.map((value) => ({ value, label: CHECK_OUTCOME_LABELS[value] }))}
                />
              </FilterForm>
            }
            actions={<CsvLink href={paths.checkResultsCsv(check.id, { outcome })} />}
            empty={
              <EmptyState icon={RotateCw} title={outcome ? 'No result is like that' : 'It has not run yet'}>
                {outcome ? 'Take the filter away to see more.' : 'A worker takes it within a second.'}
              </EmptyState>
            }
          />
        </section>
      </div>
    </>
  );
}

function Actions({ check }: { check: CheckDetail }) {
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const blockedBy = can(subject, 'checks.manage') ? null : whyNot('checks.manage');
  const isConfigured = check.source === 'config' ? 'It comes from the configuration.' : null;
  return (
    <Form method="post" className="flex flex-wrap gap-2">
      {check.pausedByName ? (
        <Button
          type="submit"
          name="intent"
          value="resume"
          look="primary"
          aria-busy={isBusy}
          blockedBy={blockedBy}
        >
          <Play aria-hidden="true" size={14} />
          Resume
        </Button>
      ) : (
        <Button
          type="submit"
          name="intent"
          value="run"
          look="primary"
          aria-busy={isBusy}
          blockedBy={blockedBy}
        >
          <RotateCw aria-hidden="true" size={14} />
          Run now
        </Button>
      )}
      <LinkButton to={paths.changeMonitorCheck(check.id)} blockedBy={blockedBy ?? isConfigured}>
        <Pencil aria-hidden="true" size={14} />
        Change
      </LinkButton>
    </Form>
  );
}

/** What a person must know before anything else: why it is not well. */
function StandingNotice({ check }: { check: CheckDetail }) {
  if (check.pausedByName) {
    return (
      <Notice tone="info" title={`Paused by ${check.pausedByName}: ${check.pauseReason}`}>
        It is not run, and rules hear nothing of it.
      </Notice>
    );
  }
  if (check.state === 'failed') {
    return (
      <Notice tone="critical" title={check.lastMessage ?? 'It failed.'}>
        {check.consecutiveFailures} in a row
        {check.failingSince ? (
          <>
            , since <RelativeTime at={check.failingSince} focusable />
          </>
        ) : null}
        .
      </Notice>
    );
  }
  if (check.state === 'not_run') {
    return (
      <Notice tone="warning" title={whyNotWell(check) ?? 'It could not run.'}>
        {check.isOverdue ? 'No worker has looked at it.' : 'The console itself could not look.'} That says
        nothing about {check.service}.
      </Notice>
    );
  }
  return null;
}

function PauseForm({ failure }: { failure: ActionFailure | undefined }) {
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const value = failure?.values.reason;
  return (
    <Section title="Pause it">
      <Form method="post" className="flex flex-wrap items-end gap-3">
        <TextField
          label="Why it should rest"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          defaultValue={typeof value === 'string' ? value : ''}
          errors={failure?.fields.reason}
          className="min-w-48 flex-1"
        />
        <Button
          type="submit"
          name="intent"
          value="pause"
          aria-busy={isBusy}
          blockedBy={can(subject, 'checks.manage') ? null : whyNot('checks.manage')}
        >
          <Pause aria-hidden="true" size={14} />
          Pause
        </Button>
      </Form>
    </Section>
  );
}
