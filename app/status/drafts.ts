import type { FormValues } from '#app/http/form.server';
import type { StatusComposer } from '#server/status/contract';
import {
  fillTemplate,
  IMPACTS,
  type Impact,
  PUBLIC_STATES,
  type PublicState,
} from '#server/status/words/contract';

/** An update as its form has it. */
export interface Draft {
  /** The public incident that goes on; empty: a new one. */
  number: string;
  version: string;
  /** The incident of the console behind a new one. */
  incident: string;
  title: string;
  state: PublicState;
  text: string;
  impacts: Record<string, Impact>;
  nextUpdateMinutes: string;
  requestKey: string;
}

const IMPACT_FIELD = 'impact.';

/** The field of a component's impact. */
export function impactField(component: string): string {
  return `${IMPACT_FIELD}${component}`;
}

export function textOf(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** What a field of a date and a time of UTC means; what is none of either is left for the command to refuse. */
export function instantOf(value: string | string[] | undefined): string {
  const text = textOf(value);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00Z` : text;
}

export function draftOf(form: FormValues): Draft {
  const state = textOf(form.state);
  const impacts = Object.entries(form).flatMap(([name, value]) => {
    const impact = IMPACTS.find((each) => each === value);
    return name.startsWith(IMPACT_FIELD) && impact ? [[name.slice(IMPACT_FIELD.length), impact]] : [];
  });
  return {
    number: textOf(form.number),
    version: textOf(form.version),
    incident: textOf(form.incident),
    title: textOf(form.title),
    state: PUBLIC_STATES.find((each) => each === state) ?? 'investigating',
    text: textOf(form.text),
    impacts: Object.fromEntries(impacts),
    nextUpdateMinutes: textOf(form.nextUpdateMinutes),
    requestKey: textOf(form.requestKey),
  };
}

/** How an update begins: about what the address names, with the words of its state. */
export function beginning(composer: StatusComposer, asked: URLSearchParams): Omit<Draft, 'requestKey'> {
  const about =
    composer.open.find(({ number }) => String(number) === asked.get('number')) ??
    // What is public of an incident already goes on.
    composer.open.find(({ incident }) => incident !== null && String(incident) === asked.get('incident'));
  const incident = about ? '' : (asked.get('incident') ?? '');
  const state = PUBLIC_STATES.find((each) => each === asked.get('state')) ?? about?.state ?? 'investigating';
  const impacts = Object.fromEntries(about?.impacts.map((each) => [each.component, each.impact]) ?? []);
  const affected = composer.components.filter(({ key }) => (impacts[key] ?? 'none') !== 'none');
  return {
    number: about ? String(about.number) : '',
    version: about ? String(about.version) : '',
    incident: /^\d{1,9}$/.test(incident) ? incident : '',
    title: about?.title ?? '',
    state,
    text: fillTemplate(
      state,
      affected.map(({ name }) => name),
    ),
    impacts,
    nextUpdateMinutes: '20',
  };
}
