import {
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleMinus,
  CircleQuestionMark,
  CircleX,
  Hourglass,
  RotateCcw,
} from 'lucide-react';
import type { StatusMark } from '#app/components/ui/status-mark';
import {
  ATTEMPT_OUTCOME_LABELS,
  type AttemptOutcome,
  DELIVERY_STATE_LABELS,
  type DeliveryState,
} from '#server/notifications/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const DELIVERY: Record<DeliveryState, Omit<Look, 'label'>> = {
  pending: { tone: 'info', icon: CircleDashed },
  sending: { tone: 'info', icon: CircleDot, moving: true },
  sent: { tone: 'ok', icon: CircleCheck },
  failed: { tone: 'critical', icon: CircleX },
  skipped: { tone: 'unknown', icon: CircleMinus },
};

const ATTEMPT: Record<AttemptOutcome, Omit<Look, 'label'>> = {
  sent: { tone: 'ok', icon: CircleCheck },
  again: { tone: 'warning', icon: RotateCcw },
  wait: { tone: 'warning', icon: Hourglass },
  refused: { tone: 'critical', icon: CircleX },
  skipped: { tone: 'unknown', icon: CircleMinus },
  unknown: { tone: 'warning', icon: CircleQuestionMark },
};

/** A delivery that waits for a reason is late, and looks so. */
export function deliveryLook({ state, reason }: { state: DeliveryState; reason: string | null }): Look {
  if (state === 'pending' && reason) return { tone: 'warning', icon: Hourglass, label: 'Delayed' };
  return { ...DELIVERY[state], label: DELIVERY_STATE_LABELS[state] };
}

export const attemptLook = (outcome: AttemptOutcome): Look => ({
  ...ATTEMPT[outcome],
  label: ATTEMPT_OUTCOME_LABELS[outcome],
});
