import { ArrowRight, CircleCheck, CircleSlash, CircleX } from 'lucide-react';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import type { ApprovalView } from '#server/runs/contract';

const LOOK = {
  approved: { tone: 'ok', icon: CircleCheck, label: 'Approved' },
  refused: { tone: 'warning', icon: CircleX, label: 'Refused' },
  none: { tone: 'unknown', icon: CircleSlash, label: 'Not decided' },
} as const;

/** What became of a request: who decided, when and why, or how it ended without a decision. */
export function ApprovalOutcome({ approval }: { approval: ApprovalView }) {
  const { decision, byName, at, reason, cancelReason } = approval;
  const why = decision ? reason : (cancelReason ?? 'Its time is over.');
  return (
    <span className="block truncate" title={why ?? undefined}>
      <StatusMark look={LOOK[decision ?? 'none']} className="mr-0.5 text-ink" />{' '}
      {decision && at ? (
        <span className="text-muted">
          by <span className="text-ink">{byName}</span>, <RelativeTime at={at} />
        </span>
      ) : null}
      {why ? (
        <span className="text-muted">
          {decision ? ': ' : ''}
          {why}
        </span>
      ) : null}
    </span>
  );
}

/** `v1.2.0 → v1.3.0`, where only the names are known. */
export function TagStep({ from, to }: { from: string | null; to: string | null }) {
  if (!from && !to) return null;
  return (
    <span className="inline-flex items-center gap-x-1.5 font-mono">
      <span className="text-muted">{from ?? <span className="font-sans">nothing</span>}</span>
      {to ? (
        <>
          <ArrowRight aria-hidden="true" size={13} className="text-faint" />
          <span className="sr-only">to</span>
          <span className="font-semibold">{to}</span>
        </>
      ) : null}
    </span>
  );
}
