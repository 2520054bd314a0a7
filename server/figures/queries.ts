import { can } from '#server/auth/contract';
import { defineQuery } from '#server/auth/guard';
import {
  type FigureIncident,
  type FigureIncidentPage,
  type Figures,
  figureIncidentBatchInput,
  figureIncidentFilter,
  figuresInput,
  type TimeFigure,
} from '#server/figures/contract';
import { readCounts, readOverdue, readWeeks } from '#server/figures/counts';
import { type Deploy, readDeploys } from '#server/figures/deploys';
import { kindOf, readMilestones } from '#server/figures/milestones';
import { assertScope, incidentsOf, type Scope } from '#server/figures/places';
import {
  judgeDeploy,
  leadTimeOf,
  milestonesOf,
  restoreTimeOf,
  type Span,
  spanOf,
  type Tally,
  type Time,
  tallyOf,
  weekOf,
} from '#server/figures/state';
import type { FigurePeriod, MilestoneKey, TimeKind } from '#server/figures/words/contract';
import {
  type IncidentCause,
  type IncidentLevel,
  type IncidentState,
  incidentName,
} from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

const WEEK_MS = 7 * 86_400_000;
/** Failed deploys that are named. */
const FAILURES_SHOWN = 20;

/**
 * What incidents, deploys and action items come to in a period, beside the one before it.
 * @throws AppError `unprocessable` for a place that there is not, or that is for practice
 */
export const readFigures = defineQuery({
  name: 'figures.read',
  access: 'incidents.read',
  input: figuresInput,
  handle: async (ctx, { period, service, environment }): Promise<Figures> => {
    const scope = { service, environment };
    assertScope(ctx, scope);
    const now = ctx.clock.now();
    const span = spanOf(period, now);
    const oldest = new Date(Math.min(span.before.getTime(), span.weeksFrom.getTime()));
    const where = incidentsOf(ctx, scope, span.before, span.to);
    const [times, counts, weeks, deploys, actionItems, [ever]] = await Promise.all([
      readMilestones(ctx, where, span.from),
      readCounts(ctx, where, span.from),
      readWeeks(ctx, incidentsOf(ctx, scope, span.weeksFrom, span.to), span.weeksFrom),
      readDeploys(ctx, scope, oldest, span.to),
      readOverdue(ctx, scope, now),
      ctx.db.$queryRaw<{ found: boolean }[]>`
        SELECT EXISTS (SELECT FROM incident) OR EXISTS (SELECT FROM deployment) AS found`,
    ]);
    const within = deploys.filter(({ startedAt }) => startedAt >= span.from);
    const earlier = deploys.filter(({ startedAt }) => startedAt < span.from && startedAt >= span.before);
    const figure = (key: MilestoneKey): TimeFigure => ({ ...times[key].now, before: times[key].before });
    const ofDeploys = (timeOf: (deploy: Deploy) => Time | null): TimeFigure => ({
      ...tally(within, timeOf),
      before: tally(earlier, timeOf),
    });
    return {
      period,
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      service: service ?? null,
      environment: environment ?? null,
      hasAnything: ever?.found ?? false,
      incidents: counts,
      detect: figure('detect'),
      acknowledge: figure('acknowledge'),
      resolve: figure('resolve'),
      frequency: { ...frequencyOf(within, span), before: frequencyOf(earlier, span) },
      leadTime: ofDeploys(leadTimeOf),
      changeFailure: { ...failureRateOf(within, now), before: failureRateOf(earlier, now) },
      restore: ofDeploys((deploy) => restoreTimeOf(deploy, now)),
      failures: failuresOf(within, now),
      actionItems: can(ctx.actor, 'postmortems.read') ? actionItems : { ...actionItems, owners: [] },
      weeks: weeksOf(weeks, deploys, span),
    };
  },
});

/** A page of the incidents that the figures are of, those that began last first; with those merged into another. */
export const listFigureIncidents = defineQuery({
  name: 'figures.list-incidents',
  access: 'incidents.read',
  input: figureIncidentFilter,
  handle: async (ctx, filter): Promise<FigureIncidentPage> => {
    const { page, pageSize } = filter;
    const where = behindFigures(ctx, filter);
    const order = Prisma.sql`i.started_at DESC, i.number DESC`;
    const [rows, [count]] = await Promise.all([
      readIncidents(ctx, where, order, pageSize, (page - 1) * pageSize),
      ctx.db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM incident i WHERE ${where}`,
    ]);
    return { rows, total: count?.total ?? 0, page, pageSize };
  },
});

/** The same by number, a batch after `afterNumber` at a time. */
export const readFigureIncidentBatch = defineQuery({
  name: 'figures.read-incident-batch',
  access: 'incidents.read',
  input: figureIncidentBatchInput,
  handle: (ctx, { afterNumber, ...filter }): Promise<FigureIncident[]> => {
    const where = Prisma.sql`${behindFigures(ctx, filter)} AND i.number > ${afterNumber}`;
    return readIncidents(ctx, where, Prisma.sql`i.number`, filter.pageSize, 0);
  },
});

interface BehindFilter extends Scope {
  period: FigurePeriod;
  milestone?: MilestoneKey | undefined;
  kind?: TimeKind | undefined;
}

function behindFigures(ctx: Ctx, { period, milestone, kind, ...scope }: BehindFilter): Prisma.Sql {
  assertScope(ctx, scope);
  const { from, to } = spanOf(period, ctx.clock.now());
  const where = incidentsOf(ctx, scope, from, to);
  return milestone && kind ? Prisma.sql`${where} AND ${kindOf(milestone)} = ${kind}` : where;
}

async function readIncidents(
  ctx: Ctx,
  where: Prisma.Sql,
  order: Prisma.Sql,
  limit: number,
  offset: number,
): Promise<FigureIncident[]> {
  const rows = await ctx.db.$queryRaw<
    {
      number: number;
      title: string;
      level: IncidentLevel;
      state: IncidentState;
      cause: IncidentCause;
      service: string | null;
      environment: string | null;
      startedAt: Date;
      detectedAt: Date;
      acknowledgedAt: Date | null;
      resolvedAt: Date | null;
      isMerged: boolean;
    }[]
  >`
    SELECT i.number, i.title, i.level, i.state, i.cause, i.service, i.environment, i.started_at AS "startedAt",
      i.detected_at AS "detectedAt", i.acknowledged_at AS "acknowledgedAt", i.resolved_at AS "resolvedAt",
      i.merged_into_id IS NOT NULL AS "isMerged"
    FROM incident i WHERE ${where} ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}`;
  return rows.map((row) => ({
    ...row,
    name: incidentName(row.number),
    startedAt: row.startedAt.toISOString(),
    detectedAt: row.detectedAt.toISOString(),
    acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null,
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    ...milestonesOf({ ...row, isByPerson: row.cause === 'person' }),
  }));
}

function tally(deploys: readonly Deploy[], timeOf: (deploy: Deploy) => Time | null): Tally {
  return tallyOf(deploys.flatMap((deploy) => timeOf(deploy) ?? []));
}

function frequencyOf(deploys: readonly Deploy[], { from, to }: Span) {
  const count = deploys.filter(({ validatedAt }) => validatedAt !== null).length;
  return { count, perWeek: count === 0 ? null : (count * WEEK_MS) / (to.getTime() - from.getTime()) };
}

function failureRateOf(deploys: readonly Deploy[], now: Date) {
  const verdicts = deploys.map((deploy) => judgeDeploy(deploy, now));
  const count = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length;
  const [failed, judged] = [count('failed'), count('failed') + count('well')];
  return {
    percent: judged === 0 ? null : (100 * failed) / judged,
    failed,
    judged,
    pending: count('pending'),
    neverLive: count('never_live'),
  };
}

function failuresOf(deploys: readonly Deploy[], now: Date): Figures['failures'] {
  return deploys
    .filter((deploy) => judgeDeploy(deploy, now) === 'failed')
    .slice(0, FAILURES_SHOWN)
    .map((deploy) => ({
      service: deploy.service,
      environment: deploy.environment,
      tag: deploy.tag,
      runId: deploy.runId,
      switchedAt: (deploy.switchedAt as Date).toISOString(),
      why: [
        ...(deploy.next?.isRollbackOfThis ? (['rolled_back'] as const) : []),
        ...(deploy.validatedAt || deploy.isUnderWay ? [] : (['validation'] as const)),
        ...(deploy.incident ? (['incident'] as const) : []),
      ],
      incidentNumber: deploy.incidentNumber,
      restore: restoreTimeOf(deploy, now) as Time,
    }));
}

function weeksOf(
  incidents: Awaited<ReturnType<typeof readWeeks>>,
  deploys: readonly Deploy[],
  span: Span,
): Figures['weeks'] {
  return Array.from({ length: span.weeks }, (_, week) => {
    const from = new Date(span.weeksFrom.getTime() + week * WEEK_MS);
    const own = incidents.find((each) => each.week.getTime() === from.getTime());
    const switched = deploys.filter(({ startedAt }) => weekOf(startedAt, span) === week);
    return {
      from: from.toISOString(),
      incidents: own?.incidents ?? 0,
      severe: own?.severe ?? 0,
      resolveMeanMs: own?.resolveMeanMs ?? null,
      deploys: switched.filter(({ validatedAt }) => validatedAt !== null).length,
      failedDeploys: failureRateOf(switched, span.to).failed,
    };
  });
}
