import { Link } from '@remix-run/react';
import { Button } from '#app/components/ui/button';
import { Notice } from '#app/components/ui/notice';
import { RelativeTime } from '#app/components/ui/time';
import type { ActionFailure } from '#app/http/protected.server';
import { formatUtc, plural } from '#app/lib/format';
import { type Place, paths } from '#app/lib/paths';
import type { LockView } from '#server/deployments/contract';
import type { ActiveFreeze } from '#server/deployments/freezes/contract';
import type { RunSummary } from '#server/runs/contract';

/** What stands between a plan and its confirmation: a refusal, a change, a lock, a run. */
export function PlanNotices({
  place,
  failure,
  isOutdated,
  onAdopt,
  lock,
  freeze,
  approvalMinutes,
  activeRun,
  blockedBy,
}: {
  place: Place;
  failure: ActionFailure | undefined;
  isOutdated: boolean;
  onAdopt: () => void;
  lock?: LockView | null;
  freeze?: ActiveFreeze | null;
  /** How long a second person has to approve it; null or absent where none is needed. */
  approvalMinutes?: number | null;
  activeRun: RunSummary | null;
  blockedBy: string | null;
}) {
  return (
    <div className="grid gap-2 not-empty:mb-4">
      {failure ? (
        <Notice
          tone={failure.error.kind === 'stale_plan' ? 'warning' : 'critical'}
          title={failure.error.message}
          alert
        >
          {failure.error.hint}
        </Notice>
      ) : null}
      {isOutdated ? (
        <Notice
          tone="warning"
          title="Things have changed since you opened this plan"
          alert
          actions={<Button onClick={onAdopt}>Show the new plan</Button>}
        >
          What you see below is the old one; it can no longer be confirmed.
        </Notice>
      ) : null}
      {blockedBy ? (
        <Notice
          tone="warning"
          title={`${blockedBy}.`}
          actions={
            <>
              {activeRun ? (
                <Link to={paths.run(activeRun.id)} className="link font-medium">
                  Open run #{activeRun.number}
                </Link>
              ) : null}
              {lock ? (
                <Link to={paths.lock(place)} className="link font-medium">
                  Lift the lock
                </Link>
              ) : null}
            </>
          }
        >
          {lock ? 'Deploys are refused until somebody lifts the lock. Rollbacks are not.' : null}
        </Notice>
      ) : null}
      {freeze ? (
        <Notice
          tone="warning"
          title={`Deploys are frozen: ${freeze.reason}`}
          actions={
            <Link to={paths.freezes()} className="link font-medium">
              Open the freezes
            </Link>
          }
        >
          By {freeze.byName}, until {formatUtc(freeze.until)}, <RelativeTime at={freeze.until} />. Rollbacks
          are not refused.
        </Notice>
      ) : null}
      {approvalMinutes ? (
        <Notice tone="info" title="A second person must approve it">
          It waits for them for up to {plural(approvalMinutes, 'minute')} and then starts by itself. Until
          then you can withdraw it.
        </Notice>
      ) : null}
    </div>
  );
}
