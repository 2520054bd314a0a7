import { type RefObject, useEffect } from 'react';
import { isPressed } from '#app/components/shortcuts/registry';

const TYPING = 'input, textarea, select, [contenteditable], dialog, [role="dialog"]';

/**
 * Moves the focus between the rows' links of a table: j and ↓ forward, k and ↑ back; Enter follows the link, as links
 * do. The letters work from anywhere on the page but not while typing; arrows only from within the table, where they
 * do not scroll the page.
 */
export function useRowKeys(root: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const forward = isPressed(event, 'row.next');
      const back = isPressed(event, 'row.back');
      if (!forward && !back) return;
      const focused = document.activeElement;
      if (focused?.closest(TYPING)) return;
      const isInside = Boolean(focused && root.current?.contains(focused));
      if (event.key.startsWith('Arrow') && !isInside) return;
      const links = [...(root.current?.querySelectorAll<HTMLElement>('[data-row-link]') ?? [])];
      const row = focused?.closest('tr');
      const at = links.findIndex((link) => link === focused || row?.contains(link));
      const next = links[at < 0 ? (forward ? 0 : links.length - 1) : at + (forward ? 1 : -1)];
      if (!next) return;
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: 'nearest' });
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [root]);
}
