import { CircleCheck, CircleDashed, CircleDot, CircleX, type LucideIcon, TimerOff } from 'lucide-react';
import type { Tone } from '#app/components/ui/status-mark';
import { DRILL_STATUS_LABELS, type DrillPlace, type DrillView } from '#server/deployments/drills/contract';

interface Look {
  tone: Tone;
  icon: LucideIcon;
  label: string;
  moving?: boolean;
}

/** How a drill went or stands; a rollback that came too late is told apart from one that did not come. */
export function drillLook(drill: DrillView): Look {
  if (drill.status === 'succeeded') {
    return { tone: 'ok', icon: CircleCheck, label: DRILL_STATUS_LABELS.succeeded };
  }
  if (drill.status !== 'failed') {
    return { tone: 'info', icon: CircleDot, moving: true, label: DRILL_STATUS_LABELS[drill.status] };
  }
  return isOverBudget(drill)
    ? { tone: 'critical', icon: TimerOff, label: 'Over budget' }
    : { tone: 'critical', icon: CircleX, label: DRILL_STATUS_LABELS.failed };
}

/** Does the rollback of a practice environment hold its budget, by its last drill? */
export function placeLook({ open, last }: DrillPlace): Look {
  if (open) return { tone: 'info', icon: CircleDot, moving: true, label: 'A drill is going on' };
  if (!last) return { tone: 'unknown', icon: CircleDashed, label: 'Never rehearsed' };
  return { ...drillLook(last), ...(last.status === 'succeeded' ? { label: 'Holds its budget' } : {}) };
}

export function isOverBudget({ rollbackMs, budgetMs }: DrillView): boolean {
  return rollbackMs !== null && rollbackMs > budgetMs;
}
