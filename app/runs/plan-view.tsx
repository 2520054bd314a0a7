import { ArrowRight } from 'lucide-react';
import { shortSha } from '#app/lib/format';
import type { Plan, ReleaseRef } from '#server/runs/contract';

/** From → to of a plan or a run. */
export function FromTo({ from, to }: { from: ReleaseRef | null; to: ReleaseRef | null }) {
  if (!from && !to) return null;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1.5">
      {from ? <Tag release={from} /> : to ? <span className="text-muted">nothing</span> : null}
      {to ? (
        <>
          <ArrowRight aria-hidden="true" size={14} className="text-faint" />
          <span className="sr-only">to</span>
          <Tag release={to} strong />
        </>
      ) : null}
    </span>
  );
}

function Tag({ release, strong }: { release: ReleaseRef; strong?: boolean }) {
  return (
    <span
      className={strong ? 'font-mono font-semibold' : 'font-mono text-muted'}
      data-tip={`${release.title}\n${shortSha(release.commitSha)}`}
    >
      {release.tag}
    </span>
  );
}

/** The steps that a plan will take, numbered, each with what it does. */
export function PlanSteps({ plan }: { plan: Plan }) {
  return (
    <ol className="grid">
      {plan.steps.map((step, index) => (
        <li key={step.key} className="grid grid-cols-[1.75rem_minmax(0,1fr)] py-1">
          <span className="text-s leading-5 text-faint">{index + 1}</span>
          <span className="min-w-0 sm:flex sm:gap-3">
            <span className="block sm:w-44 sm:shrink-0">{step.title}</span>
            <span className="block min-w-0 text-s leading-5 break-words text-muted">{step.detail}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
