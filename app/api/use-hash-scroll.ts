import { useLocation } from '@remix-run/react';
import { startTransition, useEffect, useReducer } from 'react';

/** The key of a place in the history that the browser made by itself, as at a click on `#…`. */
const MADE_BY_THE_BROWSER = 'default';

/**
 * Keeps links to anchors of the same page working: the router gives all the places that the browser makes for them one
 * scroll position, that of the first. The router renders a place in a transition, and tells nothing of one that was left
 * again before it was rendered; every change of the anchor is a transition here too, so that this comes with it or later.
 */
export function useHashScroll(): void {
  const { key } = useLocation();
  const [changes, change] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const follow = () => startTransition(change);
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the anchor is followed, also to the same one
  useEffect(() => {
    const { hash } = window.location;
    if (key === MADE_BY_THE_BROWSER && hash !== '') document.getElementById(hash.slice(1))?.scrollIntoView();
  }, [key, changes]);
}
