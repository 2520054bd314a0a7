import { Link, useLocation } from '@remix-run/react';
import { BellRing, ChevronsUpDown, Radio, Undo2 } from 'lucide-react';
import { BrandMark } from '#app/components/layout/brand';
import { useCurrentEnvironment } from '#app/components/layout/current-place';
import { environmentSign } from '#app/components/layout/environment-sign';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { UserMenu } from '#app/components/layout/user-menu';
import { useLiveState } from '#app/components/live/live-provider';
import { LinkButton } from '#app/components/ui/button';
import { MENU_ITEM, Menu } from '#app/components/ui/menu';
import { Badge, runLook, StatusMark } from '#app/components/ui/status-mark';
import { useHydrated } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import { formatClock } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { PaletteButton } from '#app/palette/palette';
import { BudgetSpent } from '#app/runs/budget-clock';
import { useRunSummary } from '#app/runs/use-run';
import { can, type Viewer, whyNot } from '#server/auth/contract';
import type { EnvironmentState } from '#server/deployments/contract';
import type { RunSummary } from '#server/runs/contract';

/** Where you are, how it is there, what runs, and the way back: the same on every page. */
export function TopBar({ viewer }: { viewer: Viewer }) {
  const environments = useRootData()?.environments ?? [];
  const current = useCurrentEnvironment();
  const subject = useSubject();
  const { pathname } = useLocation();
  const sign = current ? environmentSign(current) : null;
  const running = current
    ? current.activeRun
    : (environments.find((state) => state.activeRun)?.activeRun ?? null);
  // The run's own page says more than its chip.
  const chip = running && pathname !== paths.run(running.id) ? running : null;
  const rollbackTo = current ? paths.rollback(current) : paths.rollbackAnywhere();
  return (
    <header className="no-print sticky top-0 z-30 border-b border-line bg-canvas">
      <div className="flex h-14 items-center gap-2 px-3 md:h-12 md:gap-3 md:px-5">
        <Link to={paths.overview()} aria-label="Overview" className="md:hidden">
          <BrandMark size={26} />
        </Link>
        <div className="min-w-0">
          <PlaceSwitch environments={environments} current={current} />
        </div>
        {sign && current ? (
          <Link to={paths.overview()} className="min-w-0 no-underline" data-tip={sign.detail}>
            <Badge tone={sign.tone} icon={sign.icon} moving={sign.moving} className="max-sm:px-1.5">
              <span className="max-sm:sr-only">{sign.word}</span>
              <span className="sr-only">. {sign.detail}</span>
            </Badge>
          </Link>
        ) : null}
        <FiringPill />
        {chip && chip.status !== 'needs_attention' ? <RunChip run={chip} className="hidden lg:flex" /> : null}
        <div className="ml-auto flex items-center gap-1.5 md:gap-2">
          <LiveMark />
          <PaletteButton />
          <LinkButton
            to={rollbackTo}
            aria-current={pathname === rollbackTo ? 'page' : undefined}
            blockedBy={can(subject, 'deployments.rollback') ? null : whyNot('deployments.rollback')}
          >
            <Undo2 aria-hidden="true" size={15} className="max-sm:hidden" />
            Roll back
          </LinkButton>
          <UserMenu viewer={viewer} />
        </div>
      </div>
      {chip ? <RunChip run={chip} className="border-t border-line px-3 lg:hidden" wide /> : null}
    </header>
  );
}

/** How many alerts fire, where any does: red is for those that are critical. */
function FiringPill() {
  const alerts = useRootData()?.alerts;
  if (!alerts?.firing) return null;
  return (
    <Link to={paths.alerts({ state: 'firing' })} className="no-underline" data-tip="See what fires">
      <Badge tone={alerts.critical > 0 ? 'critical' : 'warning'} icon={BellRing} className="max-sm:px-1.5">
        {alerts.firing}
        <span className="max-md:sr-only"> firing</span>
      </Badge>
    </Link>
  );
}

function PlaceSwitch({
  environments,
  current,
}: {
  environments: EnvironmentState[];
  current: EnvironmentState | null;
}) {
  const name = current ? (
    <span className="truncate">
      <span className="text-muted max-sm:hidden">{current.service} / </span>
      <span className="font-medium">{current.environment}</span>
    </span>
  ) : (
    <span className="text-muted">
      All<span className="max-sm:sr-only"> environments</span>
    </span>
  );
  if (environments.length < 2) return <p className="min-w-0 truncate">{name}</p>;
  return (
    <Menu
      label="Choose an environment"
      trigger={
        <>
          {name}
          <ChevronsUpDown aria-hidden="true" size={13} className="text-faint" />
        </>
      }
    >
      <ul>
        {environments.map((state) => {
          const sign = environmentSign(state);
          return (
            <li key={`${state.service}/${state.environment}`}>
              <Link
                to={paths.deployments({ service: state.service, environment: state.environment })}
                aria-current={state === current ? 'true' : undefined}
                className={MENU_ITEM}
              >
                <span className="mr-auto">
                  <span className="text-muted">{state.service} / </span>
                  {state.environment}
                </span>
                <Badge tone={sign.tone} icon={sign.icon}>
                  {sign.word}
                </Badge>
              </Link>
            </li>
          );
        })}
      </ul>
    </Menu>
  );
}

/** The run that is going on, with its clock against its budget. */
function RunChip({ run: loaded, className, wide }: { run: RunSummary; className?: string; wide?: boolean }) {
  const run = useRunSummary(loaded);
  return (
    <Link
      to={paths.run(run.id)}
      prefetch="intent"
      className={cn(
        'flex min-w-0 items-center gap-2 no-underline',
        wide ? 'min-h-11' : 'h-8 rounded-m bg-sunken px-2.5 hover:bg-hover',
        className,
      )}
    >
      <StatusMark look={runLook(run.status)} iconOnly />
      <span className="min-w-0 truncate">
        <span className="font-medium">
          #{run.number} {run.title}
        </span>
        {run.currentStep ? <span className="text-muted max-sm:hidden"> · {run.currentStep}</span> : null}
      </span>
      <span className="ml-auto whitespace-nowrap text-muted">
        <BudgetSpent run={run} className="font-medium text-ink" />
        {' / '}
        {formatClock(run.budgetMs)}
      </span>
    </Link>
  );
}

/** Whether the page follows by itself. Without JavaScript it says nothing, because nothing is promised. */
function LiveMark() {
  const state = useLiveState();
  const isHydrated = useHydrated();
  if (!isHydrated) return null;
  const isAway = state === 'reconnecting';
  return (
    <p
      role="status"
      className={cn(
        'flex items-center gap-1 text-s max-sm:sr-only',
        isAway ? 'text-warning max-sm:not-sr-only' : 'text-muted',
      )}
    >
      <Radio aria-hidden="true" size={13} className={isAway ? 'animate-breathe' : 'text-ok'} />
      {state === 'live' ? 'Live' : isAway ? 'Reconnecting' : 'Connecting'}
    </p>
  );
}
