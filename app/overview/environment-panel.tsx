import { Link } from '@remix-run/react';
import { ExternalLink, Rocket, Snowflake, Undo2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { environmentSign } from '#app/components/layout/environment-sign';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { Badge, StatusMark, verdictLook } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import { cn } from '#app/lib/cn';
import { formatDuration, shortSha } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { LastHour } from '#app/overview/last-hour';
import { Tiles } from '#app/overview/tiles';
import { ActiveRunLine, AwaitingRunLine } from '#app/runs/active-run-line';
import { budgetSpentMs } from '#app/runs/run-state';
import { can, whyNot } from '#server/auth/contract';
import type { DeploymentView, EnvironmentState } from '#server/deployments/contract';
import type { TileSet } from '#server/monitoring/board/contract';
import type { RunSummary } from '#server/runs/contract';

/** One environment: what is live and whether that is good, what runs, where a rollback would go. */
export function EnvironmentPanel({
  state,
  tiles,
  deployments,
  runs,
  awaiting,
}: {
  state: EnvironmentState;
  tiles: TileSet | undefined;
  deployments: DeploymentView[];
  runs: RunSummary[];
  /** Runs that await a second person. */
  awaiting: RunSummary[];
}) {
  const subject = useSubject();
  const toggles = (useRootData()?.toggles ?? []).filter(
    (toggle) => toggle.service === state.service && toggle.environment === state.environment,
  );
  const sign = environmentSign(state);
  const { live, rollbackTarget, activeRun } = state;
  const headingId = `environment-${state.service}-${state.environment}`;
  return (
    <section aria-labelledby={headingId} className="min-w-0 rounded-l bg-surface shadow-raised">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 pt-3">
        <h2 id={headingId} className="text-m">
          {state.serviceTitle} <span className="font-normal text-muted">{state.environmentTitle}</span>
        </h2>
        <Badge tone={sign.tone} icon={sign.icon} moving={sign.moving}>
          {sign.word}
        </Badge>
        <a
          href={state.url}
          target="_blank"
          rel="noreferrer"
          className="ml-auto inline-flex items-center gap-1 text-s text-muted hover:text-ink"
        >
          {state.url.replace(/^https?:\/\//, '')}
          <ExternalLink aria-hidden="true" size={12} />
          <span className="sr-only">(opens in a new tab)</span>
        </a>
      </header>

      <div className="grid gap-x-6 gap-y-4 px-4 pt-3 pb-4 lg:grid-cols-[minmax(0,1fr)_auto]">
        <div className="min-w-0">
          {live ? (
            <>
              <p className="flex flex-wrap items-baseline gap-x-3">
                <span className="font-mono text-l font-semibold tracking-tight break-all">{live.tag}</span>
                <span className="min-w-0 text-ink">{live.title}</span>
              </p>
              <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">
                <span>
                  live since <RelativeTime at={live.since} focusable className="text-ink" />
                  {live.direction === 'rollback' ? ', by a rollback' : ''}
                </span>
                <code>{shortSha(live.commitSha)}</code>
                {live.verdict !== 'none' ? <StatusMark look={verdictLook(live.verdict)} /> : null}
              </p>
            </>
          ) : (
            <>
              <p className="text-l font-semibold">Nothing is live</p>
              <p className="mt-1 text-muted">Deploy a release to begin.</p>
            </>
          )}
        </div>
        <div className="flex flex-wrap items-start gap-2">
          <LinkButton
            to={paths.newDeployment(state)}
            look="primary"
            className="max-sm:flex-1"
            blockedBy={can(subject, 'deployments.deploy') ? null : whyNot('deployments.deploy')}
          >
            <Rocket aria-hidden="true" size={15} />
            Deploy a release
          </LinkButton>
          <LinkButton
            to={paths.rollback(state)}
            className="max-sm:flex-1"
            blockedBy={
              can(subject, 'deployments.rollback') ? state.noRollbackReason : whyNot('deployments.rollback')
            }
          >
            <Undo2 aria-hidden="true" size={15} />
            {rollbackTarget ? (
              <>
                Roll back to <span className="font-mono">{rollbackTarget.tag}</span>
              </>
            ) : (
              'Roll back'
            )}
          </LinkButton>
        </div>
      </div>

      {state.freeze ? (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line bg-warning-soft/60 px-4 py-2.5">
          <StatusMark
            look={{ tone: 'warning', icon: Snowflake, label: 'Frozen for deploys' }}
            className="font-medium"
          />
          <span className="min-w-0 break-words">{state.freeze.reason}</span>
          <span className="text-muted">
            {state.freeze.byName}, ends <RelativeTime at={state.freeze.until} focusable />
          </span>
        </p>
      ) : null}
      {awaiting.map((run) => (
        <AwaitingRunLine key={run.id} run={run} />
      ))}
      {activeRun ? <ActiveRunLine run={activeRun} /> : null}

      {tiles ? <Tiles tiles={tiles} toggles={toggles} /> : null}
      {tiles?.heardAt ? <LastHour place={state} /> : null}

      <dl className="-mb-px grid grid-cols-2 overflow-hidden rounded-b-l border-t border-line lg:grid-cols-4 lg:divide-x lg:divide-line">
        <Fact label="Rollback would go to" isWide={!rollbackTarget}>
          {rollbackTarget ? (
            <>
              <span className="font-mono font-medium">{rollbackTarget.tag}</span>
              <span className="block truncate text-s text-muted">{rollbackTarget.title}</span>
            </>
          ) : (
            <span className="text-s text-muted">{state.noRollbackReason}</span>
          )}
        </Fact>
        <LastFact
          label="Last rollback"
          run={runs.find((run) => run.procedure === 'deployments.rollback' && run.startedAt && run.endedAt)}
          nothing="None among the last runs"
        />
        <LastFact
          label="Last deploy"
          run={runs.find((run) => run.procedure === 'deployments.deploy' && run.startedAt && run.endedAt)}
          nothing="None among the last runs"
        />
        <Fact label="Last deployments" note="newest at the right">
          {deployments.length > 0 ? (
            <DeploymentStrip deployments={deployments} />
          ) : (
            <span className="text-s">None</span>
          )}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({
  label,
  note,
  isWide,
  children,
}: {
  label: string;
  note?: string;
  /** A sentence rather than a figure: on a phone it has the whole row. */
  isWide?: boolean;
  children: ReactNode;
}) {
  return (
    <div
      className={cn('min-w-0 px-4 py-2.5 max-lg:border-b max-lg:border-line', isWide && 'max-lg:col-span-2')}
    >
      <dt className="text-s text-muted">
        {label}
        {note ? <span className="max-sm:sr-only">, {note}</span> : null}
      </dt>
      <dd className="mt-0.5 min-w-0">{children}</dd>
    </div>
  );
}

/** How long the last one of its kind took, against what it was allowed, and how it ended. */
function LastFact({ label, run, nothing }: { label: string; run: RunSummary | undefined; nothing: string }) {
  if (!run?.endedAt) {
    return (
      <Fact label={label}>
        <span className="text-s text-muted">{nothing}</span>
      </Fact>
    );
  }
  const ms = budgetSpentMs(run, 0) ?? Date.parse(run.endedAt) - Date.parse(run.createdAt);
  return (
    <Fact label={label}>
      <Link to={paths.run(run.id)} className="no-underline hover:underline">
        <Duration ms={ms} className="font-medium" />{' '}
        <span className="text-muted">of {formatDuration(run.budgetMs)}</span>
      </Link>
      <span className="block truncate text-s text-muted">
        {run.status === 'succeeded' ? 'succeeded' : run.status.replace('_', ' ')}{' '}
        <RelativeTime at={run.endedAt} />
      </span>
    </Fact>
  );
}

const BAR: Record<DeploymentView['status'], { height: number; fill: string }> = {
  live: { height: 20, fill: 'fill-ok' },
  replaced: { height: 20, fill: 'fill-unknown/60' },
  switched: { height: 20, fill: 'fill-warning' },
  in_progress: { height: 12, fill: 'fill-info animate-breathe' },
  failed: { height: 8, fill: 'fill-critical' },
  invalid: { height: 14, fill: 'fill-critical' },
};

/** The last deployments as bars: a tall one took visitors, a short one did not get there. The table below says the same. */
function DeploymentStrip({ deployments }: { deployments: DeploymentView[] }) {
  const shown = [...deployments].reverse();
  const bad = shown.filter(({ status }) => status === 'failed' || status === 'invalid').length;
  const label = `${shown.length} deployments, ${bad} failed`;
  return (
    <div className="flex items-end gap-2.5">
      <svg
        role="img"
        aria-label={label}
        width={shown.length * 10}
        height={20}
        className="shrink-0 overflow-visible"
      >
        {shown.map((deployment, index) => {
          const { height, fill } = BAR[deployment.status];
          return (
            <rect
              key={deployment.id}
              x={index * 10}
              y={20 - height}
              width={6}
              height={height}
              rx={2}
              className={fill}
              data-tip={`${deployment.release.tag}: ${deployment.status.replace('_', ' ')}`}
            />
          );
        })}
      </svg>
      <span className="text-s text-muted">
        {bad === 0 ? `the last ${shown.length}` : `${bad} of ${shown.length} failed`}
      </span>
    </div>
  );
}
