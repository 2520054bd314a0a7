import { Link } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import { LinkButton } from '#app/components/ui/button';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import { ApproveForm, RefuseForm } from '#app/runs/approval-forms';
import { TagStep } from '#app/runs/approval-outcome';
import { TimeLeft, useIsOver } from '#app/runs/time-left';
import type { ApprovalView } from '#server/runs/contract';

/** One run of the list that waits: what, for whom, how long still, and the decision for who may make it. */
export function AwaitingRun({ run }: { run: ApprovalView }) {
  const isOver = useIsOver(run.expiresAt);
  const address = { id: run.runId, number: run.number };
  return (
    <li className="grid gap-x-6 gap-y-3 px-4 py-3 md:grid-cols-[minmax(0,1fr)_auto]">
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
          <Link to={paths.run(run.runId)} className="no-underline hover:underline">
            <span className="text-muted">#{run.number}</span>{' '}
            <span className="font-semibold">{run.title}</span>
          </Link>
          <TagStep from={run.fromTag} to={run.toTag} />
        </p>
        <p className="mt-1 text-muted">
          <span className="text-ink">{run.requestedByName}</span> asked for it{' '}
          <RelativeTime at={run.requestedAt} focusable /> for {run.service} / {run.environment}
          {run.requestReason ? null : ', without a reason'}
        </p>
        {run.requestReason ? (
          <blockquote className="mt-1.5 border-l-2 border-line pl-3 break-words">
            {run.requestReason}
          </blockquote>
        ) : null}
      </div>
      <div className="flex flex-wrap items-center gap-2 self-start md:justify-end">
        <TimeLeft until={run.expiresAt} className="mr-2 max-sm:basis-full" />
        {run.canApprove && !isOver ? (
          <>
            <LinkButton to={paths.run(run.runId)} look="quiet" className="max-sm:flex-1">
              Look at the plan
            </LinkButton>
            <ApproveForm run={address} planHash={run.planHash} blockedBy={null} verb="Approve" isCompact />
          </>
        ) : (
          <LinkButton to={paths.run(run.runId)} look={run.isOwn ? 'secondary' : 'quiet'}>
            {run.isOwn ? 'Open to withdraw' : 'Look at the plan'}
          </LinkButton>
        )}
      </div>
      {isOver || !run.canApprove ? (
        <p className="text-s text-muted md:col-span-2">
          {isOver ? 'The time to approve it is over.' : run.whyNot}
        </p>
      ) : (
        <details className="group min-w-0 md:col-span-2">
          <summary className="hit inline-flex items-center gap-1.5 text-muted hover:text-ink">
            <ChevronRight
              aria-hidden="true"
              size={14}
              className="transition-transform group-open:rotate-90"
            />
            Refuse it<span className="sr-only">: run #{run.number}</span>
          </summary>
          <div className="max-w-lg pt-1 pb-1">
            <RefuseForm run={address} blockedBy={null} />
          </div>
        </details>
      )}
    </li>
  );
}
