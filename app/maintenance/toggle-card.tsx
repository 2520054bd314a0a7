import { Link } from '@remix-run/react';
import { CircleCheck, CircleDashed, ShieldAlert, Wrench } from 'lucide-react';
import { Badge } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import { TOGGLE_LABELS, type ToggleView, VERIFICATION_LABELS } from '#server/maintenance/contract';

const LOOKS = {
  pending: { tone: 'info', icon: CircleDashed },
  verified: { tone: 'warning', icon: CircleCheck },
  unverified: { tone: 'critical', icon: ShieldAlert },
} as const;

/** One toggle: what, why, by whom, until when, and whether the service bears it out. */
export function ToggleCard({ toggle, withPlace }: { toggle: ToggleView; withPlace?: boolean }) {
  const look = LOOKS[toggle.verification];
  return (
    <li className="grid gap-1 px-4 py-2.5">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <Wrench aria-hidden="true" size={14} className="text-muted" />
        <span className="font-semibold">{TOGGLE_LABELS[toggle.kind]}</span>
        {withPlace ? (
          <span className="text-muted">
            {toggle.service} / {toggle.environment}
          </span>
        ) : null}
        {toggle.isOpen ? (
          <Badge tone={look.tone} icon={look.icon}>
            {toggle.verification === 'verified' ? 'On, verified' : VERIFICATION_LABELS[toggle.verification]}
          </Badge>
        ) : (
          <span className="text-muted">
            ended <RelativeTime at={toggle.endedAt ?? toggle.startedAt} focusable /> by {toggle.endedByName}
          </span>
        )}
      </p>
      <p className="break-words">{toggle.reason}</p>
      <p className="flex flex-wrap gap-x-3 text-s text-muted">
        <span>
          {toggle.startedByName}, <RelativeTime at={toggle.startedAt} focusable />
        </span>
        {toggle.isOpen ? (
          <span>
            {toggle.expiresAt ? (
              <>
                ends <RelativeTime at={toggle.expiresAt} focusable />
              </>
            ) : (
              'until somebody ends it'
            )}
          </span>
        ) : null}
        {toggle.intervalSeconds ? <span>checks every {toggle.intervalSeconds} s</span> : null}
        {toggle.allow.length > 0 ? <span>let in: {toggle.allow.join(', ')}</span> : null}
        {toggle.runId ? (
          <Link to={paths.run(toggle.runId)} className="link">
            its run
          </Link>
        ) : null}
        {toggle.endRunId ? (
          <Link to={paths.run(toggle.endRunId)} className="link">
            the run that ended it
          </Link>
        ) : null}
      </p>
      {toggle.verificationNote ? <p className="text-s text-muted">Seen: {toggle.verificationNote}</p> : null}
      {toggle.endReason ? <p className="text-s text-muted">Ended because: {toggle.endReason}</p> : null}
    </li>
  );
}
