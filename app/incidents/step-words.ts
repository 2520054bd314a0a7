import type { PlaybookStepView } from '#server/incidents/playbooks/contract';

/** Who does a step of a playbook. */
export function stepKind({
  action,
  startsItself,
}: Pick<PlaybookStepView, 'action' | 'startsItself'>): string {
  if (action === null) return 'by a person';
  return startsItself ? 'by the console, at once' : 'by the console, when asked';
}
