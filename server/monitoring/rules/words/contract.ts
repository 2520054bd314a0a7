import type { Comparison } from '#server/metrics/contract';
import type { SecurityKind } from '#server/monitoring/security-events/contract';

/*
 * What pages show of rules: lists, labels and sentences, without the schemas, which a browser has no use for.
 */

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const SEVERITY_LABELS: Record<Severity, string> = {
  critical: 'Critical',
  warning: 'Warning',
  info: 'Information',
};

/** unknown: neither fires nor passes, and pages after a time; ok: counts as well; breach: counts as a breach. */
export const MISSING_DATA = ['unknown', 'ok', 'breach'] as const;
export type MissingData = (typeof MISSING_DATA)[number];

export const MISSING_DATA_LABELS: Record<MissingData, string> = {
  unknown: 'Unknown: neither fires nor passes, and pages after a time',
  ok: 'Well: as if nothing were wrong',
  breach: 'A breach: as if the threshold were passed',
};

export const RULE_ACTIONS = ['none', 'rollback', 'rollback_and_lockdown'] as const;
export type RuleAction = (typeof RULE_ACTIONS)[number];

export const RULE_ACTION_LABELS: Record<RuleAction, string> = {
  none: 'Only tell people',
  rollback: 'Roll back by itself',
  rollback_and_lockdown: 'Lock down at once, and roll back',
};

export const COMPARISON_WORDS: Record<Comparison, string> = {
  '>': 'above',
  '>=': 'at or above',
  '<': 'below',
  '<=': 'at or below',
};

/** Every kind of hostile event, or any of them. */
export type EventKind = SecurityKind | 'any';

export const RULE_STATES = ['inactive', 'pending', 'firing', 'unknown', 'no_data'] as const;
export type RuleStateName = (typeof RULE_STATES)[number];

export const RULE_STATE_LABELS: Record<RuleStateName, string> = {
  inactive: 'Well',
  pending: 'Breach begun',
  firing: 'Firing',
  unknown: 'Unknown',
  no_data: 'No data yet',
};

interface Selector {
  metric: string;
  labels?: Record<string, string> | undefined;
}

/** What a rule looks at, as far as words need it; the schema is `ruleSource`. */
export type SourceInWords =
  | { type: 'check'; checkKey: string }
  | { type: 'events'; eventKind: EventKind; windowSeconds: number }
  | {
      type: 'metric';
      measure:
        | ({ kind: 'rate' | 'increase' } & Selector)
        | ({ kind: 'gauge'; aggregate: string } & Selector)
        | ({ kind: 'quantile'; q: number; scale?: number | undefined } & Selector)
        | { kind: 'ratio'; numerator: Selector | Selector[]; denominator: Selector | Selector[] };
    };

/** A duration of whole seconds as people say it: 90 s, 2 min, 1 h 30 min. */
export function durationWords(total: number): string {
  if (total < 120 && total % 60 !== 0) return `${total} s`;
  const [hours, minutes, rest] = [Math.floor(total / 3_600), Math.floor((total % 3_600) / 60), total % 60];
  return [hours ? `${hours} h` : '', minutes ? `${minutes} min` : '', rest || total === 0 ? `${rest} s` : '']
    .filter(Boolean)
    .join(' ');
}

/** The unit that a source's values are shown with. */
export function unitOf(source: SourceInWords): string {
  if (source.type === 'check') return ' in a row';
  if (source.type === 'events') return '';
  const { measure: what } = source;
  if (what.kind === 'ratio') return ' %';
  if (what.kind === 'rate') return '/s';
  if (what.kind === 'quantile') return what.scale === 1_000 ? ' ms' : what.scale ? '' : ' s';
  return '';
}

/** A value with its unit, rounded to what people read. */
export function valueWords(value: number, source: SourceInWords): string {
  const size = Math.abs(value);
  const rounded = size >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return `${rounded.toLocaleString('en-GB')}${unitOf(source)}`;
}

/** What a source looks at, as the subject of a sentence. */
export function sourceWords(source: SourceInWords): string {
  if (source.type === 'check') return `Failures of the check ${source.checkKey}`;
  if (source.type === 'events') {
    const kind =
      source.eventKind === 'any' ? 'Hostile requests' : `Events of ${source.eventKind.replaceAll('_', ' ')}`;
    return `${kind} within ${durationWords(source.windowSeconds)}`;
  }
  const { measure: what } = source;
  switch (what.kind) {
    case 'ratio':
      return `Share of ${selectorWords(what.numerator)} in ${selectorWords(what.denominator)}`;
    case 'quantile':
      return `p${what.q * 100} of ${selectorWords(what)}`;
    case 'gauge':
      return `${what.aggregate} of ${selectorWords(what)}`;
    default:
      return `${what.kind} of ${selectorWords(what)}`;
  }
}

function selectorWords(selector: Selector | Selector[]): string {
  if (Array.isArray(selector)) return selector.map(selectorWords).join(' + ');
  const labels = Object.entries(selector.labels ?? {}).map(([name, value]) => `${name}="${value}"`);
  return labels.length > 0 ? `${selector.metric}{${labels.join(', ')}}` : selector.metric;
}

/** When a rule fires, as one sentence. */
export function ruleWords(rule: {
  source: SourceInWords;
  comparison: Comparison;
  threshold: number;
  forSeconds: number;
  minimumTraffic: number;
}): string {
  const { source, comparison, threshold, forSeconds, minimumTraffic } = rule;
  const lasting = forSeconds > 0 ? ` for ${durationWords(forSeconds)}` : '';
  const traffic = minimumTraffic > 0 ? `, with at least ${minimumTraffic} requests` : '';
  return `${sourceWords(source)} ${COMPARISON_WORDS[comparison]} ${valueWords(threshold, source)}${lasting}${traffic}.`;
}
