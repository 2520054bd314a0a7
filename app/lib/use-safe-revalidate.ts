import { useRevalidator } from '@remix-run/react';
import { useCallback, useEffect, useRef } from 'react';

const RETRY_MS = 1_000;

/** True when the console answers at all, whatever it says. */
export async function isReachable(): Promise<boolean> {
  try {
    const answer = await fetch('/api/health', { cache: 'no-store' });
    // A body that nobody reads keeps its connection.
    await answer.text();
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the page's data again, once the console can be reached: a read that fails on a dropped connection would put the
 * error page in the place of what a person is looking at.
 */
export function useSafeRevalidate(): () => void {
  const revalidator = useRevalidator();
  const latest = useRef(revalidator);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const asking = useRef(false);
  useEffect(() => {
    latest.current = revalidator;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (asking.current) return;
    asking.current = true;
    const attempt = async (): Promise<void> => {
      const isFree = latest.current.state === 'idle';
      if (isFree && (await isReachable())) {
        asking.current = false;
        latest.current.revalidate();
      } else timer.current = setTimeout(() => void attempt(), RETRY_MS);
    };
    void attempt();
  }, []);
}
