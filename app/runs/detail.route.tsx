import type { MetaFunction } from '@remix-run/node';
import { Form, Outlet, useLoaderData, useSearchParams } from '@remix-run/react';
import { Play } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { CopyButton } from '#app/components/ui/copy-button';
import { FailureNotice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { runLook, StatusBadge } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { ApprovalPanel } from '#app/runs/approval-panel';
import { BudgetClock } from '#app/runs/budget-clock';
import { CancelRun } from '#app/runs/cancel-run';
import { FromTo, PlanSteps } from '#app/runs/plan-view';
import { RunNotices } from '#app/runs/run-notices';
import { StepList } from '#app/runs/step-list';
import { TimeBar } from '#app/runs/time-bar';
import { useRun } from '#app/runs/use-run';
import { can, whyNot } from '#server/auth/contract';
import { approveRun, cancelRun, refuseRun, resumeRun } from '#server/runs/commands';
import { isActive, RUN_STATUS_LABELS, type RunDetail } from '#server/runs/contract';
import { getRun } from '#server/runs/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) => {
  const run = args.data?.run;
  if (!run) return pageTitle(args, 'Run');
  const sign = isActive(run.status) ? '● ' : '';
  return pageTitle(args, `${sign}${RUN_STATUS_LABELS[run.status]}: #${run.number} ${run.title}`);
};

export const loader = protectedLoader({ access: 'runs.read' }, async ({ ctx, params }) => {
  const run = await getRun(ctx, { runId: params.runId });
  return { run, place: { service: run.service, environment: run.environment } };
});

export const action = protectedAction({
  intents: {
    cancel: {
      access: 'runs.cancel',
      handle: async ({ ctx, context, form, params }) => {
        const { status } = await cancelRun(ctx, { runId: params.runId, reason: form.reason });
        return redirectWithToast(context, paths.run(params.runId ?? ''), {
          kind: 'info',
          message: status === 'cancelled' ? 'The run is cancelled.' : 'The run is being cancelled.',
        });
      },
    },
    resume: {
      access: 'runs.resume',
      handle: async ({ ctx, context, params }) => {
        await resumeRun(ctx, { runId: params.runId });
        return redirectWithToast(context, paths.run(params.runId ?? ''), {
          kind: 'success',
          message: 'The run goes on from the step that did not succeed.',
        });
      },
    },
    approve: {
      access: 'runs.approve',
      handle: async ({ ctx, context, form, params }) => {
        const { number } = await approveRun(ctx, {
          runId: params.runId,
          planHash: form.planHash,
          reason: form.reason,
        });
        return redirectWithToast(context, paths.run(params.runId ?? ''), {
          kind: 'success',
          message: `You approved run #${number}. It starts now.`,
        });
      },
    },
    refuse: {
      access: 'runs.approve',
      handle: async ({ ctx, context, form, params }) => {
        const { number } = await refuseRun(ctx, { runId: params.runId, reason: form.reason });
        return redirectWithToast(context, paths.run(params.runId ?? ''), {
          kind: 'info',
          message: `You refused run #${number}. Nothing was started.`,
        });
      },
    },
  },
});

const REFRESH_SECONDS = 4;

export default function RunPage() {
  const loaded = useLoaderData<typeof loader>().run as RunDetail;
  const run = useRun(loaded);
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const [search] = useSearchParams();
  const step = search.get('step');
  // Its decision says the rest.
  const isAwaiting = run.status === 'awaiting_approval';
  return (
    <>
      {isActive(run.status) ? (
        <noscript>
          <meta httpEquiv="refresh" content={String(REFRESH_SECONDS)} />
        </noscript>
      ) : null}
      <PageHeader
        title={
          <>
            <span className="font-normal text-muted">#{run.number}</span> {run.title}
          </>
        }
        actions={<RunActions run={run} reasonErrors={failure?.fields?.reason} />}
      >
        <p className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <span aria-live="polite">
            <StatusBadge look={runLook(run.status)} />
          </span>
          {isAwaiting ? (
            <span>
              {run.service} / {run.environment}
            </span>
          ) : (
            <>
              <BudgetClock run={run} className="text-ink" />
              <FromTo from={run.plan.from} to={run.plan.to} />
              <span>
                {run.requestedByName}, <RelativeTime at={run.createdAt} focusable />
              </span>
              {run.reason ? <q className="text-ink">{run.reason}</q> : null}
            </>
          )}
        </p>
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <RunNotices run={run} />
      {isAwaiting && run.approval ? (
        <ApprovalPanel run={run} approval={run.approval} failure={failure} />
      ) : (
        <RunRecord run={run} step={step === null ? null : Number(step)} />
      )}
    </>
  );
}

/** What a run has done and said so far. */
function RunRecord({ run, step }: { run: RunDetail; step: number | null }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[24rem_minmax(0,1fr)]">
      <div className="grid min-w-0 gap-4">
        <Section title="Where the seconds went">
          <TimeBar run={run} />
        </Section>
        <Section
          title="Steps"
          flush
          note={`${run.stepsDone} of ${run.stepsTotal} done`}
          aside={<span className="text-s text-faint">UTC</span>}
        >
          <StepList steps={run.steps} selected={step} />
        </Section>
        <details className="group rounded-l bg-surface shadow-raised">
          <summary className="hit flex min-h-11 items-center px-4 font-semibold hover:bg-hover">
            The plan as it was confirmed
          </summary>
          <div className="grid gap-4 border-t border-line p-4">
            <PlanSteps plan={run.plan} />
            {run.plan.skips.length > 0 ? (
              <ul className="grid list-disc gap-1 pl-4 text-muted">
                {run.plan.skips.map((skip) => (
                  <li key={skip}>{skip}</li>
                ))}
              </ul>
            ) : null}
            <Facts
              className="text-s"
              items={[
                ['Plan', <Hash key="plan" value={run.planHash} what="the plan's hash" />],
                [
                  'Configuration',
                  <Hash key="config" value={run.configHash} what="the configuration's hash" />,
                ],
                ['Run', <Hash key="run" value={run.id} what="the run's id" />],
              ]}
            />
          </div>
        </details>
      </div>
      <Outlet context={run} />
    </div>
  );
}

function Hash({ value, what }: { value: string; what: string }) {
  return (
    <span className="flex items-center gap-1">
      <code className="truncate">{value}</code>
      <CopyButton text={value} what={what} />
    </span>
  );
}

function RunActions({ run, reasonErrors }: { run: RunDetail; reasonErrors: string[] | undefined }) {
  const subject = useSubject();
  const mayResume = can(subject, 'runs.resume');
  const isStopped = ['failed', 'timed_out', 'needs_attention'].includes(run.status);
  return (
    <>
      {run.canResume || (isStopped && !mayResume) ? (
        <Form method="post">
          <input type="hidden" name="intent" value="resume" />
          <Button type="submit" blockedBy={mayResume ? null : whyNot('runs.resume')}>
            <Play aria-hidden="true" size={15} />
            Resume from the failed step
          </Button>
        </Form>
      ) : null}
      {isActive(run.status) && run.status !== 'cancelling' ? (
        <CancelRun
          run={run}
          errors={reasonErrors ?? []}
          blockedBy={can(subject, 'runs.cancel') ? null : whyNot('runs.cancel')}
        />
      ) : null}
    </>
  );
}
