import { useLocation } from '@remix-run/react';
import { useEffect } from 'react';

/** The key of a place in the history that the browser made by itself, as at a click on `#…`. */
const MADE_BY_THE_BROWSER = 'default';

/**
 * Keeps links to anchors of the same page working: the router gives all the places that the browser makes for them one
 * scroll position, that of the first.
 */
export function useHashScroll(): void {
  const location = useLocation();
  useEffect(() => {
    if (location.key !== MADE_BY_THE_BROWSER || location.hash === '') return;
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [location]);
}
