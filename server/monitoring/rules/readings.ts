import { wasLive } from '#server/deployments/queries/was-live';
import type { MeasureRequest, MeasureResult } from '#server/metrics/contract';
import { measureMany } from '#server/metrics/queries/measure-many';
import { type CheckStanding, readCheckStates } from '#server/monitoring/checks/queries/read-check-states';
import type { RuleSource } from '#server/monitoring/rules/contract';
import type { Rule } from '#server/monitoring/rules/records';
import { beganAt, countedSince, isBreach, type Reading, type Standing } from '#server/monitoring/rules/state';
import { tallySecurityEvents } from '#server/monitoring/security-events/tally';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';
import { findEnvironmentConfig } from '#server/services/queries';

export interface RuleSubject extends EnvironmentKey {
  rule: Pick<Rule, 'source' | 'comparison' | 'threshold' | 'forSeconds'>;
  standing: Standing;
}

/** A reading with the numbers that people see. */
export interface Seen {
  reading: Reading;
  value: number | null;
  traffic: number | null;
}

/** A check that has not been made for three of its intervals and an answer, and for so long, says nothing any more, ms. */
const CHECK_STALE_MS = 30_000;
/** The newest part of a window that must breach by itself is at most so long, seconds and scrapes, whichever is longer. */
const TAIL_SECONDS = 3;
const TAIL_SCRAPES = 2.5;
const LOOKBACK_MAX = 86_400;

type ValueReading = Extract<Reading, { kind: 'value' }>;
type Kind<T extends RuleSource['type']> = RuleSubject & {
  rule: RuleSubject['rule'] & { source: Extract<RuleSource, { type: T }> };
};

/**
 * What the data say of each subject at a moment, in their order: metrics with at most two batches, checks with two
 * statements and events with one, however many rules there are.
 */
export async function readSubjects(ctx: Ctx, subjects: readonly RuleSubject[], at: Date): Promise<Seen[]> {
  const found = new Map<RuleSubject, Seen>();
  const of = <T extends RuleSource['type']>(type: T): Kind<T>[] =>
    subjects.filter((each): each is Kind<T> => each.rule.source.type === type);
  const [metrics, checks, events] = [of('metric'), of('check'), of('events')];
  await readMetrics(ctx, at, metrics, found);
  await readChecks(ctx, at, checks, found);
  const tallies = await tallySecurityEvents(
    ctx,
    at,
    events.map(({ service, environment, rule: { source, threshold, comparison } }) => ({
      service,
      environment,
      kind: source.eventKind,
      windowSeconds: source.windowSeconds,
      nth: comparison === '>' ? threshold + 1 : threshold,
    })),
  );
  for (const [index, each] of events.entries()) {
    const { count: value = 0, reachedAt = null } = tallies[index] ?? {};
    const breachedSince = isBreach(each.rule, value) ? earlier(each.standing, reachedAt ?? at) : null;
    found.set(each, see({ kind: 'value', at, value, traffic: null, breachedSince, isLasting: true }, value));
  }
  return subjects.map((each) => found.get(each) as Seen);
}

/** The window moves on, and with it the event that was too many: what is pending keeps its beginning. */
function earlier({ state, breachSince }: Standing, since: Date): Date {
  return state === 'pending' && breachSince && breachSince < since ? breachSince : since;
}

async function readChecks(
  ctx: Ctx,
  at: Date,
  subjects: readonly Kind<'check'>[],
  found: Map<RuleSubject, Seen>,
): Promise<void> {
  if (subjects.length === 0) return;
  const states = new Map((await readCheckStates(ctx)).map((each) => [keyOf(each, each.key), each]));
  const doubtful: { subject: Kind<'check'>; service: string; environment: string; at: Date }[] = [];
  for (const each of subjects) {
    const state = states.get(keyOf(each, each.rule.source.checkKey));
    found.set(each, seeCheck(at, each.rule, state));
    const { service, environment, standing } = each;
    // What was measured here before is live, whoever brought it there.
    if (state?.failingSince && standing.state !== 'firing' && standing.dataAt === null)
      doubtful.push({ subject: each, service, environment, at: state.failingSince });
  }
  const live = await wasLive(ctx, doubtful);
  // Where nothing was live when it began, there was nothing that could fail.
  for (const [index, { subject }] of doubtful.entries())
    if (!live[index]) found.set(subject, see({ kind: 'missing', at }, null));
}

function keyOf({ service, environment }: EnvironmentKey, key: string): string {
  return `${service}/${environment}/${key}`;
}

function see(reading: Reading, value: number | null, traffic: number | null = null): Seen {
  return { reading, value, traffic };
}

function seeCheck(at: Date, rule: RuleSubject['rule'], state: CheckStanding | undefined): Seen {
  if (state?.isPaused) return see({ kind: 'resting', at }, null);
  if (!state?.lastAt || state.lastOutcome === null || state.lastOutcome === 'not_run')
    return see({ kind: 'missing', at }, null);
  const staleMs = Math.max(CHECK_STALE_MS, 3 * state.intervalMs + state.timeoutMs);
  if (at.getTime() - state.lastAt.getTime() > staleMs) return see({ kind: 'missing', at }, null);
  const value = state.consecutiveFailures;
  const breachedSince = isBreach(rule, value) ? (state.failingSince ?? at) : null;
  return see({ kind: 'value', at, value, traffic: null, breachedSince, isLasting: true }, value);
}

async function readMetrics(
  ctx: Ctx,
  at: Date,
  subjects: readonly Kind<'metric'>[],
  found: Map<RuleSubject, Seen>,
): Promise<void> {
  const results = await measureMany(
    ctx,
    subjects.map((each) => requestOf(each, at)),
  );
  const doubtful: { subject: Kind<'metric'>; reading: ValueReading; overdueSeconds: number }[] = [];
  for (const [index, each] of subjects.entries()) {
    const seen = seeMetric(at, each, results[index] as MeasureResult, tailOf(ctx, each));
    found.set(each, seen);
    const overdueSeconds = overdueOf(each, seen.reading);
    if (overdueSeconds !== null)
      doubtful.push({ subject: each, reading: seen.reading as ValueReading, overdueSeconds });
  }
  const tails = await measureMany(
    ctx,
    doubtful.map(({ subject, overdueSeconds }) => ({
      ...requestOf(subject, at),
      windowSeconds: Math.min(overdueSeconds, tailOf(ctx, subject)),
      breach: undefined,
    })),
  );
  for (const [index, { subject, reading, overdueSeconds }] of doubtful.entries()) {
    const { value } = tails[index] as MeasureResult;
    // What is not measured yet is waited for, but not for ever: then the whole window counts.
    reading.isLasting =
      value === null ? overdueSeconds >= tailOf(ctx, subject) : isBreach(subject.rule, value);
  }
}

function requestOf({ service, environment, rule, standing }: Kind<'metric'>, endsAt: Date): MeasureRequest {
  const { comparison, threshold, forSeconds, source } = rule;
  const { measure, windowSeconds } = source;
  const request = { service, environment, measure, windowSeconds, endsAt };
  // The beginning of what fires already is known.
  if (standing.state === 'firing') return request;
  const lookbackSeconds = Math.min(LOOKBACK_MAX, forSeconds + windowSeconds);
  return { ...request, breach: { comparison, threshold, lookbackSeconds } };
}

function seeMetric(
  at: Date,
  { rule, standing }: Kind<'metric'>,
  result: MeasureResult,
  lateSeconds: number,
): Seen {
  const { value, reason, windows = [], mayBeOlder = false } = result;
  if (reason === 'no_data') return see({ kind: 'missing', at }, null);
  if (value === null) return see({ kind: 'silent', at }, null, result.traffic);
  const oldest = new Date((windows.at(-1)?.endsAt ?? at).getTime() - rule.source.windowSeconds * 1_000);
  const dated = { since: result.breachedSince ?? at, mayBeOlder, oldest, lateMs: lateSeconds * 1_000 };
  const began = standing.state === 'firing' ? standing.breachSince : beganAt(standing, dated);
  const breachedSince = isBreach(rule, value) ? (began ?? at) : null;
  const since = breachedSince?.getTime() ?? at.getTime();
  const traffic =
    result.traffic === null
      ? null
      : Math.max(
          result.traffic,
          windows
            .filter(({ endsAt }) => endsAt.getTime() > since)
            .reduce((sum, each) => sum + (each.traffic ?? 0), 0),
        );
  return see({ kind: 'value', at, value, traffic, breachedSince, isLasting: true }, value, traffic);
}

/**
 * How long ago its for-duration ended, of what would fire now, seconds; null for the rest. It has lasted when there is
 * something bad after that end: a window by itself goes on breaching for a while after a spike.
 */
function overdueOf({ rule, standing }: Kind<'metric'>, reading: Reading): number | null {
  if (reading.kind !== 'value' || !reading.breachedSince || standing.state === 'firing') return null;
  const since = countedSince({ ...standing, breachSince: reading.breachedSince });
  const overdueMs = reading.at.getTime() - since.getTime() - rule.forSeconds * 1_000;
  return rule.forSeconds > 0 && overdueMs >= 0 ? Math.max(overdueMs, 1) / 1_000 : null;
}

function tailOf(ctx: Ctx, subject: Kind<'metric'>): number {
  const every = (findEnvironmentConfig(ctx, subject)?.metrics?.intervalMs ?? 1_000) / 1_000;
  return Math.min(subject.rule.source.windowSeconds, Math.max(TAIL_SECONDS, every * TAIL_SCRAPES));
}
