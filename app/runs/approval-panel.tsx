import { Link } from '@remix-run/react';
import { ChevronRight, UserRoundCheck } from 'lucide-react';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import type { ActionFailure } from '#app/http/protected.server';
import { formatDuration, plural } from '#app/lib/format';
import { ApproveForm, RefuseForm } from '#app/runs/approval-forms';
import { FromTo, PlanSteps } from '#app/runs/plan-view';
import { TimeLeft, useIsOver } from '#app/runs/time-left';
import { WithdrawRun } from '#app/runs/withdraw-run';
import type { RunApproval, RunDetail } from '#server/runs/contract';

/** A run that awaits its second person: the decision at the left, the plan that it is about at the right. */
export function ApprovalPanel({
  run,
  approval,
  failure,
}: {
  run: RunDetail;
  approval: RunApproval;
  failure: ActionFailure | undefined;
}) {
  const isOver = useIsOver(approval.expiresAt);
  const typed = (intent: string) =>
    failure?.intent === intent && typeof failure.values.reason === 'string' ? failure.values.reason : '';
  const errors = (intent: string) => (failure?.intent === intent ? failure.fields.reason : undefined);
  const blockedBy = isOver ? 'The time to approve it is over.' : null;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[24rem_minmax(0,1fr)]">
      <section
        aria-label="Decision"
        className="overflow-hidden rounded-l bg-surface shadow-raised lg:sticky lg:top-16"
      >
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 bg-warning-soft px-4 py-2.5">
          <UserRoundCheck aria-hidden="true" size={16} className="shrink-0 text-warning" />
          <span className="font-semibold">Awaits a second person</span>
          <TimeLeft until={approval.expiresAt} className="ml-auto" />
        </p>
        <div className="grid gap-4 p-4">
          <div>
            <p className="mb-1 text-l font-semibold">
              <FromTo from={run.plan.from} to={run.plan.to} />
            </p>
            <p>
              {run.requestedByName} asked for it{' '}
              <RelativeTime at={run.createdAt} focusable className="text-muted" />
            </p>
            {run.reason ? (
              <blockquote className="mt-2 border-l-2 border-line pl-3 break-words">{run.reason}</blockquote>
            ) : (
              <p className="text-muted">without a reason</p>
            )}
          </div>
          {approval.isOwn ? (
            <div className="grid gap-3 border-t border-line pt-4">
              <p>
                {approval.whyNot} <span className="text-muted">Send them the address of this page.</span>
              </p>
              <WithdrawRun run={run} errors={errors('cancel')} />
            </div>
          ) : approval.canApprove ? (
            <>
              <div className="grid gap-2 border-t border-line pt-4">
                <ApproveForm
                  run={run}
                  planHash={run.planHash}
                  blockedBy={blockedBy}
                  verb={`Approve: ${lowerFirst(run.title)}`}
                  typed={typed('approve')}
                  errors={errors('approve')}
                />
                <p className="text-s text-muted">
                  {blockedBy ?? 'It then starts by itself, if nothing has changed meanwhile.'}
                </p>
              </div>
              <details
                className="group -mx-4 -mb-4 border-t border-line"
                open={failure?.intent === 'refuse' ? true : undefined}
              >
                <summary className="hit flex min-h-11 items-center gap-1.5 px-4 font-medium hover:bg-hover">
                  <ChevronRight
                    aria-hidden="true"
                    size={15}
                    className="text-muted transition-transform group-open:rotate-90"
                  />
                  Refuse it
                </summary>
                <div className="px-4 pt-1 pb-4">
                  <RefuseForm
                    run={run}
                    blockedBy={blockedBy}
                    typed={typed('refuse')}
                    errors={errors('refuse')}
                  />
                </div>
              </details>
            </>
          ) : (
            <p className="border-t border-line pt-4 text-muted">
              {isOver
                ? 'The time to approve it is over.'
                : `You cannot decide about it. ${approval.whyNot ?? ''}`}
            </p>
          )}
          <noscript>
            <Link to="?" className="link text-muted">
              Look again whether somebody has decided
            </Link>
          </noscript>
        </div>
      </section>
      <Section
        title="The plan to be approved"
        note={`${plural(run.plan.steps.length, 'step')}, within ${formatDuration(run.plan.budgetMs)}`}
      >
        <PlanSteps plan={run.plan} />
        {run.plan.skips.length > 0 ? (
          <ul className="mt-2 grid list-disc gap-1 border-t border-line pt-2 pl-4 text-muted">
            {run.plan.skips.map((skip) => (
              <li key={skip}>{skip}</li>
            ))}
          </ul>
        ) : null}
        <p className="mt-2 border-t border-line pt-2 text-s text-muted">
          Approving binds to exactly this plan, <code>{run.planHash.slice(0, 12)}</code>. When it would come
          to another one now, the run is cancelled instead of started.
        </p>
      </Section>
    </div>
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
