import type { FormValues } from '#app/http/form.server';
import type { StatusComposer, StatusDraftView, StatusIncidentView } from '#server/status/contract';
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
  /** The person's own kept draft of it, as it was read; empty: none. */
  draftId: string;
  draftVersion: string;
  /** The kept draft of somebody else whose words these go on from; empty: none. */
  takenId: string;
  takenVersion: string;
  /** Whose draft the form began with: own, taken, or empty for none. */
  from: string;
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
    draftId: textOf(form.draftId),
    draftVersion: textOf(form.draftVersion),
    takenId: textOf(form.takenId),
    takenVersion: textOf(form.takenVersion),
    from: textOf(form.from),
  };
}

/**
 * The drafts that go with what a form sends, as commands take them: the person's own of the same subject, and that of somebody
 * else whose words the form began with.
 */
export function seenDrafts({ draftId, draftVersion, takenId, takenVersion, from }: Draft) {
  const seen = (id: string, version: string) => (id === '' ? undefined : { draftId: id, version });
  return { own: seen(draftId, draftVersion), taken: from === '' ? undefined : seen(takenId, takenVersion) };
}

/**
 * How an update begins: about what the address names, or from the kept draft that it names. Without that it begins with the
 * person's own draft, and where there is none or a state is asked for, with the words of the state.
 */
export function beginning(composer: StatusComposer, asked: URLSearchParams): Draft {
  const { drafts } = composer;
  const named = drafts.find(({ id }) => id === asked.get('draft'));
  const subject = named ? subjectOf(composer, named) : askedSubject(composer, asked);
  const { about, incident } = subject;
  const same = drafts.filter((each) => each.isOwn && isSame(subjectOf(composer, each), subject));
  // Of two that have become of the same, that which a keeping would replace.
  const own = named?.isOwn
    ? named
    : (same.find(({ number }) => number === (about?.number ?? null)) ?? same[0]);
  const taken = named && !named.isOwn ? { draftId: named.id, version: named.version } : own?.taken;
  const askedState = PUBLIC_STATES.find((each) => each === asked.get('state'));
  const words = named ?? (askedState ? undefined : own);
  const begun = {
    number: about ? String(about.number) : '',
    version: about ? String(about.version) : '',
    incident: about || incident === null ? '' : String(incident),
    draftId: own?.id ?? '',
    draftVersion: own ? String(own.version) : '',
    takenId: taken?.draftId ?? '',
    takenVersion: taken ? String(taken.version) : '',
    from: !words ? '' : words.isOwn ? 'own' : 'taken',
  };
  if (words) {
    return {
      ...begun,
      title: about?.title ?? words.title,
      state: words.state,
      text: words.text,
      impacts: byComponent(words.impacts),
      nextUpdateMinutes: String(words.nextUpdateMinutes ?? 20),
    };
  }
  const state = askedState ?? about?.state ?? 'investigating';
  const impacts = byComponent(about?.impacts ?? []);
  const affected = composer.components.filter(({ key }) => (impacts[key] ?? 'none') !== 'none');
  return {
    ...begun,
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

/** A public incident that goes on, or the incident behind a new one, or neither: something new. */
interface Subject {
  about: StatusIncidentView | undefined;
  incident: number | null;
}

function isSame(one: Subject, other: Subject): boolean {
  return one.about?.number === other.about?.number && one.incident === other.incident;
}

function askedSubject({ open }: StatusComposer, asked: URLSearchParams): Subject {
  const incident = asked.get('incident') ?? '';
  const about =
    open.find(({ number }) => String(number) === asked.get('number')) ??
    // What is public of an incident already goes on.
    open.find((each) => each.incident !== null && String(each.incident) === incident);
  return { about, incident: !about && /^\d{1,9}$/.test(incident) ? Number(incident) : null };
}

/** What a kept draft is for by now: of what was told to the public meanwhile, that. */
function subjectOf({ open, recent }: StatusComposer, { number, incident }: StatusDraftView): Subject {
  const about =
    number === null
      ? open.find((each) => incident !== null && each.incident === incident)
      : [...open, ...recent].find((each) => each.number === number);
  return { about, incident: about ? null : incident };
}

function byComponent(impacts: StatusIncidentView['impacts']): Record<string, Impact> {
  return Object.fromEntries(impacts.map(({ component, impact }) => [component, impact]));
}
