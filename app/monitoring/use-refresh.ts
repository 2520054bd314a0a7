import { useEffect } from 'react';
import { useSafeRevalidate } from '#app/lib/use-safe-revalidate';

/** Reads the page's data again now and then while somebody looks: results come all the time, and only changes are told. */
export function useRefresh(everyMs: number): void {
  const revalidate = useSafeRevalidate();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') revalidate();
    }, everyMs);
    return () => clearInterval(timer);
  }, [revalidate, everyMs]);
}
