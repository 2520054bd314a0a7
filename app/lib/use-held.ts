import { useLocation } from '@remix-run/react';
import { useState } from 'react';

/** A value as it was when the page was last moved to or sent a form, whatever is read anew meanwhile. */
export function useHeld<T>(value: T): T {
  return useHeldFor(useLocation().key, value);
}

/** A value as it was when a key was first seen. */
export function useHeldFor<T>(key: string, value: T): T {
  const [held, setHeld] = useState({ key, value });
  if (held.key === key) return held.value;
  setHeld({ key, value });
  return value;
}
