import { useLocation } from '@remix-run/react';
import { type RefObject, useEffect, useState } from 'react';
import type { IncidentEntryView, IncidentTimeline } from '#server/incidents/contract';

interface Steady {
  rows: readonly IncidentEntryView[];
  /** How many have come that are not among the rows. */
  held: number;
  /** Takes them in. */
  show: () => void;
}

/**
 * The entries of a timeline while others write it: what has come since the page was opened is taken in while the reader
 * looks at the beginning of the list, and held back while they read further down, so that nothing moves under their
 * eyes. Going anywhere, and writing, takes everything in.
 */
export function useSteadyRows(loaded: IncidentTimeline, list: RefObject<HTMLElement | null>): Steady {
  const { key } = useLocation();
  const [shown, setShown] = useState({ key, timeline: loaded });
  const current = shown.key === key ? shown.timeline : loaded;
  useEffect(() => {
    const top = list.current?.getBoundingClientRect().top ?? 0;
    setShown((before) => (before.key === key && top < 0 ? before : { key, timeline: loaded }));
  }, [key, loaded, list]);
  const fresh = new Map(loaded.rows.map((row) => [row.id, row]));
  return {
    rows: current.rows.map((row) => fresh.get(row.id) ?? row),
    held: Math.max(0, loaded.total - current.total),
    show: () => setShown({ key, timeline: loaded }),
  };
}
