import { Link } from '@remix-run/react';
import { Timer } from 'lucide-react';
import { environmentSign } from '#app/components/layout/environment-sign';
import { LinkButton } from '#app/components/ui/button';
import { Badge } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import { ActiveRunLine } from '#app/runs/active-run-line';
import type { EnvironmentState } from '#server/deployments/contract';

/** A practice environment in a line: no visitor depends on it, so it takes no room from those that somebody does. */
export function PracticeLine({ state }: { state: EnvironmentState }) {
  const sign = environmentSign(state);
  const headingId = `environment-${state.service}-${state.environment}`;
  return (
    <section aria-labelledby={headingId} className="min-w-0 rounded-l bg-surface shadow-raised">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-2">
        <h2 id={headingId} className="text-m">
          {state.serviceTitle} <span className="font-normal text-muted">{state.environmentTitle}</span>
        </h2>
        <Badge tone={sign.tone} icon={sign.icon} moving={sign.moving}>
          {sign.word}
        </Badge>
        <p className="text-muted">
          {state.live ? (
            <>
              <span className="font-mono text-ink">{state.live.tag}</span>, live since{' '}
              <RelativeTime at={state.live.since} focusable />
            </>
          ) : (
            <Link to={paths.newDeployment(state)} className="link">
              Deploy a release
            </Link>
          )}
        </p>
        <LinkButton to={paths.drills()} size="s" className="ml-auto">
          <Timer aria-hidden="true" size={14} />
          Rollback drills
        </LinkButton>
      </div>
      {state.activeRun ? <ActiveRunLine run={state.activeRun} /> : null}
    </section>
  );
}
