import { useRootData } from '#app/components/layout/root-data';
import { REQUEST_KEY } from '#app/lib/request-key';

/** Belongs into each form that adds something: sent twice from the same page with the same words, it adds it once. */
export function RequestKey() {
  return <input type="hidden" name={REQUEST_KEY} value={useRootData()?.requestKey ?? ''} />;
}
