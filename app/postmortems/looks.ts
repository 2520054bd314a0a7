import { CircleCheck, CircleDashed, CircleDot, CircleSlash, Hourglass, TriangleAlert } from 'lucide-react';
import type { StatusMark } from '#app/components/ui/status-mark';
import {
  ACTION_ITEM_STATE_LABELS,
  type ActionItemState,
  type DueGroup,
  POSTMORTEM_STATE_LABELS,
  type PostmortemState,
} from '#server/postmortems/words/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const STATES: Record<PostmortemState, Omit<Look, 'label'>> = {
  draft: { tone: 'unknown', icon: CircleDashed },
  in_review: { tone: 'warning', icon: Hourglass },
  approved: { tone: 'info', icon: CircleCheck },
  published: { tone: 'ok', icon: CircleCheck },
};

const ITEMS: Record<ActionItemState, Omit<Look, 'label'>> = {
  open: { tone: 'unknown', icon: CircleDashed },
  in_progress: { tone: 'info', icon: CircleDot },
  done: { tone: 'ok', icon: CircleCheck },
  cancelled: { tone: 'unknown', icon: CircleSlash },
};

/** How far a post-mortem is; null: nobody has begun it. */
export function postmortemLook(state: PostmortemState | null): Look {
  if (state === null) return { tone: 'critical', icon: TriangleAlert, label: 'Not begun' };
  return { ...STATES[state], label: POSTMORTEM_STATE_LABELS[state] };
}

/** How an action item stands. What is overdue says so before anything else. */
export function itemLook({ state, group }: { state: ActionItemState; group: DueGroup }): Look {
  const label = ACTION_ITEM_STATE_LABELS[state];
  if (group !== 'overdue') return { ...ITEMS[state], label };
  return { tone: 'critical', icon: TriangleAlert, label: `Overdue, ${label.toLowerCase()}` };
}
