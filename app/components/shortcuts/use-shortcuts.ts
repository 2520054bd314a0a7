import { useNavigate } from '@remix-run/react';
import { useEffect } from 'react';
import { followStroke, singleKeysAreOn } from '#app/components/shortcuts/registry';
import { can, type Role } from '#server/auth/contract';

const TYPING = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])';
const OPEN_DIALOG = '[role="dialog"], [role="alertdialog"]';

/**
 * Handles the keys that work anywhere: the palette, the help, the page's search, and the jumps. Single keys do nothing
 * while somebody types or a dialog is open; ⌘K does, but in front of a dialog that asks something it stays away.
 */
export function useShortcuts(
  role: Role,
  { onPalette, onHelp }: { onPalette: () => void; onHelp: () => void },
): void {
  const navigate = useNavigate();
  useEffect(() => {
    let waitingSince: number | null = null;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.isComposing) return;
      // The Shift of `?` is no stroke of its own, and ends no waiting.
      if (['Shift', 'Control', 'Meta', 'Alt'].includes(event.key)) return;
      const hasMod = event.metaKey || event.ctrlKey;
      const isTyping = event.target instanceof Element && event.target.closest(TYPING) !== null;
      if (!hasMod && (isTyping || !singleKeysAreOn())) return;
      if (document.querySelector(OPEN_DIALOG)) return;
      const followed = followStroke(waitingSince, event, performance.now());
      waitingSince = followed.waitingSince;
      const { shortcut } = followed;
      if (!shortcut) return;
      if (shortcut.permission && !can({ type: 'user', role }, shortcut.permission)) return;
      if (shortcut.id === 'search') {
        const field = searchField();
        if (!field) return;
        event.preventDefault();
        field.focus();
        field.select();
        return;
      }
      event.preventDefault();
      if (shortcut.id === 'palette') onPalette();
      else if (shortcut.id === 'help') onHelp();
      else if (shortcut.href) navigate(shortcut.href);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate, role, onPalette, onHelp]);
}

/** The first search field of the page that can be seen. */
function searchField(): HTMLInputElement | null {
  const fields = document.querySelectorAll<HTMLInputElement>('main input[type="search"]');
  return [...fields].find((field) => field.getClientRects().length > 0) ?? null;
}
