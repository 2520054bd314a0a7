import type { DamageFacts, RestoreFacts } from '#server/incidents/playbooks/contract';
import type { StepState } from '#server/incidents/playbooks/words/contract';
import { RESTORE_WAY_LABELS } from '#server/incidents/playbooks/words/contract';

interface Template {
  level: number;
  key: string;
  position: number;
  isActive: boolean;
}

/**
 * Which steps an incident gets when it begins at a level or comes to it: those of the level's playbook that it does not have,
 * in their order. What it has stays, whatever its level was and whatever became of it.
 */
export function stepsToAdd<T extends Template>(
  templates: readonly T[],
  level: number,
  has: ReadonlySet<string>,
): T[] {
  return templates
    .filter((each) => each.level === level && each.isActive && !has.has(each.key))
    .sort((a, b) => a.position - b.position || (a.key < b.key ? -1 : 1));
}

/** How many steps need nobody any more. */
export function doneOf(steps: readonly { state: StepState }[]): number {
  return steps.filter(({ state }) => state === 'done' || state === 'skipped').length;
}

/** What is wrong with settling a step so; null when nothing is. */
export function settleProblem(from: StepState, to: 'open' | 'done' | 'skipped', note: string | undefined) {
  if (from === 'running') return 'The console is about to do it: wait until it has.';
  if (from === to) return `It is ${WORDS[to]} already.`;
  if (to === 'skipped' && (note ?? '').length < 3) return 'Say why it is left out.';
  return null;
}

const WORDS = { open: 'to do', done: 'done', skipped: 'left out' };

/** A key for a step that is named so, which none of the others has. */
export function keyOf(title: string, taken: ReadonlySet<string>): string {
  const base =
    title
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 50)
      .replace(/-+$/, '') || 'step';
  let key = base;
  for (let more = 2; taken.has(key); more += 1) key = `${base}-${more}`;
  return key;
}

/** Names that one sentence takes; the page shows all. */
const NAMED = 3;

/** What an assessment found, in the words of a timeline. */
export function damageWords({ places, notMeasured }: DamageFacts): string {
  const lines = places.flatMap((place) => {
    const failing = place.checks.filter(({ state }) => state === 'failed').map(({ title }) => title);
    const named = failing.slice(0, NAMED).join(', ');
    const others = place.checksFailing > NAMED ? ` and ${place.checksFailing - NAMED} more` : '';
    const checks =
      place.checksFailing > 0
        ? `${place.checksFailing} of ${place.checksTotal} checks fail: ${named}${others}.`
        : place.health === 'ok'
          ? `${place.checksTotal === 1 ? 'Its one check is' : `All ${place.checksTotal} checks are`} well.`
          : '';
    const figures = [
      place.errorPercent === null ? '' : `errors ${rounded(place.errorPercent)} %`,
      place.latencyP95Ms === null ? '' : `95 % of answers within ${rounded(place.latencyP95Ms)} ms`,
      place.requestsPerSecond === null ? '' : `${rounded(place.requestsPerSecond)} requests/s`,
    ].filter(Boolean);
    const measured = figures.length > 0 ? `Of the last 5 minutes: ${figures.join(', ')}.` : '';
    const hit = place.endpoints
      .slice(0, NAMED)
      .map(({ route, errorPercent }) => `${route} ${rounded(errorPercent)} %`);
    const endpoints = hit.length > 0 ? `Errors by endpoint: ${hit.join(', ')}.` : '';
    const open = place.alerts.length;
    const alerts =
      open === 0 ? 'No alert is open.' : `${open} ${open === 1 ? 'alert is' : 'alerts are'} open.`;
    const [last] = place.changes;
    const changes = last
      ? `Last change: #${last.number} ${last.title}, ${last.status.replaceAll('_', ' ')}, at ${last.at.slice(11, 16)} UTC.`
      : 'Nothing was changed in the last 24 hours.';
    const missing = place.notMeasured.map((each) => `Not measured: ${each}`);
    const words = [checks, measured, endpoints, alerts, changes].filter(Boolean).join(' ');
    return [`${place.service}/${place.environment}: ${words}`, ...missing];
  });
  return ['Damage assessed.', ...lines, ...notMeasured.map((each) => `Not measured: ${each}`)]
    .join('\n')
    .slice(0, 3_900);
}

/** What could restore a service, in the words of a timeline. */
export function restoreWords({ places, notMeasured }: RestoreFacts): string {
  const lines = places.map(({ service, environment, options }) => {
    const possible = options.filter(({ isPossible }) => isPossible);
    const not = options.filter(({ isPossible }) => !isPossible);
    const can =
      possible.length > 0
        ? `possible now: ${possible.map(({ way, words }) => `${RESTORE_WAY_LABELS[way].toLowerCase()} (${words})`).join('; ')}`
        : 'nothing is possible now';
    const cannot = not.map(({ way, words }) => `${RESTORE_WAY_LABELS[way].toLowerCase()} (${words})`);
    return `${service}/${environment}: ${can}${cannot.length > 0 ? `; not possible: ${cannot.join('; ')}` : ''}.`;
  });
  return ['Looked at what could restore it; nothing was started.', ...lines, ...notMeasured]
    .join('\n')
    .slice(0, 3_900);
}

function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
