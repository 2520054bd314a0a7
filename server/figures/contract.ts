import * as z from 'zod/mini';
import { FIGURE_PERIODS, MILESTONES, TIME_KINDS } from '#server/figures/words/contract';
import { INCIDENT_CAUSES, INCIDENT_LEVELS, INCIDENT_STATES } from '#server/incidents/words/contract';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';
import { ROOT_CAUSE_KINDS } from '#server/postmortems/words/contract';

const place = z.optional(z.string().check(z.minLength(1), z.maxLength(40)));
const span = {
  period: z
    ._default(z.enum(FIGURE_PERIODS, `Choose ${FIGURE_PERIODS.join(', ')}.`), '30d')
    .check(z.describe('How far back from now.')),
  service: place,
  environment: place,
};

export const figuresInput = z.object(span);

export const figureIncidentFilter = z.object({
  ...span,
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
  milestone: z
    .optional(z.enum(MILESTONES, `Choose ${MILESTONES.join(', ')}.`))
    .check(z.describe('With `kind`: those of which this time is so.')),
  kind: z.optional(z.enum(TIME_KINDS, `Choose ${TIME_KINDS.join(', ')}.`)),
});

/** The same by number, those after `afterNumber`. */
export const figureIncidentBatchInput = z.extend(figureIncidentFilter, {
  afterNumber: z._default(z.int().check(z.minimum(0)), 0),
});

const ms = z.nullable(z.number());
const timeTally = {
  meanMs: ms,
  medianMs: ms,
  recorded: z.int(),
  pending: z.int().check(z.describe('Still to come.')),
  notApplicable: z.int(),
  invalid: z.int().check(z.describe('In an order that cannot be.')),
};

export const timeFigure = z.object({
  ...timeTally,
  before: z.object(timeTally).check(z.describe('Of the period of the same length before.')),
});
export type TimeFigure = z.infer<typeof timeFigure>;

/** How many there are of a value, and were in the period before. */
const countsOf = <T extends z.ZodMiniType>(value: T) =>
  z.array(z.object({ value, count: z.int(), before: z.int() }));

const changeFailure = {
  percent: z.nullable(z.number()).check(z.describe('Null: no deploy could be judged.')),
  failed: z.int(),
  judged: z.int(),
  pending: z.int().check(z.describe('May still fail: not judged yet.')),
  neverLive: z.int().check(z.describe('Never reached visitors: left out.')),
};

export const failedDeploy = z.object({
  service: z.string(),
  environment: z.string(),
  tag: z.string(),
  runId: z.string(),
  switchedAt: timestamp,
  why: z.array(z.enum(['rolled_back', 'validation', 'incident'])),
  incidentNumber: z.nullable(z.int()),
  restore: z.object({ kind: z.enum(TIME_KINDS), ms }),
});
export type FailedDeploy = z.infer<typeof failedDeploy>;

export const figures = z.object({
  period: z.enum(FIGURE_PERIODS),
  from: timestamp,
  to: timestamp,
  service: z.nullable(z.string()),
  environment: z.nullable(z.string()),
  hasAnything: z.boolean().check(z.describe('False: there has never been an incident or a deploy.')),
  incidents: z.object({
    count: z.int().check(z.describe('That began in the period, without those merged into another.')),
    before: z.int(),
    byLevel: countsOf(z.literal(INCIDENT_LEVELS)),
    byCause: countsOf(z.enum(INCIDENT_CAUSES)).check(z.describe('What opened them.')),
    byRootCause: countsOf(z.nullable(z.enum(ROOT_CAUSE_KINDS))).check(
      z.describe('As their post-mortems say; null: without a post-mortem.'),
    ),
  }),
  detect: timeFigure,
  acknowledge: timeFigure,
  resolve: timeFigure,
  frequency: z.object({
    count: z.int().check(z.describe('Validated deploys.')),
    perWeek: z.nullable(z.number()).check(z.describe('Null: there was none.')),
    before: z.object({ count: z.int(), perWeek: z.nullable(z.number()) }),
  }),
  leadTime: timeFigure,
  changeFailure: z.object({ ...changeFailure, before: z.object(changeFailure) }),
  restore: timeFigure,
  failures: z.array(failedDeploy).check(z.describe('The newest failed deploys, 20 at most.')),
  actionItems: z.object({
    open: z.int(),
    overdue: z.int(),
    owners: z
      .array(z.object({ name: z.string(), overdue: z.int(), open: z.int() }))
      .check(z.describe('Who has overdue ones, most first; empty for who may not read post-mortems.')),
  }),
  weeks: z
    .array(
      z.object({
        from: timestamp.check(z.describe('A Monday, UTC. The last week has not ended.')),
        incidents: z.int(),
        severe: z.int().check(z.describe('Of level 1 and 2.')),
        resolveMeanMs: ms,
        deploys: z.int(),
        failedDeploys: z.int(),
      }),
    )
    .check(z.describe('13 weeks, or 53 for 12 months.')),
});
export type Figures = z.infer<typeof figures>;

const time = z.object({ kind: z.enum(TIME_KINDS), ms });

export const figureIncident = z.object({
  number: z.int(),
  name: z.string(),
  title: z.string(),
  level: z.literal(INCIDENT_LEVELS),
  state: z.enum(INCIDENT_STATES),
  cause: z.enum(INCIDENT_CAUSES),
  service: z.nullable(z.string()),
  environment: z.nullable(z.string()),
  startedAt: timestamp,
  detectedAt: timestamp,
  acknowledgedAt: z.nullable(timestamp),
  resolvedAt: z.nullable(timestamp),
  isMerged: z.boolean(),
  detect: time,
  acknowledge: time,
  resolve: time,
});
export type FigureIncident = z.infer<typeof figureIncident>;

export const figureIncidentPage = pageOf(figureIncident);
export type FigureIncidentPage = z.infer<typeof figureIncidentPage>;
