import { useLocation } from '@remix-run/react';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { usePageLayoutEffect } from '#app/lib/use-page-layout-effect';
import type { IncidentEntryView, IncidentTimeline } from '#server/incidents/contract';

interface Steady {
  rows: readonly IncidentEntryView[];
  pinned: readonly IncidentEntryView[];
  /** How many have come that are not among the rows. */
  held: number;
  /** Takes them in. */
  show: () => void;
}

/**
 * The entries of a timeline, and those pinned above it, while others write it: what has come since the page was opened is taken in while the beginning
 * of the list is on the screen, and held back while somebody reads further down, so that nothing moves under their eyes.
 * Going anywhere, and writing, takes everything in.
 */
export function useSteadyRows(
  loaded: IncidentTimeline,
  pinned: readonly IncidentEntryView[],
  list: RefObject<HTMLElement | null>,
): Steady {
  const { key } = useLocation();
  const [shown, setShown] = useState({ key, timeline: loaded, pinned });
  const current = shown.key === key ? shown : { timeline: loaded, pinned };
  useEffect(() => {
    const top = list.current?.getBoundingClientRect().top ?? 0;
    setShown((before) => (before.key === key && top < 0 ? before : { key, timeline: loaded, pinned }));
  }, [key, loaded, pinned, list]);
  useStill(list, key);
  const fresh = new Map(loaded.rows.map((row) => [row.id, row]));
  return {
    rows: current.timeline.rows.map((row) => fresh.get(row.id) ?? row),
    pinned: current.pinned,
    held: Math.max(0, loaded.total - current.timeline.total),
    show: () => setShown({ key, timeline: loaded, pinned }),
  };
}

/** After so long without a hand on the page it is a screen on a wall, on which the newest stays at the same place, ms. */
const AWAY_MS = 60_000;
const SIGNS = ['pointermove', 'pointerdown', 'wheel', 'keydown'] as const;

/**
 * Scrolls by what came in above the rows, so that these stay where they are read. Somebody who is writing has their eyes on
 * their own text, which stays.
 */
function useStill(list: RefObject<HTMLElement | null>, key: string): void {
  const anchor = useRef<{ key: string; row: Element; offset: number; isAtBeginning: boolean }>();
  const lastSign = useRef(0);
  useEffect(() => {
    const note = () => {
      lastSign.current = performance.now();
    };
    note();
    for (const sign of SIGNS) addEventListener(sign, note, { passive: true });
    return () => {
      for (const sign of SIGNS) removeEventListener(sign, note);
    };
  }, []);
  usePageLayoutEffect(() => {
    const { current: element } = list;
    const within = element?.parentElement;
    if (!element || !within) return;
    const offsetOf = (row: Element) => row.getBoundingClientRect().top - within.getBoundingClientRect().top;
    const was = anchor.current;
    if (was?.key === key && was.isAtBeginning && was.row.isConnected) {
      const isWriting = document.activeElement?.matches('textarea, input, select');
      const isAway = performance.now() - lastSign.current > AWAY_MS;
      if (!isWriting && !isAway) scrollBy(0, offsetOf(was.row) - was.offset);
    }
    const row = element.firstElementChild;
    const isAtBeginning = element.getBoundingClientRect().top >= 0;
    anchor.current = row ? { key, row, offset: offsetOf(row), isAtBeginning } : undefined;
  });
}
