import { startTransition, useEffect, useState } from 'react';

const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart', 'focusin'] as const;
/** A screen on the wall is looked at by people who never touch it. */
const ALONE_MS = 30_000;

let isSomebodyThere = false;
const waiting = new Set<() => void>();

function notice() {
  isSomebodyThere = true;
  for (const sign of SIGNS) removeEventListener(sign, notice);
  for (const tell of waiting) tell();
  waiting.clear();
}

// From the beginning: who moved before a chart came is there as well.
if (typeof window !== 'undefined')
  for (const sign of SIGNS) addEventListener(sign, notice, { passive: true });

/**
 * True from the first sign of a person at this page, or once it was open for a while. What only a hand needs waits for
 * it, so that opening a page costs nothing of it; the render that follows yields to what the person does.
 */
export function usePresence(): boolean {
  const [isThere, setThere] = useState(false);
  useEffect(() => {
    const tell = () => startTransition(() => setThere(true));
    if (isSomebodyThere) return tell();
    waiting.add(tell);
    const timer = setTimeout(notice, ALONE_MS);
    return () => {
      waiting.delete(tell);
      clearTimeout(timer);
    };
  }, []);
  return isThere;
}
