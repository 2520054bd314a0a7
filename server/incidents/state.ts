import {
  INCIDENT_LEVEL_CONSEQUENCES,
  type IncidentLevel,
  type IncidentState,
} from '#server/incidents/words/contract';

/** How far a clock may run ahead of the console's; what it calls now is taken for now, ms. */
const CLOCK_TOLERANCE_MS = 60_000;
/** How far back anything can have happened, days: beyond it somebody mistyped the year. */
const LONGEST_AGO_DAYS = 366;
const DAY_MS = 86_400_000;

export type Move = 'change' | 'resolve' | 'reopen';

/**
 * What a change of state is; null when it is refused. Among open states every way is allowed, because an investigation may
 * turn out to be wrong; a resolved incident is reopened to be investigated, and is nothing else first.
 */
export function moveOf(from: IncidentState, to: IncidentState): Move | null {
  if (from === to) return null;
  if (from === 'resolved') return to === 'investigating' ? 'reopen' : null;
  return to === 'resolved' ? 'resolve' : 'change';
}

/** Post-mortems are written of levels 1 and 2. */
export function needsPostMortem(level: IncidentLevel): boolean {
  return level <= 2;
}

/** What another level means for everybody, in words. */
export function levelChangeWords(from: IncidentLevel, to: IncidentLevel): string {
  const turn = to < from ? 'Raised' : 'Lowered';
  return `${turn} from level ${from} to level ${to}. ${INCIDENT_LEVEL_CONSEQUENCES[to]}`;
}

/** How long it has lasted until its end, or until now, ms; never below 0. */
export function durationMs(incident: { startedAt: Date; resolvedAt: Date | null }, now: Date): number {
  return Math.max(0, (incident.resolvedAt ?? now).getTime() - incident.startedAt.getTime());
}

/** What is wrong with a time that a person gave for something that has happened; null when nothing is. */
export function momentProblem(at: Date, now: Date): string | null {
  const aheadMs = at.getTime() - now.getTime();
  if (aheadMs > CLOCK_TOLERANCE_MS) return 'This time has not come yet. Give one that is past.';
  if (-aheadMs > LONGEST_AGO_DAYS * DAY_MS) return 'This is more than a year ago. Look at the year.';
  return null;
}
