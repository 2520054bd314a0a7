import { drillLook, isOverBudget } from '#app/deployments/drill-look';
import { cn } from '#app/lib/cn';
import { formatDuration, formatUtc } from '#app/lib/format';
import type { DrillView } from '#server/deployments/drills/contract';

const HEIGHT = 28;
const STEP = 12;
const BAR = 7;
/** A drill whose rollback has no time still has its place. */
const NO_TIME = 4;

/** The newest drills as bars, oldest at the left, as high as their rollbacks took. The history below says the same. */
export function DrillBars({ drills }: { drills: readonly DrillView[] }) {
  const shown = [...drills].reverse();
  const longest = Math.max(1, ...shown.map(({ rollbackMs }) => rollbackMs ?? 0));
  const account = shown.map(
    (drill) =>
      `${drill.rollbackMs === null ? 'no time' : formatDuration(drill.rollbackMs)}, ${drillLook(drill).label}`,
  );
  return (
    <svg
      role="img"
      aria-label={`The last ${shown.length} drills, oldest first: ${account.join('; ')}`}
      width={shown.length * STEP - (STEP - BAR)}
      height={HEIGHT}
      className="shrink-0 overflow-visible"
    >
      {shown.map((drill, index) => {
        const height =
          drill.rollbackMs === null ? NO_TIME : Math.max(NO_TIME, (drill.rollbackMs / longest) * HEIGHT);
        return (
          <rect
            key={drill.id}
            x={index * STEP}
            y={HEIGHT - height}
            width={BAR}
            height={height}
            rx={2}
            className={drill.status === 'succeeded' ? 'fill-ok' : 'fill-critical'}
            data-tip={`${drillLook(drill).label}${drill.rollbackMs === null ? '' : `, ${formatDuration(drill.rollbackMs)}`}\n${formatUtc(drill.startedAt)}`}
          />
        );
      })}
    </svg>
  );
}

/** The seconds of a rollback against its budget, as a meter. */
export function BudgetMeter({ drill, className }: { drill: DrillView; className?: string }) {
  if (drill.rollbackMs === null) return null;
  const used = Math.min(100, (drill.rollbackMs / drill.budgetMs) * 100);
  return (
    <svg aria-hidden="true" className={cn('block h-1.5', className)}>
      <rect width="100%" height="100%" rx={3} className="fill-line" />
      <rect
        width={`${Math.max(1, used)}%`}
        height="100%"
        rx={3}
        className={isOverBudget(drill) ? 'fill-critical' : 'fill-ok'}
      />
    </svg>
  );
}
