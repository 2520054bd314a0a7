import { CircleCheck, CircleDashed, CirclePause, CircleQuestionMark, CircleX } from 'lucide-react';
import type { StatusMark } from '#app/components/ui/status-mark';
import {
  CHECK_OUTCOME_LABELS,
  CHECK_STATE_LABELS,
  type CheckOutcome,
  type CheckState,
} from '#server/monitoring/checks/words/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const STATE: Record<CheckState, Omit<Look, 'label'>> = {
  failed: { tone: 'critical', icon: CircleX },
  not_run: { tone: 'warning', icon: CircleQuestionMark },
  ok: { tone: 'ok', icon: CircleCheck },
  waiting: { tone: 'unknown', icon: CircleDashed },
  paused: { tone: 'unknown', icon: CirclePause },
};

export const checkLook = (state: CheckState): Look => ({ ...STATE[state], label: CHECK_STATE_LABELS[state] });
export const outcomeLook = (outcome: CheckOutcome): Look => ({
  ...STATE[outcome],
  label: CHECK_OUTCOME_LABELS[outcome],
});
