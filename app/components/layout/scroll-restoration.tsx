import { ScrollRestoration as Restoration, useLocation, useRevalidator } from '@remix-run/react';
import { useRef } from 'react';
import { usePageLayoutEffect } from '#app/lib/use-page-layout-effect';

/**
 * The framework's scroll restoration, but for live updates: after each reading of the same page it goes to where the reader was
 * when that reading began. Whoever has scrolled meanwhile stays where they are.
 */
export function ScrollRestoration({ nonce }: { nonce: string | undefined }) {
  return (
    <>
      <Restoration nonce={nonce} />
      {/* After it: effects run in the order of the page. */}
      <KeepPlace />
    </>
  );
}

function KeepPlace() {
  const { key } = useLocation();
  const { state } = useRevalidator();
  const was = useRef({ key, state });
  // Before the effects of what was read.
  const y = typeof window === 'undefined' ? 0 : window.scrollY;
  usePageLayoutEffect(() => {
    const isReread = was.current.key === key && was.current.state === 'loading' && state === 'idle';
    was.current = { key, state };
    if (isReread && window.scrollY !== y) window.scrollTo(window.scrollX, y);
  });
  return null;
}
