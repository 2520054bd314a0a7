import { CircleCheck, CircleMinus, CircleSlash, CircleX, Hourglass, type LucideIcon } from 'lucide-react';
import type { Tone } from '#app/components/ui/status-mark';
import { TICK_STATUS_LABELS, type TickStatus } from '#server/schedules/contract';

const LOOKS: Record<TickStatus, { tone: Tone; icon: LucideIcon }> = {
  waiting: { tone: 'info', icon: Hourglass },
  started: { tone: 'ok', icon: CircleCheck },
  skipped: { tone: 'unknown', icon: CircleMinus },
  missed: { tone: 'warning', icon: CircleSlash },
  failed: { tone: 'critical', icon: CircleX },
};

/** What became of a due time, as icon and word. */
export function tickLook(status: TickStatus) {
  return { ...LOOKS[status], label: TICK_STATUS_LABELS[status] };
}
