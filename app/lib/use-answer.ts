import { useActionData } from '@remix-run/react';
import { useHeld } from '#app/lib/use-held';

/**
 * What the action of a route answered to the form that was sent last; until another one is sent or somebody goes elsewhere,
 * whatever is read anew meanwhile: live updates take no refusal, no preview and no secret that is shown once from the page.
 */
export function useAnswer<T>() {
  return useHeld(useActionData<T>());
}
