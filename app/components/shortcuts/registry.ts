import { paths } from '#app/lib/paths';
import { can, type Permission, type Subject } from '#server/auth/contract';

export const SHORTCUT_GROUPS = {
  anywhere: 'Anywhere',
  go: 'Go to',
  lists: 'In a list',
  forms: 'On a form',
} as const;
type ShortcutGroup = keyof typeof SHORTCUT_GROUPS;

/** What a key does. The help shows this table and every handler asks it, so that they cannot differ. */
export interface Shortcut {
  id: string;
  group: ShortcutGroup;
  label: string;
  /** As `KeyboardEvent.key` says them; any one of them does it. */
  keys: readonly string[];
  /** Held down with it: ⌘, or Ctrl. */
  mod?: true;
  /** Pressed before it. */
  after?: 'g';
  /** Where it leads, and what a person needs to see that. */
  href?: string;
  permission?: Permission;
}

const go = (key: string, label: string, href: string, permission: Permission) =>
  ({ id: `go.${key}`, group: 'go', label, keys: [key], after: 'g', href, permission }) as const;

export const SHORTCUTS = [
  { id: 'palette', group: 'anywhere', label: 'Find a page or an action', keys: ['k'], mod: true },
  { id: 'help', group: 'anywhere', label: 'Show these keys', keys: ['?'] },
  { id: 'search', group: 'anywhere', label: 'Search this page', keys: ['/'] },

  go('o', 'Overview', paths.overview(), 'overview.read'),
  go('i', 'Incidents', paths.incidents(), 'incidents.read'),
  go('d', 'Deployments', paths.deployments(), 'deployments.read'),
  go('n', 'Deploy a release', paths.newDeploymentAnywhere(), 'deployments.read'),
  go('b', 'Roll back', paths.rollbackAnywhere(), 'deployments.read'),
  go('r', 'Runs', paths.runs(), 'runs.read'),
  go('a', 'Approvals', paths.approvals(), 'runs.read'),
  go('f', 'Freezes', paths.freezes(), 'deployments.read'),
  go('p', 'Practice drills', paths.drills(), 'deployments.read'),
  go('c', 'Schedules', paths.schedules(), 'schedules.read'),
  go('l', 'Audit log', paths.audit(), 'audit.read'),
  go('s', 'Settings', paths.settings(), 'account.manage'),

  { id: 'row.next', group: 'lists', label: 'Next row', keys: ['j', 'ArrowDown'] },
  { id: 'row.back', group: 'lists', label: 'Row before', keys: ['k', 'ArrowUp'] },
  { id: 'row.open', group: 'lists', label: 'Open the row', keys: ['Enter'] },

  { id: 'form.confirm', group: 'forms', label: 'Confirm', keys: ['Enter'] },
  { id: 'form.leave', group: 'forms', label: 'Leave, or close what is open', keys: ['Escape'] },
  { id: 'form.send', group: 'forms', label: 'Send from a text of several lines', keys: ['Enter'], mod: true },
] as const satisfies readonly Shortcut[];

export type ShortcutId = (typeof SHORTCUTS)[number]['id'];

/** How long a `g` waits for the letter after it, ms. */
export const JUMP_MS = 1_500;

export interface Stroke {
  key: string;
  metaKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** True when the stroke is that of the shortcut, what comes before it apart. */
export function isStroke(stroke: Stroke, shortcut: Shortcut): boolean {
  if (stroke.altKey || (stroke.metaKey || stroke.ctrlKey) !== Boolean(shortcut.mod)) return false;
  // Caps Lock alone makes no other key.
  const key = stroke.shiftKey || stroke.key.length > 1 ? stroke.key : stroke.key.toLowerCase();
  return shortcut.keys.includes(key);
}

/** True when the event is the shortcut `id` and its person has not turned such keys off. */
export function isPressed(event: Stroke, id: ShortcutId): boolean {
  const shortcut = SHORTCUTS.find((known) => known.id === id);
  if (!shortcut || !isStroke(event, shortcut)) return false;
  return 'mod' in shortcut || event.key.length > 1 || singleKeysAreOn();
}

/**
 * What a stroke outside fields does, when a `g` came at `waitingSince` (ms, null when none did): the shortcut, and
 * since when a `g` waits now. A letter that leads nowhere ends the waiting and does nothing.
 */
export function followStroke(
  waitingSince: number | null,
  stroke: Stroke,
  now: number,
): { waitingSince: number | null; shortcut: Shortcut | null } {
  const isWaiting = waitingSince !== null && now - waitingSince <= JUMP_MS;
  const shortcuts: readonly Shortcut[] = SHORTCUTS;
  if (isWaiting) {
    const jump = shortcuts.find((known) => known.after && isStroke(stroke, known));
    return { waitingSince: null, shortcut: jump ?? null };
  }
  if (isStroke(stroke, { id: 'go', group: 'go', label: '', keys: ['g'] })) {
    return { waitingSince: now, shortcut: null };
  }
  const own = shortcuts.find((known) => known.group === 'anywhere' && isStroke(stroke, known));
  return { waitingSince: null, shortcut: own ?? null };
}

/** The shortcuts that the subject can use. */
export function shortcutsOf(subject: Subject): readonly Shortcut[] {
  const shortcuts: readonly Shortcut[] = SHORTCUTS;
  return shortcuts.filter(({ permission }) => !permission || can(subject, permission));
}

const SINGLE_KEYS = 'ops.single-keys';

/** Whether keys without ⌘ or Ctrl do something; people who speak to their computer turn them off. Browser only. */
export function singleKeysAreOn(): boolean {
  try {
    return localStorage.getItem(SINGLE_KEYS) !== 'off';
  } catch {
    return true;
  }
}

/** Keeps the choice in this browser; where that keeps nothing, it holds for nobody. */
export function setSingleKeys(on: boolean): void {
  try {
    if (on) localStorage.removeItem(SINGLE_KEYS);
    else localStorage.setItem(SINGLE_KEYS, 'off');
  } catch {
    // A browser that refuses to keep anything keeps its keys.
  }
}

/** True where ⌘ is on the keyboard. Browser only. */
export function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

const NAMES: Record<string, string> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  Enter: '↵',
  Escape: 'Esc',
};

/** What is printed on a key. */
export function keyName(key: string): string {
  return NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
