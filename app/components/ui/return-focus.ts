import { type MutableRefObject, useRef } from 'react';

/** What had the focus when a dialog opened. Dialogs that follow one another share one. */
export type Opener = MutableRefObject<HTMLElement | null>;

/**
 * Handlers of a dialog that nothing declared opens, by a key for example: without them the focus would be lost when it
 * closes.
 */
export function useReturnFocus(shared?: Opener): {
  onOpenAutoFocus: () => void;
  onCloseAutoFocus: (event: Event) => void;
} {
  const own = useRef<HTMLElement | null>(null);
  const opener = shared ?? own;
  return {
    onOpenAutoFocus: () => {
      const focused = document.activeElement;
      // A dialog that gave way to this one is gone when this one closes; a removed one leaves the focus on the body.
      if (!(focused instanceof HTMLElement) || focused.closest('[role="dialog"]')) return;
      if (shared?.current?.isConnected && focused === document.body) return;
      opener.current = focused;
    },
    onCloseAutoFocus: (event) => {
      event.preventDefault();
      // Another dialog may have taken over meanwhile.
      if (document.querySelector('[role="dialog"][data-state="open"]')) return;
      opener.current?.focus();
      opener.current = null;
    },
  };
}
