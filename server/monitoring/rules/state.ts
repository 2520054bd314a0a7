import type { Comparison } from '#server/metrics/contract';
import type { MissingData } from '#server/monitoring/rules/words/contract';

/** What of a rule decides how it stands. */
export interface Judged {
  comparison: Comparison;
  threshold: number;
  resolveThreshold: number | null;
  forSeconds: number;
  minimumTraffic: number;
  missingData: MissingData;
  intervalSeconds: number;
}

/** How a rule stands in one environment. */
export interface Standing {
  state: 'inactive' | 'pending' | 'firing';
  /** When it began, by the data, whatever was resolved by hand since; null while inactive. */
  breachSince: Date | null;
  /** Since when looks have found no data. */
  missingSince: Date | null;
  /** The time without data has been told. */
  isUnknown: boolean;
  isFlapping: boolean;
  /** Since when a flapping rule has been well. */
  clearSince: Date | null;
  /** When it began to fire or became well, within the flap window, the newest last. */
  turns: readonly Date[];
  /** The for-duration of a breach counts from here at the earliest. */
  countsFrom: Date | null;
  /** Time of the newest data; null when there never was any. */
  dataAt: Date | null;
  /** When somebody looked the last time. */
  evaluatedAt: Date | null;
}

export const AT_REST: Standing = {
  state: 'inactive',
  breachSince: null,
  missingSince: null,
  isUnknown: false,
  isFlapping: false,
  clearSince: null,
  turns: [],
  countsFrom: null,
  dataAt: null,
  evaluatedAt: null,
};

/** What the data say at a moment. silent: there are data, but nothing happened that a share could be taken of. */
export type Reading =
  | {
      kind: 'value';
      at: Date;
      value: number;
      /** Requests since the breach began; null where there is no such thing. */
      traffic: number | null;
      /** When the breach began that lasts; null when the value does not breach. */
      breachedSince: Date | null;
      /** False when the newest data, looked at alone, are well: a spike that still echoes in its window. */
      isLasting: boolean;
    }
  | { kind: 'silent'; at: Date }
  | { kind: 'missing'; at: Date }
  /** Somebody wants it to rest: nothing is known, and nothing is missed. */
  | { kind: 'resting'; at: Date };

export interface Limits {
  /** Without data for so long, it is unknown and told. */
  unknownAfterMs: number;
  flapWindowMs: number;
  /** Turns within the window that make it flap. */
  flapTurns: number;
}

export type Change =
  /** Since when the data breach, however late it began to count. */
  | { kind: 'fire'; breachSince: Date }
  | { kind: 'resolve' }
  | { kind: 'flap' }
  | { kind: 'unknown'; since: Date }
  | { kind: 'known' };

export interface Step {
  standing: Standing;
  changes: Change[];
}

/** True when the value passes the threshold. */
export function isBreach(rule: Pick<Judged, 'comparison' | 'threshold'>, value: number): boolean {
  const { comparison, threshold } = rule;
  if (comparison === '>') return value > threshold;
  if (comparison === '>=') return value >= threshold;
  return comparison === '<' ? value < threshold : value <= threshold;
}

/** True when the value is back past the resolve threshold; between the two, what fires goes on firing. */
export function isClear(rule: Judged, value: number): boolean {
  return (
    !isBreach(rule, value) &&
    !isBreach({ ...rule, threshold: rule.resolveThreshold ?? rule.threshold }, value)
  );
}

/**
 * How a rule stands after a reading, and what has changed. The for-duration counts from when the data began to breach, not
 * from when somebody looked. Missing data neither fire nor pass unless the rule says otherwise, and are missing only while
 * somebody looks; no traffic changes nothing.
 */
export function step(rule: Judged, before: Standing, reading: Reading, limits: Limits): Step {
  const { standing, changes } = look(rule, before, reading, limits);
  return { standing: { ...standing, evaluatedAt: reading.at }, changes };
}

function look(rule: Judged, before: Standing, reading: Reading, limits: Limits): Step {
  if (reading.kind === 'missing') return missing(rule, before, reading.at, limits);
  if (reading.kind === 'resting') {
    const missingSince = before.isUnknown ? before.missingSince : null;
    return { standing: { ...before, missingSince }, changes: [] };
  }
  const changes: Change[] = before.isUnknown ? [{ kind: 'known' }] : [];
  const standing = { ...before, missingSince: null, isUnknown: false, dataAt: reading.at };
  if (reading.kind === 'silent') return { standing, changes };
  const judged = judge(rule, standing, reading, limits);
  return { standing: judged.standing, changes: [...changes, ...judged.changes] };
}

function missing(rule: Judged, before: Standing, at: Date, limits: Limits): Step {
  // Nothing was ever measured here: nothing is missed.
  const { dataAt } = before;
  if (dataAt === null) return { standing: before, changes: [] };
  const since = missingSinceOf(rule, { ...before, dataAt }, at, limits);
  const standing = { ...before, missingSince: since };
  if (rule.missingData !== 'unknown') {
    const isBad = rule.missingData === 'breach';
    const breachedSince = isBad ? since : null;
    const judged = { at, traffic: null, breachedSince, isLasting: true };
    return judge(rule, standing, { kind: 'value', value: Number.NaN, ...judged }, limits, !isBad);
  }
  if (before.isUnknown || at.getTime() - since.getTime() < limits.unknownAfterMs)
    return { standing, changes: [] };
  return {
    standing: { ...standing, isUnknown: true },
    changes: [{ kind: 'unknown', since: dataAt }],
  };
}

/** What nobody looked at was not missing: after a time without looks it counts anew. */
function missingSinceOf(
  { intervalSeconds }: Judged,
  { evaluatedAt, isUnknown, missingSince, dataAt }: Standing & { dataAt: Date },
  at: Date,
  { unknownAfterMs }: Limits,
): Date {
  if (isUnknown && missingSince) return missingSince;
  const intervalMs = intervalSeconds * 1_000;
  const unwatchedMs = at.getTime() - (evaluatedAt?.getTime() ?? 0);
  if (unwatchedMs > Math.max(unknownAfterMs / 2, 2 * intervalMs)) return at;
  if (missingSince) return missingSince;
  // The look before, which found data, was an interval ago.
  return new Date(Math.max(dataAt.getTime(), at.getTime() - Math.min(intervalMs, unknownAfterMs / 2)));
}

function judge(
  rule: Judged,
  before: Standing,
  reading: Extract<Reading, { kind: 'value' }>,
  limits: Limits,
  clear = reading.breachedSince === null && isClear(rule, reading.value),
): Step {
  const { at, breachedSince: breachSince } = reading;
  if (before.state === 'firing')
    return judgeFiring(before, { at, clear, breach: breachSince !== null }, limits);
  const turns = recent(before.turns, at, limits);
  if (breachSince === null)
    return { standing: { ...before, turns, state: 'inactive', breachSince: null }, changes: [] };
  const countedMs = at.getTime() - countedSince({ ...before, breachSince }).getTime();
  const lasts = countedMs >= rule.forSeconds * 1_000 && reading.isLasting;
  const isEnough = reading.traffic === null || reading.traffic >= rule.minimumTraffic;
  if (!lasts || !isEnough)
    return { standing: { ...before, turns, state: 'pending', breachSince }, changes: [] };
  return {
    standing: {
      ...before,
      state: 'firing',
      breachSince,
      countsFrom: null,
      clearSince: null,
      turns: [...turns, at],
    },
    changes: [{ kind: 'fire', breachSince }],
  };
}

function judgeFiring(
  before: Standing,
  { at, clear, breach }: { at: Date; clear: boolean; breach: boolean },
  limits: Limits,
): Step {
  const turns = recent(before.turns, at, limits);
  const settled: Standing = {
    ...before,
    state: 'inactive',
    breachSince: null,
    isFlapping: false,
    clearSince: null,
    turns,
  };
  if (before.isFlapping) {
    if (breach && before.clearSince)
      return { standing: { ...before, clearSince: null, turns: [...turns, at] }, changes: [] };
    if (!clear) return { standing: { ...before, turns }, changes: [] };
    if (!before.clearSince)
      return { standing: { ...before, clearSince: at, turns: [...turns, at] }, changes: [] };
    if (at.getTime() - before.clearSince.getTime() < limits.flapWindowMs)
      return { standing: { ...before, turns }, changes: [] };
    return { standing: { ...settled, turns: [] }, changes: [{ kind: 'resolve' }] };
  }
  if (!clear) return { standing: { ...before, turns }, changes: [] };
  const turned = [...turns, at];
  if (turned.length >= limits.flapTurns) {
    const flapping = { ...before, isFlapping: true, clearSince: at, turns: turned };
    return { standing: flapping, changes: [{ kind: 'flap' }] };
  }
  return { standing: { ...settled, turns: turned }, changes: [{ kind: 'resolve' }] };
}

function recent(turns: readonly Date[], at: Date, { flapWindowMs, flapTurns }: Limits): Date[] {
  return turns.filter((turn) => at.getTime() - turn.getTime() < flapWindowMs).slice(-4 * flapTurns);
}

/** From when on the for-duration of a breach counts. */
export function countedSince({
  breachSince,
  countsFrom,
}: Pick<Standing, 'countsFrom'> & { breachSince: Date }): Date {
  return countsFrom && countsFrom > breachSince ? countsFrom : breachSince;
}

/** What the metrics say of a breach. */
interface DatedBreach {
  since: Date;
  /** Nothing that was looked through was well. */
  mayBeOlder: boolean;
  /** How far back was looked. */
  oldest: Date;
  /** How late data may come in, ms. */
  lateMs: number;
}

/**
 * When a breach began, with what was known before: the data are looked through for a short while only, so what was
 * pending all that time keeps its date. Otherwise a breach older than a release would be dated after it.
 */
export function beganAt({ state, breachSince, dataAt }: Standing, breach: DatedBreach): Date {
  const { since, mayBeOlder, oldest, lateMs } = breach;
  if (state !== 'pending' || !breachSince || !mayBeOlder || breachSince > since) return since;
  const wasSeen = dataAt !== null && since.getTime() + lateMs <= dataAt.getTime();
  return wasSeen || since <= oldest ? breachSince : since;
}

/** A person resolved the alert of missing data: while they stay away, they are missed anew from now. */
export function missedAnew(before: Standing, at: Date): Standing {
  return { ...before, isUnknown: false, missingSince: before.isUnknown ? at : before.missingSince };
}

/**
 * A person resolved the alert: what goes on breaching counts anew from now, but has not begun anew: a release that came
 * in between is not its cause.
 */
export function resolvedByHand(before: Standing, at: Date): Standing {
  const isBad = before.breachSince !== null && before.clearSince === null;
  return {
    ...before,
    state: isBad ? 'pending' : 'inactive',
    breachSince: isBad ? before.breachSince : null,
    isFlapping: false,
    clearSince: null,
    turns: [],
    countsFrom: at,
  };
}

/** A breach that has lasted, but is not to fire yet, is looked at again so soon, ms. */
const RELOOK_MS = 250;

/** Until a rule is looked at again, ms: its interval, and sooner when its for-duration ends before that. */
export function nextLookMs(
  rule: Pick<Judged, 'forSeconds'> & { intervalSeconds: number },
  standing: Standing,
  at: Date,
): number {
  const interval = rule.intervalSeconds * 1_000;
  if (standing.state !== 'pending' || !standing.breachSince) return interval;
  const since = countedSince({ ...standing, breachSince: standing.breachSince });
  const left = since.getTime() + rule.forSeconds * 1_000 - at.getTime();
  // When it is over already, only traffic or newer data are waited for.
  return Math.min(interval, left > 0 ? left : RELOOK_MS);
}
