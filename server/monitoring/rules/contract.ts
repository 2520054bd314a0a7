import * as z from 'zod/mini';
import { COMPARISONS, type Comparison, measure } from '#server/metrics/contract';
import { MISSING_DATA, RULE_ACTIONS, RULE_STATES, SEVERITIES } from '#server/monitoring/rules/words/contract';
import { SECURITY_KINDS } from '#server/monitoring/security-events/contract';
import { CHANNELS } from '#server/notifications/contract';
import { timestamp } from '#server/platform/contract';

const EVENT_KINDS = [...SECURITY_KINDS, 'any'] as const;

export const WINDOW_SECONDS_MAX = 3_600;
export const FOR_SECONDS_MAX = 86_400;
const TRAFFIC_MAX = 1_000_000_000;
/** Failures and events are counted up to here. */
const COUNTED_MAX = 10_000;

const whole = (words: string, least: number, most: number) =>
  z.coerce
    .number<number | string>(words)
    .check(
      z.int(words),
      z.minimum(least, `Enter ${least} or more.`),
      z.maximum(most, `Enter ${most} or less.`),
    );
/** Where 0 is a number like others: "" and null are refused, which `z.coerce` alone takes for it. */
const notBlank = (words: string, schema: z.ZodMiniType<number, number | string>) =>
  z.pipe(z.union([z.number(), z.string().check(z.trim(), z.minLength(1, words))], words), schema);
const seconds = (least: number, most: number) => whole('Enter whole seconds.', least, most);

/**
 * What a rule looks at: a measure over a window; how often a check failed in a row; or how many hostile requests there
 * were in a window.
 */
export const ruleSource = z.discriminatedUnion('type', [
  z.object({ type: z.literal('metric'), measure, windowSeconds: seconds(5, WINDOW_SECONDS_MAX) }),
  z.object({
    type: z.literal('check'),
    checkKey: z
      .string()
      .check(z.trim(), z.regex(/^[a-z][a-z0-9-]{0,59}$/, 'Name a check by its key, such as health.')),
  }),
  z.object({
    type: z.literal('events'),
    eventKind: z.enum(EVENT_KINDS, `Choose one of ${EVENT_KINDS.join(', ')}.`),
    windowSeconds: seconds(10, 86_400),
  }),
]);
export type RuleSource = z.infer<typeof ruleSource>;

const blankToNull = <O>(schema: z.ZodMiniType<O, unknown>) =>
  z.pipe(
    z.transform((value: unknown): unknown => (value === '' || value === undefined ? null : value)),
    z.nullable(schema),
  );
const number = notBlank(
  'Enter a number.',
  z.coerce.number<number | string>('Enter a number.').check(z.refine(Number.isFinite, 'Enter a number.')),
);
const place = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'Choose one of the configuration.'));
const flag = z._default(z.union([z.boolean(), z.stringbool()]), false);
const handles = z.pipe(
  z.transform((value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : (value ?? []))),
  z
    .array(
      z.string().check(
        z.trim(),
        z.toLowerCase(),
        z.overwrite((value: string) => value.replace(/^@/, '')),
        z.regex(/^[a-z0-9][a-z0-9._-]{0,59}$/, 'Enter handles, like @tech-lead @devops.'),
      ),
    )
    .check(z.maxLength(10, 'At most 10 handles.')),
);

const key = z
  .string()
  .check(
    z.trim(),
    z.regex(/^[a-z][a-z0-9-]{1,59}$/, 'Use lower-case letters, digits and dashes, 2 to 60 of them.'),
  );

/** True when what counts as well again would still breach. */
function isWellTooEarly(rule: {
  comparison: Comparison;
  threshold: number;
  resolveThreshold: number | null;
}): boolean {
  const { comparison, threshold, resolveThreshold } = rule;
  if (resolveThreshold === null) return false;
  return comparison.startsWith('>') ? resolveThreshold > threshold : resolveThreshold < threshold;
}

const ruleFields = {
  title: z.string().check(z.trim(), z.minLength(3, 'Say what is wrong when it fires.'), z.maxLength(120)),
  service: blankToNull(place),
  environment: blankToNull(place),
  source: ruleSource,
  comparison: z.enum(COMPARISONS, `Choose one of ${COMPARISONS.join(' ')}.`),
  threshold: number,
  resolveThreshold: blankToNull(number),
  forSeconds: notBlank('Enter whole seconds.', seconds(0, FOR_SECONDS_MAX)),
  minimumTraffic: z._default(
    z.coerce
      .number('Enter a number of requests.')
      .check(z.minimum(0, 'Enter 0 or more.'), z.maximum(TRAFFIC_MAX, 'Enter fewer.')),
    0,
  ),
  missingData: z._default(z.enum(MISSING_DATA), 'unknown'),
  severity: z.enum(SEVERITIES, `Choose one of ${SEVERITIES.join(', ')}.`),
  channel: z.enum(CHANNELS, `Choose a channel: ${CHANNELS.join(', ')}.`),
  mentions: handles,
  action: z._default(z.enum(RULE_ACTIONS), 'none'),
  dryRun: flag,
  enabled: z._default(z.union([z.boolean(), z.stringbool()]), true),
  intervalSeconds: z._default(seconds(1, 3_600), 10),
};

type Fields = z.infer<ReturnType<typeof plainRule>>;
const plainRule = () => z.object(ruleFields);

/** What is wrong with a rule whose fields are fine one by one, by field. */
export function findFaults(rule: Fields): { path: string[]; message: string }[] {
  const faults: { path: string[]; message: string }[] = [];
  const add = (path: string, message: string) => faults.push({ path: path.split('.'), message });
  const { source, threshold } = rule;
  if (rule.environment !== null && rule.service === null)
    add('service', 'Choose the service of the environment as well.');
  if (isWellTooEarly(rule)) {
    add(
      'resolveThreshold',
      `It would be well again while it still breaches. Enter ${threshold} or a value on its good side.`,
    );
  }
  if (rule.action !== 'none' && rule.missingData === 'breach')
    add('missingData', 'Nothing acts by itself on what was not measured. Choose another, or no action.');
  if (source.type === 'metric') {
    const { kind } = source.measure;
    if (kind === 'ratio' && (threshold < 0 || threshold > 100))
      add('threshold', 'A share is 0 to 100 percent.');
    if ((kind === 'rate' || kind === 'increase' || kind === 'quantile') && threshold < 0)
      add('threshold', 'It is never below 0.');
    if (rule.action !== 'none' && kind !== 'gauge' && rule.minimumTraffic < 1)
      add('minimumTraffic', 'One failed request must not roll a release back. Enter 1 or more.');
    // A window that is longer than the time would make a short spike last.
    if (rule.forSeconds > 0 && source.windowSeconds > rule.forSeconds)
      add(
        'source.windowSeconds',
        `Enter ${rule.forSeconds} seconds or less: no more than the time it must last.`,
      );
    if (rule.action !== 'none' && rule.forSeconds === 0)
      add('forSeconds', 'A spike must not roll a release back. Enter 1 second or more.');
  } else {
    if (!Number.isInteger(threshold) || threshold < 1) add('threshold', 'Enter a whole number, 1 or more.');
    else if (threshold >= COUNTED_MAX)
      add('threshold', `No more than ${COUNTED_MAX} are counted. Enter a lower number.`);
    if (rule.comparison.startsWith('<'))
      add('comparison', 'Choose > or >=: few failures are no reason to fire.');
    if (rule.minimumTraffic > 0) add('minimumTraffic', 'Only metrics know of traffic. Enter 0.');
  }
  return faults;
}

const checkWhole = <T extends Fields>() =>
  z.check<T>((ctx) => {
    for (const fault of findFaults(ctx.value))
      ctx.issues.push({ code: 'custom', path: fault.path, message: fault.message, input: ctx.value });
  });

/** A rule as people write it. */
export const ruleDefinition = z.object(ruleFields).check(checkWhole());
export type RuleDefinition = z.infer<typeof ruleDefinition>;

export const createRuleInput = z.object({ key, ...ruleFields }).check(checkWhole());
/** The whole rule again, with the version that was looked at. */
export const updateRuleInput = z
  .object({ key, version: z.coerce.number().check(z.int('Open the page again.')), ...ruleFields })
  .check(checkWhole());
export const ruleInput = z.object({ key });
export const switchRuleInput = z.object({
  key,
  enabled: z.optional(z.union([z.boolean(), z.stringbool()])),
  dryRun: z.optional(z.union([z.boolean(), z.stringbool()])),
  reason: z
    .optional(
      z
        .string()
        .check(
          z.trim(),
          z.minLength(3, 'Say why, in a few words.'),
          z.maxLength(500, 'Say it in at most 500 characters.'),
        ),
    )
    .check(z.describe('Kept in the audit log, and with the alerts that are resolved by it.')),
});
export const listRulesInput = z.object({
  search: z.optional(z.string().check(z.trim(), z.maxLength(200))),
  severity: z.optional(z.enum(SEVERITIES)),
  action: z.optional(z.enum(RULE_ACTIONS)),
});

export const PREVIEW_DAYS = 7;
/** A source over the wire: the address of a GET has it as JSON text. */
const sourceField = z.pipe(
  z.transform((value: unknown, ctx): unknown => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      ctx.issues.push({ code: 'custom', message: 'Give the source as JSON.', input: value });
      return z.NEVER;
    }
  }),
  ruleSource,
);

export const previewRuleInput = z
  .object({
    ...ruleFields,
    source: sourceField,
    days: z._default(whole('Enter whole days.', 1, 14), PREVIEW_DAYS),
  })
  .check(checkWhole());
export const testRuleInput = z.object({
  key,
  days: z._default(whole('Enter whole days.', 1, 14), PREVIEW_DAYS),
});

export const ruleStandingView = z.object({
  service: z.string(),
  environment: z.string(),
  state: z.enum(RULE_STATES),
  since: z.nullable(timestamp).check(z.describe('Since when it breaches, or nothing is known.')),
  isFlapping: z.boolean(),
  lastValue: z.nullable(z.number()),
  evaluatedAt: z.nullable(timestamp),
});
export type RuleStandingView = z.infer<typeof ruleStandingView>;

export const ruleView = z.object({
  id: z.string(),
  key: z.string(),
  title: z.string(),
  words: z.string().check(z.describe('When it fires, in words.')),
  service: z.nullable(z.string()).check(z.describe('null: every service.')),
  environment: z.nullable(z.string()).check(z.describe('null: every environment but those for practice.')),
  source: ruleSource,
  comparison: z.enum(COMPARISONS),
  threshold: z.number(),
  resolveThreshold: z.nullable(z.number()),
  forSeconds: z.int(),
  minimumTraffic: z.number(),
  missingData: z.enum(MISSING_DATA),
  severity: z.enum(SEVERITIES),
  channel: z.enum(CHANNELS),
  mentions: z.array(z.string()),
  action: z.enum(RULE_ACTIONS),
  dryRun: z.boolean().check(z.describe('Its action is only noted.')),
  enabled: z.boolean(),
  intervalSeconds: z.int(),
  version: z.int(),
  updatedAt: timestamp,
  updatedByName: z.string(),
  standings: z
    .array(ruleStandingView)
    .check(z.describe('How it stands in each environment; empty while off.')),
});
export type RuleView = z.infer<typeof ruleView>;

/** What a rule would have done in one environment. */
export const previewPlace = z.object({
  service: z.string(),
  environment: z.string(),
  firings: z
    .array(
      z.object({
        breachSince: timestamp,
        firedAt: timestamp,
        resolvedAt: z.nullable(timestamp),
        value: z.nullable(z.number()),
      }),
    )
    .check(z.describe('In order; the first 100.')),
  total: z.int(),
  steps: z.int().check(z.describe('Moments that were looked at, and')),
  stepsWithData: z.int().check(z.describe('how many of them had something to judge by.')),
});
export const rulePreview = z.object({
  from: timestamp,
  to: timestamp,
  stepSeconds: z.int(),
  words: z.string(),
  total: z.int(),
  places: z.array(previewPlace),
  limitation: z.nullable(z.string()).check(z.describe('Why it says less than the rule itself would.')),
});
export type RulePreview = z.infer<typeof rulePreview>;

/** What the rule sees this moment, in one environment. */
export const ruleTest = z.object({
  preview: rulePreview,
  now: z.array(
    z.object({
      service: z.string(),
      environment: z.string(),
      value: z.nullable(z.number()),
      traffic: z.nullable(z.number()),
      breaches: z.boolean(),
      note: z.nullable(z.string()),
    }),
  ),
});
export type RuleTest = z.infer<typeof ruleTest>;
