import { useLocation } from '@remix-run/react';
import { useEffect } from 'react';

/** The key of a place in the history that the browser made by itself, as at a click on `#…`. */
const MADE_BY_THE_BROWSER = 'default';
/** Longer than a page of this length takes to find its height, in frames. */
const FRAMES = 20;

/**
 * Keeps links to anchors of the same page working: the router gives all the places that the browser makes for them one
 * scroll position, that of the first. Parts of the page that were never in view take their real height only then, so the
 * anchor is scrolled to until it stays where it is.
 */
export function useHashScroll(): void {
  const location = useLocation();
  useEffect(() => {
    if (location.key !== MADE_BY_THE_BROWSER || location.hash === '') return;
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    let frame = 0;
    const scroll = (left: number) => {
      target.scrollIntoView();
      if (left > 0) frame = requestAnimationFrame(() => scroll(left - 1));
    };
    scroll(FRAMES);
    return () => cancelAnimationFrame(frame);
  }, [location]);
}
