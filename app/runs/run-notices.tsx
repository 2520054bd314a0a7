import { Link } from '@remix-run/react';
import { Notice } from '#app/components/ui/notice';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import { RUN_STATUS_LABELS, type RunDetail } from '#server/runs/contract';

/** Why a run ended as it did, and the runs it has to do with. */
export function RunNotices({ run }: { run: RunDetail }) {
  const isBad = ['failed', 'timed_out', 'needs_attention'].includes(run.status);
  return (
    <div className="grid gap-2 not-empty:mb-4">
      {run.error && isBad ? (
        <Notice
          tone="critical"
          title={
            run.status === 'needs_attention'
              ? 'It stopped and waits for a person'
              : RUN_STATUS_LABELS[run.status]
          }
        >
          <p className="break-words">{run.error}</p>
        </Notice>
      ) : null}
      {run.approval?.decision && run.approval.at ? (
        <Notice
          tone={run.approval.decision === 'approved' ? 'ok' : 'warning'}
          title={
            <>
              {run.approval.decision === 'approved' ? 'Approved' : 'Refused'} by {run.approval.byName},{' '}
              <RelativeTime at={run.approval.at} focusable className="font-normal" />
            </>
          }
        >
          {run.approval.reason}
        </Notice>
      ) : null}
      {run.cancelReason && run.approval?.decision !== 'refused' ? (
        <Notice tone="warning" title={run.status === 'cancelling' ? 'Being cancelled' : 'Cancelled'}>
          {run.cancelRequestedBy ? `${run.cancelRequestedBy}: ` : ''}
          {run.cancelReason}
        </Notice>
      ) : null}
      {run.supersededBy ? (
        <Notice tone="warning" title="Another run took its place">
          <RunLink run={run.supersededBy} />
        </Notice>
      ) : null}
      {run.causedBy ? (
        <Notice tone="info" title="Started because of another run">
          <RunLink run={run.causedBy} />
        </Notice>
      ) : null}
      {run.followUps.map((next) => (
        <Notice
          key={next.id}
          tone="info"
          title={`It led to another run: ${RUN_STATUS_LABELS[next.status].toLowerCase()}`}
        >
          <RunLink run={next} />
        </Notice>
      ))}
    </div>
  );
}

function RunLink({ run }: { run: { id: string; number: number; title: string } }) {
  return (
    <Link to={paths.run(run.id)} className="link">
      #{run.number} {run.title}
    </Link>
  );
}
