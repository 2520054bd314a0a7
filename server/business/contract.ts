import * as z from 'zod/mini';
import { IMPACT_KINDS } from '#server/business/words/contract';
import { incidentNumberInput } from '#server/incidents/contract';
import { timestamp } from '#server/platform/contract';
import { defineEvent } from '#server/platform/events-contract';

const number = incidentNumberInput;
const amount = (which: string) =>
  z
    .optional(z.string().check(z.trim(), z.maxLength(20, 'Write an amount, like 1250.00.')))
    .check(z.describe(`${which} of the lost revenue, as a decimal number like 1250.00. Both or neither.`));
const users = (which: string) =>
  z
    .optional(
      z.coerce
        .number('Give a whole number.')
        .check(z.int('Give a whole number.'), z.minimum(0, 'Give 0 or more.'), z.maximum(2_000_000_000)),
    )
    .check(z.describe(`${which} of the users affected. Both or neither.`));

/** The number of a merged incident leads to the one that goes on. */
export const impactInput = z.object({ number });

export const impactsInput = z.object({ numbers: z.array(z.int()).check(z.maxLength(500)) });

export const overrideImpactInput = z.object({
  number,
  seen: z
    .string()
    .check(
      z.regex(/^\d{1,18}$/, 'Give the id of the last entry that you looked at, or 0.'),
      z.describe(
        'The id of the last entry of the history that was looked at, `0` for none: when somebody was quicker, nothing is changed.',
      ),
    ),
  revenueLow: amount('The least'),
  revenueHigh: amount('The most'),
  currency: z
    .optional(
      z.string().check(z.trim(), z.toUpperCase(), z.regex(/^[A-Z]{3}$/, 'Write three letters, like EUR.')),
    )
    .check(z.describe('Absent: that of the last entry, or of the source.')),
  usersLow: users('The least'),
  usersHigh: users('The most'),
  reason: z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500)),
});

export const businessSums = z.object({
  orders: z.int(),
  revenueMinor: z.int(),
  payments: z.int().check(z.describe('Attempts.')),
  failedPayments: z.int(),
  visits: z.int(),
  visitors: z.int().check(z.describe('Different ones.')),
});
/** What a service took in within a span of time. */
export type BusinessSums = z.infer<typeof businessSums>;

const why = z.nullable(z.string());

export const impactWeek = z.object({
  weeksBefore: z.int(),
  from: timestamp,
  until: timestamp,
  sums: z.nullable(businessSums),
  leftOut: why.check(z.describe('Why this week does not count.')),
  visitsLeftOut: why.check(z.describe('Why its visitors do not count.')),
});
export type ImpactWeek = z.infer<typeof impactWeek>;

export const impactInputs = z.object({
  service: z.string(),
  environment: z.string(),
  currency: z.string(),
  measuredAt: timestamp,
  actual: businessSums,
  weeks: z.array(impactWeek),
});
export type ImpactInputs = z.infer<typeof impactInputs>;

const minor = z.nullable(z.int());

export const impactEntry = z.object({
  id: z.string(),
  kind: z.enum(IMPACT_KINDS),
  method: z.nullable(z.string()),
  methodVersion: z.nullable(z.int()),
  from: timestamp,
  until: timestamp.check(z.describe('The end of the incident, or when it was reckoned.')),
  currency: z.nullable(z.string()),
  revenueLowMinor: minor.check(z.describe('In minor units, like cents; null: cannot be said.')),
  revenueHighMinor: minor,
  revenueProblem: why.check(z.describe('Why the lost revenue cannot be estimated.')),
  usersLow: z.nullable(z.int()),
  usersHigh: z.nullable(z.int()),
  usersProblem: why,
  inputs: z.nullable(impactInputs).check(z.describe('All that it was reckoned from.')),
  reason: why,
  authorName: z.string(),
  recordedAt: timestamp,
});
export type ImpactEntry = z.infer<typeof impactEntry>;

export const incidentImpact = z.object({
  incidentNumber: z.int(),
  incidentName: z.string(),
  durationMs: z.int().check(z.describe('From its beginning to its end, or to now.')),
  source: z
    .nullable(z.object({ service: z.string(), environment: z.string(), currency: z.string() }))
    .check(z.describe('Where orders, payments and visits are read.')),
  sourceProblem: why.check(z.describe('Why they are read nowhere.')),
  current: z.nullable(impactEntry).check(z.describe('The entry that counts.')),
  history: z.array(impactEntry).check(z.describe('All entries, the last first.')),
});
export type IncidentImpact = z.infer<typeof incidentImpact>;

/** All is known of what an incident cost that can be known by now; with what was recorded of it, if anything was. */
export const incidentImpactKnown = defineEvent(
  'incident.impact-known',
  z.object({
    number: z.int(),
    recorded: z.nullable(
      z.object({ id: z.string(), kind: z.enum(IMPACT_KINDS), text: z.string(), authorName: z.string() }),
    ),
  }),
);
