import { Link } from '@remix-run/react';
import { StatusMark, stepLook } from '#app/components/ui/status-mark';
import { Duration, Elapsed } from '#app/components/ui/time';
import { cn } from '#app/lib/cn';
import { formatUtc, formatUtcSeconds } from '#app/lib/format';
import type { RunStepView } from '#server/runs/contract';

/** The steps on their stem: when they began at the left, how they stand on the line, what they did at the right. */
export function StepList({ steps, selected }: { steps: RunStepView[]; selected: number | null }) {
  return (
    <ol className="py-1.5">
      {steps.map((step) => (
        <StepItem key={step.index} step={step} isSelected={selected === step.index} />
      ))}
    </ol>
  );
}

function StepItem({ step, isSelected }: { step: RunStepView; isSelected: boolean }) {
  const facts = Object.entries(step.facts);
  // What a step is at fits beside its title: a line of its own would move the steps below whenever one begins or ends.
  // One fact fits there too; more of them get a line of their own. No title wraps either: one that does not fit is cut,
  // what is beside it first.
  const beside =
    step.status === 'running' && step.detail ? step.detail : facts.length === 1 ? facts[0]?.join(' ') : null;
  const isQuiet = step.status === 'pending' || step.status === 'skipped' || step.status === 'cancelled';
  return (
    <li className="stem-item grid grid-cols-[3.75rem_1.75rem_minmax(0,1fr)] pr-3 pl-1">
      <span
        className="pt-2.5 text-right text-s text-muted"
        data-tip={step.startedAt ? formatUtc(step.startedAt) : undefined}
      >
        {step.startedAt ? <time dateTime={step.startedAt}>{formatUtcSeconds(step.startedAt)}</time> : ''}
      </span>
      <span className="stem justify-self-center">
        <span className="relative mt-1.5 block bg-surface py-0.5">
          <StatusMark look={stepLook(step.status)} iconOnly />
        </span>
      </span>
      <div className="min-w-0">
        <Link
          to={isSelected ? '?' : `?step=${step.index}`}
          preventScrollReset
          replace
          aria-current={isSelected ? 'true' : undefined}
          data-tip={isSelected ? 'Show the whole log' : step.detail || undefined}
          className={cn(
            'hit -ml-1 flex min-h-9 items-center gap-2 rounded-m px-1.5 no-underline hover:bg-hover',
            isSelected && 'bg-herb-soft',
          )}
        >
          <span className={cn('min-w-0 truncate', !beside && 'flex-1', isQuiet && 'text-muted')}>
            {step.title}
            {step.attempt > 1 ? <span className="text-s text-muted"> · attempt {step.attempt}</span> : null}
          </span>
          {beside ? (
            <span className="min-w-0 flex-1 shrink-[999] truncate text-s text-muted" data-tip={beside}>
              {beside}
            </span>
          ) : null}
          <span className="text-s whitespace-nowrap text-muted">
            {step.status === 'running' && step.startedAt ? (
              <Elapsed from={step.startedAt} to={null} />
            ) : step.durationMs === null ? null : (
              <Duration ms={step.durationMs} />
            )}
          </span>
        </Link>
        {step.error ? (
          <p className="mb-1.5 rounded-m bg-critical-soft px-2 py-1.5 break-words">
            {step.error}
            {step.exitCode !== null && step.exitCode !== 0 ? (
              <span className="text-s text-muted"> Exit code {step.exitCode}.</span>
            ) : null}
          </p>
        ) : null}
        {facts.length > 1 ? (
          <dl className="flex flex-wrap gap-x-4 pr-1 pb-1.5 pl-0.5 text-s">
            {facts.map(([label, value]) => (
              <div key={label} className="flex gap-1.5">
                <dt className="text-muted">{label}</dt>
                <dd className="min-w-0 break-all">{value}</dd>
              </div>
            ))}
          </dl>
        ) : null}
      </div>
    </li>
  );
}
