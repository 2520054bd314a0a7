import { describe, expect, it } from 'vitest';
import {
  followStroke,
  isPressed,
  JUMP_MS,
  SHORTCUTS,
  type Shortcut,
  type Stroke,
  shortcutsOf,
} from '#app/components/shortcuts/registry';
import { isAnswered } from '#app/lib/route-table-suite';

const shortcuts: readonly Shortcut[] = SHORTCUTS;

function stroke(key: string, held: Partial<Stroke> = {}): Stroke {
  return { key, metaKey: false, ctrlKey: false, altKey: false, shiftKey: false, ...held };
}

function press(keys: [key: string, at: number][]): (string | null)[] {
  let waitingSince: number | null = null;
  return keys.map(([key, at]) => {
    const followed = followStroke(waitingSince, stroke(key, { shiftKey: key === '?' }), at);
    waitingSince = followed.waitingSince;
    return followed.shortcut?.id ?? null;
  });
}

describe('the table of shortcuts', () => {
  it('has no two that one stroke could mean at one place', () => {
    expect(new Set(shortcuts.map(({ id }) => id)).size).toBe(shortcuts.length);
    const strokes = shortcuts.flatMap(({ group, keys, mod, after }) =>
      keys.map((key) => [group === 'lists' || group === 'forms' ? group : '', after, mod, key].join(' ')),
    );
    expect(strokes.filter((one, index) => strokes.indexOf(one) !== index)).toEqual([]);
    // A letter that begins a jump is nobody's own.
    expect(shortcuts.filter(({ keys, after, mod }) => !after && !mod && keys.includes('g'))).toEqual([]);
  });

  it('leads only to pages that there are', () => {
    const hrefs = shortcuts.flatMap(({ href }) => href ?? []);
    expect(hrefs.length).toBeGreaterThan(6);
    expect(hrefs.filter((href) => !isAnswered(href))).toEqual([]);
  });

  it('shows nobody a jump to a page that they may not open', () => {
    const ids = (role: string) => shortcutsOf({ type: 'user', role }).map(({ id }) => id);
    expect(ids('viewer')).not.toContain('go.l');
    expect(ids('manager')).toContain('go.l');
  });
});

describe('followStroke', () => {
  it('jumps with g and a letter, within a second and a half', () => {
    expect(
      press([
        ['g', 0],
        ['d', 400],
      ]),
    ).toEqual([null, 'go.d']);
    expect(
      press([
        ['g', 0],
        ['d', JUMP_MS],
      ]),
    ).toEqual([null, 'go.d']);
    expect(
      press([
        ['g', 0],
        ['d', JUMP_MS + 1],
      ]),
    ).toEqual([null, null]);
  });

  it('ends the waiting at a letter that leads nowhere, and does not take it for another shortcut', () => {
    expect(
      press([
        ['g', 0],
        ['x', 100],
        ['d', 200],
      ]),
    ).toEqual([null, null, null]);
    expect(
      press([
        ['g', 0],
        ['?', 100],
        ['?', 200],
      ]),
    ).toEqual([null, null, 'help']);
  });

  it('begins again at a g that comes too late', () => {
    expect(
      press([
        ['g', 0],
        ['g', 2_000],
        ['r', 2_100],
      ]),
    ).toEqual([null, null, 'go.r']);
  });

  it('takes letters without what is held down with them', () => {
    expect(followStroke(0, stroke('d', { ctrlKey: true }), 10).shortcut).toBeNull();
    expect(followStroke(null, stroke('g', { altKey: true }), 0).waitingSince).toBeNull();
    expect(followStroke(null, stroke('k', { metaKey: true }), 0).shortcut?.id).toBe('palette');
    expect(followStroke(null, stroke('K', { ctrlKey: true }), 0).shortcut?.id).toBe('palette');
    expect(followStroke(null, stroke('k'), 0).shortcut).toBeNull();
  });
});

describe('isPressed', () => {
  it('knows the key from the same one with ⌘ or Ctrl', () => {
    expect(isPressed(stroke('Enter'), 'form.confirm')).toBe(true);
    expect(isPressed(stroke('Enter', { ctrlKey: true }), 'form.confirm')).toBe(false);
    expect(isPressed(stroke('Enter', { metaKey: true }), 'form.send')).toBe(true);
    expect(isPressed(stroke('ArrowDown'), 'row.next')).toBe(true);
  });
});
