import {
  type ActionItemState,
  DUE_DAYS_DEFAULT,
  type DueGroup,
  NEEDED_SECTIONS,
  type PostmortemState,
  RETURN_NEEDS,
  type SectionKey,
  type Sections,
} from '#server/postmortems/words/contract';

export type Move = 'submit' | 'approve' | 'return' | 'publish';

const DAY_MS = 86_400_000;
/** How long before an item is due its owner is reminded, days. */
const REMIND_DAYS_BEFORE = 3;
const WEEK_DAYS = 7;

const MOVES: Record<Move, { from: readonly PostmortemState[]; to: PostmortemState }> = {
  submit: { from: ['draft'], to: 'in_review' },
  approve: { from: ['in_review'], to: 'approved' },
  publish: { from: ['approved'], to: 'published' },
  return: { from: ['in_review', 'approved', 'published'], to: 'draft' },
};

/** The state that a move leads to; null where there is no such way. */
export function stateAfter(state: PostmortemState, move: Move): PostmortemState | null {
  return MOVES[move].from.includes(state) ? MOVES[move].to : null;
}

/** What can be done in a state, in the order in which it is offered. */
export function movesFrom(state: PostmortemState): Move[] {
  return (Object.keys(MOVES) as Move[]).filter((move) => stateAfter(state, move) !== null);
}

/** What whoever makes a move has to be allowed. */
export function permissionFor(
  move: Move,
  state: PostmortemState,
): 'postmortems.manage' | 'postmortems.approve' {
  if (move === 'return') return RETURN_NEEDS[state];
  return move === 'submit' ? 'postmortems.manage' : 'postmortems.approve';
}

/** What is approved stays as it was approved: it becomes a draft again before somebody writes. */
export function mayWrite(state: PostmortemState): boolean {
  return state === 'draft' || state === 'in_review';
}

/** The sections without which nobody is asked to look, in order. */
export function missingSections(sections: Sections): SectionKey[] {
  return NEEDED_SECTIONS.filter((key) => sections[key].trim() === '');
}

/**
 * Two people stand behind what is approved: those who wrote it, and who approves it. @param authors of all its revisions,
 * null for the console
 */
export function mayApprove(authors: readonly (string | null)[], approver: string | null): boolean {
  const people = new Set(authors.filter((author) => author !== null));
  if (approver !== null) people.add(approver);
  return people.size >= 2;
}

/** The day of a time in UTC, like 2026-12-24. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** A day so many days later. */
export function addDays(day: string, days: number): string {
  return dayOf(new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS));
}

/** When an item is due where nobody says. */
export function dueByDefault(today: string): string {
  return addDays(today, DUE_DAYS_DEFAULT);
}

export function isEnded(state: ActionItemState): boolean {
  return state === 'done' || state === 'cancelled';
}

/** Where an item stands on the board. What is due today is not overdue. */
export function dueGroup(item: { state: ActionItemState; dueOn: string }, today: string): DueGroup {
  if (isEnded(item.state)) return 'ended';
  if (item.dueOn < today) return 'overdue';
  return item.dueOn <= addDays(today, WEEK_DAYS) ? 'week' : 'later';
}

/** The last day that items may be due on to be reminded of today. */
export function remindUntil(today: string): string {
  return addDays(today, REMIND_DAYS_BEFORE);
}

/** Of what the owner is reminded today: once before each due date, and each day after it; null: of nothing. */
export function reminderOf(
  item: { state: ActionItemState; dueOn: string },
  today: string,
): { kind: 'before' | 'overdue'; day: string } | null {
  if (isEnded(item.state) || item.dueOn > remindUntil(today)) return null;
  return item.dueOn < today ? { kind: 'overdue', day: today } : { kind: 'before', day: item.dueOn };
}
