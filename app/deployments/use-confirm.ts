import { useNavigate } from '@remix-run/react';
import { type RefObject, useEffect, useState } from 'react';

/** Keys held down when the page came up confirm nothing, ms. */
const ARRIVAL_MS = 600;

/** On a page that asks for a confirmation: Enter confirms and Escape leaves, unless a control takes the key itself. */
export function useConfirmKeys(form: RefObject<HTMLFormElement>, leaveTo: string): void {
  const navigate = useNavigate();
  useEffect(() => {
    const arrived = performance.now();
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.metaKey || event.ctrlKey || event.altKey) return;
      const focused = document.activeElement;
      if (event.key === 'Escape' && !focused?.closest('[role="dialog"], details[open]')) navigate(leaveTo);
      const isFree = !focused || focused === document.body || focused.id === 'main';
      if (event.key !== 'Enter' || !isFree || performance.now() - arrived < ARRIVAL_MS) return;
      const button = form.current?.querySelector<HTMLButtonElement>('button[type="submit"]');
      if (button) form.current?.requestSubmit(button);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [form, navigate, leaveTo]);
}

/**
 * The plan that a person looks at. When reality changes meanwhile, the page does not swap it under their eyes: it says
 * so and lets them take the new one. After a refusal the new one is shown at once, because they must look again anyway.
 */
export function useShownPlan<P extends { planHash: string }>(
  latest: P,
  wasRefused: boolean,
): { shown: P; isOutdated: boolean; adopt: () => void } {
  const [held, setHeld] = useState(latest);
  const isOutdated = held.planHash !== latest.planHash;
  if (isOutdated && wasRefused) setHeld(latest);
  return {
    // What the hash does not bind follows along: locks, runs, what others did.
    shown: isOutdated ? held : latest,
    isOutdated,
    adopt: () => setHeld(latest),
  };
}
