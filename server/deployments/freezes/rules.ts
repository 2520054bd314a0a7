import { Cron } from 'croner';
import {
  FREEZE_MAX_DAYS,
  type FreezeStatus,
  type FreezeTimesInput,
} from '#server/deployments/freezes/contract';

/** When a freeze applies: once, or `durationMinutes` from each tick of `cron` in `timeZone`. */
export interface FreezeRule {
  startsAt: Date | null;
  endsAt: Date | null;
  cron: string | null;
  timeZone: string | null;
  durationMinutes: number | null;
  /** Taken away by a person: it applies no more. */
  endedAt: Date | null;
}

/** From `startsAt` on, up to and without `endsAt`. */
export interface Occurrence {
  startsAt: Date;
  endsAt: Date;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** croner looks at whole seconds. */
const SECOND = 1_000;

/**
 * The occurrence that `at` lies in; null outside of all. Where two overlap, the one that ends last. A time of day that
 * the clock leaves out begins when it has jumped; one that comes twice begins once. The length is elapsed time.
 */
export function occurrenceAt(rule: FreezeRule, at: Date): Occurrence | null {
  if (rule.endedAt) return null;
  if (rule.startsAt && rule.endsAt) {
    return rule.startsAt <= at && at < rule.endsAt ? { startsAt: rule.startsAt, endsAt: rule.endsAt } : null;
  }
  const found = recurring(rule);
  if (!found) return null;
  // One second on, because a tick at this very instant counts too.
  const begun = found.job
    .previousRuns(2, new Date(at.getTime() + SECOND))
    .find((tick) => tick.getTime() <= at.getTime());
  if (!begun) return null;
  const occurrence = from(begun, found.lengthMs);
  return at < occurrence.endsAt ? occurrence : null;
}

export function isActive(rule: FreezeRule, at: Date): boolean {
  return occurrenceAt(rule, at) !== null;
}

/** The next occurrences that begin after `at`, at most `count`. */
export function nextOccurrences(rule: FreezeRule, at: Date, count: number): Occurrence[] {
  if (rule.endedAt) return [];
  if (rule.startsAt && rule.endsAt) {
    return rule.startsAt > at ? [{ startsAt: rule.startsAt, endsAt: rule.endsAt }] : [];
  }
  const found = recurring(rule);
  return found ? found.job.nextRuns(count, at).map((tick) => from(tick, found.lengthMs)) : [];
}

export function statusOf(rule: FreezeRule, at: Date): FreezeStatus {
  if (isActive(rule, at)) return 'active';
  return nextOccurrences(rule, at, 1).length > 0 ? 'upcoming' : 'past';
}

function recurring(rule: FreezeRule): { job: Cron; lengthMs: number } | null {
  if (!rule.cron || !rule.durationMinutes) return null;
  return {
    job: cronOf(rule.cron, rule.timeZone ?? 'UTC'),
    lengthMs: rule.durationMinutes * MINUTE,
  };
}

function from(startsAt: Date, lengthMs: number): Occurrence {
  return { startsAt, endsAt: new Date(startsAt.getTime() + lengthMs) };
}

/** @throws Error when the pattern or the zone cannot be used */
function cronOf(pattern: string, timezone: string): Cron {
  // croner also takes names like @daily and a single date.
  if (!/^\S+( \S+){4}$/.test(pattern)) throw new Error('A pattern has five fields');
  return new Cron(pattern, { timezone, mode: '5-part', paused: true });
}

type Times = Omit<FreezeRule, 'endedAt'>;

/**
 * What was asked for as a rule, or what is wrong with it by field.
 * @param now the database's clock
 */
export function ruleOf(
  input: FreezeTimesInput,
  now: Date,
): { rule: Times } | { fields: Record<string, string[]> } {
  const isOnce = input.startsAt !== undefined || input.endsAt !== undefined;
  const isRecurring = input.cron !== undefined || input.durationMinutes !== undefined;
  if (isOnce === isRecurring) {
    return { fields: { _: ['Say either from when until when, or how often and for how long.'] } };
  }
  if (!isTimeZone(input.timeZone)) {
    return {
      fields: { timeZone: [`There is no time zone "${input.timeZone}". Write one like Europe/Paris.`] },
    };
  }
  return isOnce ? onceOf(input, now) : recurringOf(input, now);
}

function onceOf(input: FreezeTimesInput, now: Date): ReturnType<typeof ruleOf> {
  if (!input.startsAt) return { fields: { startsAt: ['Say from when.'] } };
  if (!input.endsAt) return { fields: { endsAt: ['Say until when.'] } };
  const startsAt = instantOf(input.startsAt, input.timeZone);
  const endsAt = instantOf(input.endsAt, input.timeZone);
  if (!startsAt) return { fields: { startsAt: ['This is no date.'] } };
  if (!endsAt) return { fields: { endsAt: ['This is no date.'] } };
  if (endsAt <= startsAt) return { fields: { endsAt: ['It must end after it has begun.'] } };
  if (endsAt <= now) return { fields: { endsAt: ['This is over already.'] } };
  if (endsAt.getTime() - startsAt.getTime() > FREEZE_MAX_DAYS * DAY) {
    return { fields: { endsAt: [`A freeze lasts at most ${FREEZE_MAX_DAYS} days.`] } };
  }
  return { rule: { startsAt, endsAt, cron: null, timeZone: null, durationMinutes: null } };
}

function recurringOf(input: FreezeTimesInput, now: Date): ReturnType<typeof ruleOf> {
  const { cron, durationMinutes, timeZone } = input;
  if (!cron) return { fields: { cron: ['Say when it begins, like 0 17 * * 5 for Fridays at 17:00.'] } };
  if (!durationMinutes) return { fields: { durationMinutes: ['Say for how many minutes.'] } };
  const rule = {
    startsAt: null,
    endsAt: null,
    cron: cron.replaceAll(/\s+/g, ' '),
    timeZone,
    durationMinutes,
  };
  try {
    if (nextOccurrences({ ...rule, endedAt: null }, now, 1).length === 0) {
      return { fields: { cron: ['This never comes.'] } };
    }
  } catch {
    return {
      fields: {
        cron: ['Write five fields: minute, hour, day of month, month, day of week, like 0 17 * * 5.'],
      },
    };
  }
  return { rule };
}

/**
 * The instant that a text names: by its own offset, or by the wall clock of a time zone. A time that the clock leaves
 * out is moved on by the jump; of one that comes twice the first counts. Null when it is no date.
 */
export function instantOf(text: string, timeZone: string): Date | null {
  if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) return validDate(new Date(text));
  try {
    const seconds = /T\d\d:\d\d$/.test(text) ? `${text}:00` : text;
    const once = new Cron(seconds.replace(/\.\d+$/, ''), { timezone: timeZone, paused: true }).getOnce();
    return once && validDate(once);
  } catch {
    return null;
  }
}

function validDate(date: Date): Date | null {
  return Number.isNaN(date.getTime()) ? null : date;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // An offset like +01:00 is no zone: it knows no summer.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
