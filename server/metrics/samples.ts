import {
  FUTURE_SECONDS,
  LABEL_NAME,
  LABEL_VALUE_MAX,
  LABELS_MAX,
  METRIC_KINDS,
  METRIC_NAME,
  type MetricKind,
} from '#server/metrics/contract';
import type { Labels } from '#server/metrics/labels';
import { boundOf } from '#server/metrics/state';

/** A sample that may be kept. */
export interface Sample {
  name: string;
  kind: MetricKind;
  labels: Labels;
  /** ms since 1970 */
  atMs: number;
  value: number;
}

/** Which times are taken, ms since 1970. */
export interface TimeLimits {
  nowMs: number;
  oldestMs: number;
}

const NO_LABELS: Labels = Object.freeze({});
const FIELDS = new Set(['name', 'kind', 'labels', 'at', 'value']);
const KINDS = new Set<unknown>(METRIC_KINDS);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/** Checks one sample as a program sent it. @returns the sample, or in words what is wrong with it and what to send */
export function readSample(raw: unknown, limits: TimeLimits, names: NameCheck): Sample | string {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return 'Send an object with name, kind and value.';
  const { name, kind, labels, at, value } = raw as Record<string, unknown>;
  if (typeof name !== 'string' || !names.isMetric(name)) {
    return 'name: Give 1 to 200 letters, digits, _ or :, no digit first.';
  }
  if (!KINDS.has(kind)) return 'kind: Give counter, gauge or histogram.';
  if (typeof value !== 'number') {
    return typeof value === 'string' && /^[+-]?(nan|inf(inity)?)$/i.test(value)
      ? `value: ${value} cannot be kept; leave the sample out.`
      : 'value: Give a number.';
  }
  if (!Number.isFinite(value)) return 'value: NaN and infinities cannot be kept; leave the sample out.';
  for (const field in raw) if (!FIELDS.has(field)) return `${field.slice(0, 100)}: There is no such field.`;
  const atMs = at === undefined ? limits.nowMs : readTime(at);
  if (atMs === null) return 'at: Give an ISO 8601 time with its zone, or milliseconds since 1970.';
  const timeFault = checkTime(atMs, limits);
  if (timeFault) return timeFault;
  const kept = labels === undefined ? NO_LABELS : readLabels(labels, names);
  if (typeof kept === 'string') return kept;
  return checkKind({ name, kind: kind as MetricKind, labels: kept, atMs, value });
}

/** Remembers names that were found good: a batch has few of them, many times. */
export class NameCheck {
  readonly #metrics = new Set<string>();
  readonly #labels = new Set<string>();

  isMetric(name: string): boolean {
    return isKnown(this.#metrics, METRIC_NAME, name);
  }

  isLabel(name: string): boolean {
    return isKnown(this.#labels, LABEL_NAME, name);
  }
}

function isKnown(known: Set<string>, pattern: RegExp, name: string): boolean {
  if (known.has(name)) return true;
  if (!pattern.test(name)) return false;
  known.add(name);
  return true;
}

function readTime(at: unknown): number | null {
  if (typeof at === 'number') return Number.isFinite(at) ? Math.round(at) : null;
  if (typeof at !== 'string' || !ISO.test(at)) return null;
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? null : ms;
}

/** @returns what is wrong with the time; null when nothing is */
export function checkTime(atMs: number, { nowMs, oldestMs }: TimeLimits): string | null {
  if (atMs > nowMs + FUTURE_SECONDS * 1_000) {
    const ahead = Math.round((atMs - nowMs) / 1_000);
    return `at: ${ahead} s in the future; ${FUTURE_SECONDS} s are allowed. Check the clock of the sender.`;
  }
  if (atMs < oldestMs) {
    const days = Math.floor((nowMs - oldestMs) / 86_400_000);
    return `at: Older than samples are kept, which is ${days} days.`;
  }
  return null;
}

function readLabels(raw: unknown, names: NameCheck): Labels | string {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return 'labels: Give an object of names and texts.';
  }
  const labels = raw as Record<string, unknown>;
  let count = 0;
  let hasEmpty = false;
  for (const name in labels) {
    const value = labels[name];
    if (!names.isLabel(name)) return `labels: "${name.slice(0, 100)}" is no name for a label.`;
    if (typeof value !== 'string') return `labels.${name}: Give a text.`;
    if (value.length > LABEL_VALUE_MAX) return `labels.${name}: ${LABEL_VALUE_MAX} characters at most.`;
    if (!isStorable(value)) return `labels.${name}: This has characters that cannot be kept.`;
    if (value === '') hasEmpty = true;
    count += 1;
  }
  if (count > LABELS_MAX) return `labels: ${LABELS_MAX} at most.`;
  // An empty label is none.
  return hasEmpty
    ? (Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')) as Labels)
    : (labels as Labels);
}

/** Postgres takes neither a zero character nor half of a surrogate pair. */
function isStorable(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0) return false;
    if (code >= 0xd800 && code <= 0xdfff) return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
  }
  return true;
}

/** Buckets are told apart by their bound, written in one way; nothing else has one. */
export function checkKind(sample: Sample): Sample | string {
  const { name, kind, labels, value } = sample;
  const { le } = labels;
  if (kind === 'counter' && value < 0) return 'value: A counter is never below 0.';
  if (kind !== 'histogram') {
    return le === undefined ? sample : 'labels.le: Only buckets, which are of the kind histogram, have it.';
  }
  if (!name.endsWith('_bucket')) return 'name: The name of a bucket ends in _bucket.';
  if (value < 0) return 'value: A bucket counts; it is never below 0.';
  const bound = boundOf(le ?? '');
  if (Number.isNaN(bound)) return 'labels.le: Give the upper bound of the bucket, a number or +Inf.';
  const written = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
  return written === le ? sample : { ...sample, labels: { ...labels, le: written } };
}
