import { useNavigate, useNavigation } from '@remix-run/react';
import { type RefObject, useEffect, useState } from 'react';
import { isPressed } from '#app/components/shortcuts/registry';

/** Keys held down when the page came up confirm nothing, ms. */
const ARRIVAL_MS = 600;

/** On a page that asks for a confirmation: Enter confirms and Escape leaves, unless a control takes the key itself. */
export function useConfirmKeys(form: RefObject<HTMLFormElement>, leaveTo: string): void {
  const navigate = useNavigate();
  // While another plan is on its way, the one on screen is not what was chosen.
  const isIdle = useNavigation().state === 'idle';
  useEffect(() => {
    const arrived = performance.now();
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat) return;
      const leaves = isPressed(event, 'form.leave');
      const focused = document.activeElement;
      if (leaves && focused instanceof HTMLElement && focused.matches('input, textarea')) {
        // What was typed is not thrown away by one key: the first Escape leaves the field, the next the page.
        focused.blur();
        return;
      }
      if (leaves && !focused?.closest('[role="dialog"], details[open]')) navigate(leaveTo);
      const isFree =
        !focused || focused === document.body || focused.matches('#main, input[type="radio"][name="tag"]');
      if (!isPressed(event, 'form.confirm') || !isFree) return;
      event.preventDefault();
      if (!isIdle || performance.now() - arrived < ARRIVAL_MS) return;
      const button = form.current?.querySelector<HTMLButtonElement>('button[type="submit"]');
      if (button) form.current?.requestSubmit(button);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [form, navigate, leaveTo, isIdle]);
}

/**
 * The plan that a person looks at. When reality changes meanwhile, the page does not swap it under their eyes: it says
 * so and lets them take the new one. After a refusal the new one is shown at once, because they must look again anyway.
 * @param refusal what the server answered when the old plan was confirmed; each one counts once
 */
export function useShownPlan<P extends { planHash: string }>(
  latest: P,
  refusal: object | undefined,
): { shown: P; isOutdated: boolean; adopt: () => void } {
  const [held, setHeld] = useState<{ plan: P; answered: object | undefined }>({
    plan: latest,
    answered: undefined,
  });
  const isOutdated = held.plan.planHash !== latest.planHash;
  if (isOutdated && refusal && refusal !== held.answered) setHeld({ plan: latest, answered: refusal });
  return {
    // What the hash does not bind follows along: locks, runs, what others did.
    shown: isOutdated ? held.plan : latest,
    isOutdated,
    adopt: () => setHeld({ plan: latest, answered: held.answered }),
  };
}
