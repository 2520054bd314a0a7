import type { FormValues } from '#app/http/form.server';
import type { GaugeAggregate } from '#server/metrics/contract';
import type { RuleSource, RuleView } from '#server/monitoring/rules/contract';

/** What a rule can look at, as its form asks for it. */
export const SOURCE_KINDS = ['ratio', 'quantile', 'rate', 'gauge', 'check', 'events'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

export const SOURCE_KIND_LABELS: Record<SourceKind, string> = {
  ratio: 'Share of one counter in another, in percent',
  quantile: 'Quantile of a histogram',
  rate: 'Counter a second',
  gauge: 'Gauge',
  check: 'Failures of a check in a row',
  events: 'Hostile requests',
};

export const GAUGE_AGGREGATES: readonly GaugeAggregate[] = ['avg', 'max', 'min', 'sum', 'last'];

/** Strings only: what a form begins with and what it sends. */
export type RuleForm = Record<string, string>;

export const RULE_DEFAULTS: RuleForm = {
  kind: 'ratio',
  comparison: '>',
  forSeconds: '120',
  windowSeconds: '15',
  minimumTraffic: '20',
  missingData: 'unknown',
  severity: 'warning',
  channel: 'ALERTS',
  action: 'none',
  intervalSeconds: '10',
  aggregate: 'avg',
  q: '0.95',
  scale: '1000',
  eventKind: 'sql_injection',
  checkKey: 'health',
};

/** What a kind begins with, so that the fields that it does not have are no obstacle. */
export function defaultsFor(kind: SourceKind): RuleForm {
  const counted = { comparison: '>=', threshold: '3', forSeconds: '0', minimumTraffic: '0' };
  if (kind === 'check') return { ...RULE_DEFAULTS, ...counted, kind, intervalSeconds: '1' };
  if (kind === 'events') return { ...RULE_DEFAULTS, ...counted, kind, windowSeconds: '600' };
  return { ...RULE_DEFAULTS, kind, minimumTraffic: kind === 'gauge' ? '0' : '20' };
}

/** What was typed for one kind, for the form of another: all but what was left as its kind has it. */
export function formForKind(kind: SourceKind, typed: FormValues): RuleForm {
  const before = defaultsFor(kindOf(typed.kind));
  const kept = Object.entries(typed).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && entry[1] !== '' && entry[1] !== before[entry[0]],
  );
  return { ...defaultsFor(kind), ...Object.fromEntries(kept), kind };
}

export function kindOf(value: unknown): SourceKind {
  return SOURCE_KINDS.find((kind) => kind === value) ?? 'ratio';
}

/** Labels as people write them: `status=5xx, route=~/api/*`. */
function readLabels(text: string): Record<string, string> | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const entries = parts.filter(Boolean).map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? [part, ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function writeLabels(labels: Record<string, string> | undefined): string {
  return Object.entries(labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

/** False for labels that would come back from the form as others, such as a value with a comma. */
function canWriteLabels(labels: Record<string, string> = {}): boolean {
  const read = readLabels(writeLabels(labels)) ?? {};
  const names = Object.keys(labels);
  return names.length === Object.keys(read).length && names.every((name) => read[name] === labels[name]);
}

/** The rule that a form describes, for a command to check. */
export function ruleOf(values: FormValues): Record<string, unknown> {
  const text = (name: string): string => {
    const value = values[name];
    return typeof value === 'string' ? value.trim() : '';
  };
  const fields = ['title', 'comparison', 'threshold', 'resolveThreshold', 'forSeconds', 'minimumTraffic'];
  const more = ['missingData', 'severity', 'channel', 'mentions', 'action', 'intervalSeconds'];
  const [service = '', environment = ''] = text('place').split('/');
  return {
    ...Object.fromEntries([...fields, ...more].map((name) => [name, text(name)])),
    service,
    environment,
    dryRun: text('dryRun') === 'on',
    enabled: text('enabled') !== 'off',
    source: sourceOf(text),
  };
}

function sourceOf(text: (name: string) => string): unknown {
  const kind = kindOf(text('kind'));
  const windowSeconds = text('windowSeconds');
  if (kind === 'check') return { type: 'check', checkKey: text('checkKey') };
  if (kind === 'events') return { type: 'events', eventKind: text('eventKind'), windowSeconds };
  const selector = { metric: text('metric'), labels: readLabels(text('labels')) };
  const measure = {
    ratio: {
      kind: 'ratio',
      numerator: selector,
      denominator: { metric: text('ofMetric'), labels: readLabels(text('ofLabels')) },
    },
    quantile: {
      kind: 'quantile',
      ...selector,
      q: Number(text('q')),
      scale: text('scale') === '' ? undefined : Number(text('scale')),
    },
    rate: { kind: 'rate', ...selector },
    gauge: { kind: 'gauge', ...selector, aggregate: text('aggregate') },
  }[kind];
  return { type: 'metric', measure, windowSeconds };
}

/** A rule as its form begins; null for a source that the form has no fields for, which the API alone can change. */
function formOf(rule: RuleView): RuleForm | null {
  const source = sourceFields(rule.source);
  if (!source) return null;
  return {
    ...source,
    key: rule.key,
    version: String(rule.version),
    title: rule.title,
    place: [rule.service, rule.environment].filter(Boolean).join('/'),
    comparison: rule.comparison,
    threshold: String(rule.threshold),
    resolveThreshold: rule.resolveThreshold === null ? '' : String(rule.resolveThreshold),
    forSeconds: String(rule.forSeconds),
    minimumTraffic: String(rule.minimumTraffic),
    missingData: rule.missingData,
    severity: rule.severity,
    channel: rule.channel,
    mentions: rule.mentions.map((handle) => `@${handle}`).join(' '),
    action: rule.action,
    dryRun: rule.dryRun ? 'on' : '',
    enabled: rule.enabled ? 'on' : 'off',
    intervalSeconds: String(rule.intervalSeconds),
  };
}

/**
 * What the form of a rule begins with after an answer: what was typed, over the rule. The version that was looked at stays;
 * after a conflict it is the rule's of now, and so is whether it is on, which the form does not ask for.
 */
export function formGoingOn(rule: RuleView, typed: RuleForm, isConflict: boolean): RuleForm | null {
  const stored = formOf(rule);
  if (!stored || Object.keys(typed).length === 0) return stored;
  const { version = '', enabled = '' } = stored;
  return { ...stored, dryRun: '', ...typed, ...(isConflict ? { version, enabled } : {}) };
}

function sourceFields(source: RuleSource): RuleForm | null {
  if (source.type === 'check') return { kind: 'check', checkKey: source.checkKey };
  const windowSeconds = String(source.windowSeconds);
  if (source.type === 'events') return { kind: 'events', eventKind: source.eventKind, windowSeconds };
  const { measure } = source;
  if (measure.kind === 'increase') return null;
  if (measure.kind === 'ratio') {
    const { numerator, denominator } = measure;
    if (Array.isArray(numerator) || Array.isArray(denominator)) return null;
    if (!canWriteLabels(numerator.labels) || !canWriteLabels(denominator.labels)) return null;
    return {
      kind: 'ratio',
      windowSeconds,
      metric: numerator.metric,
      labels: writeLabels(numerator.labels),
      ofMetric: denominator.metric,
      ofLabels: writeLabels(denominator.labels),
    };
  }
  if (!canWriteLabels(measure.labels)) return null;
  const common = {
    kind: measure.kind,
    windowSeconds,
    metric: measure.metric,
    labels: writeLabels(measure.labels),
  };
  if (measure.kind === 'quantile')
    return { ...common, q: String(measure.q), scale: String(measure.scale ?? '') };
  return measure.kind === 'gauge' ? { ...common, aggregate: measure.aggregate } : common;
}

/** Where the form has the field that an error is about. */
export function fieldErrors(fields: Record<string, string[]>): Record<string, string[]> {
  const names: [RegExp, string][] = [
    [/^source\.measure\.denominator\.metric/, 'ofMetric'],
    [/^source\.measure\.denominator/, 'ofLabels'],
    [/^source\.measure(\.numerator)?\.labels/, 'labels'],
    [/^source\.measure(\.numerator)?(\.metric)?$/, 'metric'],
    [/^source\.measure\./, ''],
    [/^source\./, ''],
    [/^(service|environment)$/, 'place'],
    [/^mentions/, 'mentions'],
  ];
  const found: Record<string, string[]> = {};
  for (const [path, words] of Object.entries(fields)) {
    const [pattern, to] = names.find(([each]) => each.test(path)) ?? [/^/, path];
    const name = to === '' ? path.replace(pattern, '') : to;
    found[name] = [...(found[name] ?? []), ...words];
  }
  return found;
}
