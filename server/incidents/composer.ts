import {
  COMPOSER_EXAMPLES,
  INCIDENT_LEVELS,
  INCIDENT_ROLES,
  INCIDENT_STATES,
  type IncidentLevel,
  type IncidentRole,
  type IncidentState,
} from '#server/incidents/words/contract';

/** What a person wrote into the line of a timeline, as the command that it means. */
export type Composed =
  | { kind: 'note' | 'action'; text: string; occurredAt: Date | null }
  | { kind: 'state'; state: IncidentState; note: string | null }
  | { kind: 'level'; level: IncidentLevel; reason: string }
  /** Of whom, by e-mail address; null: of the writer. */
  | { kind: 'role' | 'leave'; role: IncidentRole; email: string | null }
  | { kind: 'title'; title: string }
  /** What it is about: a run by its number or id, or an alert by its id. */
  | { kind: 'evidence'; of: 'run' | 'alert'; id: string; text: string }
  /** It means nothing: why, and what to write instead. */
  | { kind: 'problem'; problem: string; hint: string };

/** The commands that there are, in words. */
const COMMANDS = Object.keys(COMPOSER_EXAMPLES)
  .map((name) => `/${name}`)
  .join(', ')
  .replace(/, (\S+)$/, ' and $1');

const HALF_DAY_MS = 12 * 3_600_000;
/** A clock that runs ahead by so much means now, ms. */
const AHEAD_MS = 60_000;

/**
 * Reads what a person wrote. What begins with a slash is a command; everything else, and what begins with a space, is a
 * note to the letter. A time without a date is the last one by the clock in UTC, at most half a day ago when it was
 * yesterday's. Pure.
 */
export function parseComposed(written: string, now: Date): Composed {
  if (!written.startsWith('/')) return { kind: 'note', text: written.trim(), occurredAt: null };
  const [word, rest] = splitFirst(written.slice(1));
  switch (word.toLowerCase()) {
    case 'note':
    case 'action':
      return parseNote(rest, now, word.toLowerCase() as 'note' | 'action');
    case 'evidence':
      return parseEvidence(rest);
    case 'status':
      return parseStatus(rest);
    case 'level':
      return parseLevel(rest);
    case 'assign':
      return parseRole(rest, 'assign');
    case 'leave':
      return parseRole(rest, 'leave');
    case 'title':
      return rest === '' ? problemOf('Say what it is called.', 'title') : { kind: 'title', title: rest };
    default:
      return {
        kind: 'problem',
        problem: `There is no command /${word.slice(0, 40)}.`,
        hint: `There are ${COMMANDS}. A space before the slash makes a note of it.`,
      };
  }
}

function parseNote(rest: string, now: Date, kind: 'note' | 'action'): Composed {
  const problem = (what: string) => problemOf(what, kind);
  const nothing = kind === 'note' ? 'A note says something.' : 'Say what was done.';
  const note = (text: string, occurredAt: Date | null): Composed => ({ kind, text, occurredAt });
  const [first, after] = splitFirst(rest);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(first);
  const date = /^\d{4}-\d{2}-\d{2}$/.test(first) ? splitFirst(after) : null;
  if (!clock && !date && !/^\d{4}-\d{2}-\d{2}T/.test(first))
    return rest === '' ? problem(nothing) : note(rest, null);
  const text = date ? date[1] : after;
  const at = clock ? lastTime(clock, now) : utcMoment(date ? `${first}T${date[0]}` : first);
  if (at === null) return problem(`"${date ? `${first} ${date[0]}` : first}" is no time.`);
  if (at === 'ahead') {
    return {
      kind: 'problem',
      problem: `${first} UTC has not come yet.`,
      hint: `It is ${now.toISOString().slice(11, 16)} UTC now. Of another day, write the date before it: /${kind} 2026-03-01 14:05 …`,
    };
  }
  return text === '' ? problem(nothing) : note(text, at);
}

/** The time of a clock in UTC: of today, or of yesterday evening after midnight; null where a clock has no such time. */
function lastTime([, hour, minute, second = '00']: RegExpExecArray, now: Date): Date | 'ahead' | null {
  const at = utcMoment(`${now.toISOString().slice(0, 10)}T${hour?.padStart(2, '0')}:${minute}:${second}Z`);
  if (at === null || at.getTime() <= now.getTime() + AHEAD_MS) return at;
  const yesterday = new Date(at.getTime() - 2 * HALF_DAY_MS);
  return now.getTime() - yesterday.getTime() <= HALF_DAY_MS ? yesterday : 'ahead';
}

/** Null where there is no such moment. Without an offset it is UTC. */
function utcMoment(text: string): Date | null {
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/i.exec(
    text,
  );
  if (!parts) return null;
  const [, day = '', hour = '', minute = '', second = '00', offset = 'Z'] = parts;
  // Some engines take the 31st of February for the 3rd of March.
  if (new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) !== day) return null;
  const at = new Date(`${day}T${hour.padStart(2, '0')}:${minute}:${second}${offset.toUpperCase()}`);
  return Number.isNaN(at.getTime()) || Number(hour) > 23 ? null : at;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A run or an alert, by the link to its page or by name. */
function parseEvidence(rest: string): Composed {
  const [first, after] = splitFirst(rest);
  const link = /\/(run|alert)s\/([0-9a-f-]{36})(?:[/?#].*)?$/i.exec(first);
  const [second, words] = link ? [link[2] ?? '', after] : splitFirst(after);
  const of = link ? (link[1]?.toLowerCase() as 'run' | 'alert') : choose(['run', 'alert'], first);
  if (!of) return problemOf('Say of what: run, alert, or the link to its page.', 'evidence');
  const id = second.replace(/^#/, '').toLowerCase();
  if (of === 'run' && !/^\d{1,9}$/.test(id) && !UUID.test(id))
    return problemOf(`Name the run by its number; not "${second.slice(0, 40)}".`, 'evidence');
  if (of === 'alert' && !UUID.test(id)) {
    return {
      kind: 'problem',
      problem: `Name the alert by the link to its page; not "${second.slice(0, 40)}".`,
      hint: 'Open the alert, copy its address, and write it behind /evidence.',
    };
  }
  return { kind: 'evidence', of, id, text: words || `See this ${of}.` };
}

function parseStatus(rest: string): Composed {
  const [word, text] = splitFirst(rest);
  const state = choose(INCIDENT_STATES, word);
  if (!state)
    return problemOf(`Say which state: ${INCIDENT_STATES.join(', ')}; not "${word.slice(0, 40)}".`, 'status');
  return { kind: 'state', state, note: text === '' ? null : text };
}

function parseLevel(rest: string): Composed {
  const [word, text] = splitFirst(rest);
  const level = INCIDENT_LEVELS.find((each) => String(each) === word);
  if (!level) return problemOf(`Say which level, from 1 to 4; not "${word.slice(0, 40)}".`, 'level');
  const reason = text.replace(/^(because|since|:)\s+/i, '');
  if (reason.length < 3) return problemOf('Say why the level changes.', 'level');
  return { kind: 'level', level, reason };
}

function parseRole(rest: string, command: 'assign' | 'leave'): Composed {
  const kind = command === 'assign' ? 'role' : 'leave';
  const [word, who] = splitFirst(rest);
  const role = choose(INCIDENT_ROLES, word);
  if (!role)
    return problemOf(`Say which role: ${INCIDENT_ROLES.join(', ')}; not "${word.slice(0, 40)}".`, command);
  if (who === '' || who.toLowerCase() === 'me') return { kind, role, email: null };
  if (!/^[^\s@]+@[^\s@]+$/.test(who))
    return problemOf(`Name one person by their e-mail address; not "${who.slice(0, 80)}".`, command);
  return { kind, role, email: who };
}

function problemOf(what: string, command: keyof typeof COMPOSER_EXAMPLES): Composed {
  return { kind: 'problem', problem: what, hint: `For example: ${COMPOSER_EXAMPLES[command]}` };
}

/** The one of the words that begins so, where it is one alone. */
function choose<T extends string>(words: readonly T[], start: string): T | null {
  const found = start === '' ? [] : words.filter((each) => each.startsWith(start.toLowerCase()));
  return found.length === 1 ? (found[0] as T) : null;
}

/** The first word, and what comes after it and its space. */
function splitFirst(text: string): [string, string] {
  const trimmed = text.trim();
  const end = trimmed.search(/\s/);
  return end < 0 ? [trimmed, ''] : [trimmed.slice(0, end), trimmed.slice(end).trim()];
}
