import { can } from '#server/auth/contract';
import { defineQuery } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import { describeApproval } from '#server/runs/approvals';
import {
  findRunByNumberInput,
  getRunInput,
  type Plan,
  type RunDetail,
  type RunLogLine,
  type RunPage,
  type RunSnapshot,
  type RunStatus,
  type RunStepView,
  type RunSummary,
  readRunLogInput,
  runListFilter,
  type StepStatus,
} from '#server/runs/contract';
import { isCancellable, isResumable } from '#server/runs/state';

interface SummaryRow extends Omit<RunSummary, 'createdAt' | 'startedAt' | 'endedAt' | 'deadlineAt'> {
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  deadlineAt: Date | null;
}

const SUMMARY = Prisma.sql`
  r.id, r.number, r.procedure, r.title, r.service, r.environment, r.status::text AS status,
  r.requested_by_name AS "requestedByName", r.requested_by_type AS "requestedByType", r.reason,
  r.plan #>> '{from,tag}' AS "fromTag", r.plan #>> '{to,tag}' AS "toTag",
  r.created_at AS "createdAt", r.started_at AS "startedAt", r.ended_at AS "endedAt",
  r.deadline_at AS "deadlineAt", r.budget_ms AS "budgetMs",
  steps.current AS "currentStep", steps.done AS "stepsDone", steps.total AS "stepsTotal"`;

/** Counts the steps of `run r`. */
const STEPS = Prisma.sql`
  CROSS JOIN LATERAL (
    SELECT min(s.title) FILTER (WHERE s.status = 'running') AS current, count(*)::int AS total,
      (count(*) FILTER (WHERE s.status IN ('succeeded', 'warning', 'skipped')))::int AS done
    FROM run_step s WHERE s.run_id = r.id) steps`;

/** Summaries for the given condition on `run r`, for other domains' pages. The caller has checked the permission. */
export async function findRunSummaries(ctx: Ctx, where: Prisma.Sql, limit: number): Promise<RunSummary[]> {
  const rows = await ctx.db.$queryRaw<SummaryRow[]>`
    SELECT ${SUMMARY} FROM run r ${STEPS} WHERE ${where} ORDER BY r.created_at DESC LIMIT ${limit}`;
  return rows.map(toSummary);
}

/** A page of runs, newest first unless sorted otherwise; `search` looks in number, title, person and reason. */
export const listRuns = defineQuery({
  name: 'runs.list',
  access: 'runs.read',
  input: runListFilter,
  handle: async (ctx, filter): Promise<RunPage> => {
    const conditions: Prisma.Sql[] = [Prisma.sql`true`];
    if (filter.status) conditions.push(Prisma.sql`r.status = ${filter.status}::run_status`);
    if (filter.procedure) conditions.push(Prisma.sql`r.procedure = ${filter.procedure}`);
    if (filter.service) conditions.push(Prisma.sql`r.service = ${filter.service}`);
    if (filter.environment) conditions.push(Prisma.sql`r.environment = ${filter.environment}`);
    if (filter.search) {
      const pattern = `%${filter.search.replaceAll(/[\\%_]/g, '\\$&')}%`;
      conditions.push(Prisma.sql`(r.title ILIKE ${pattern} OR r.requested_by_name ILIKE ${pattern}
        OR r.reason ILIKE ${pattern} OR '#' || r.number ILIKE ${pattern})`);
    }
    const where = Prisma.join(conditions, ' AND ');
    const direction = filter.order === 'asc' ? Prisma.sql`ASC` : Prisma.sql`DESC`;
    const order =
      filter.sort === 'duration'
        ? Prisma.sql`r.ended_at - r.started_at ${direction} NULLS LAST, r.created_at DESC`
        : Prisma.sql`r.created_at ${direction}`;
    const [rows, counted] = await Promise.all([
      ctx.db.$queryRaw<SummaryRow[]>`
        SELECT ${SUMMARY} FROM (
          SELECT * FROM run r WHERE ${where} ORDER BY ${order}
          LIMIT ${filter.pageSize} OFFSET ${(filter.page - 1) * filter.pageSize}) r ${STEPS} ORDER BY ${order}`,
      ctx.db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM run r WHERE ${where}`,
    ]);
    return {
      rows: rows.map(toSummary),
      total: counted[0]?.total ?? 0,
      page: filter.page,
      pageSize: filter.pageSize,
    };
  },
});

/** Everything of one run but its log. @throws AppError `not_found` */
export const getRun = defineQuery({
  name: 'runs.get',
  access: 'runs.read',
  input: getRunInput,
  handle: async (ctx, { runId }): Promise<RunDetail> => {
    // Its row first: what a state says of steps was true when they are read after it.
    const [run, readAt] = await Promise.all([
      ctx.db.run.findUnique({ where: { id: runId }, include: { approval: true } }),
      databaseNow(ctx),
    ]);
    if (!run) throw notFound();
    const plan = run.plan as unknown as Plan;
    const related = { id: true, number: true, title: true, status: true } as const;
    const [summaries, steps, causedBy, supersededBy, followUps] = await Promise.all([
      findRunSummaries(ctx, Prisma.sql`r.id = ${runId}::uuid`, 1),
      ctx.db.runStep.findMany({ where: { runId }, orderBy: { index: 'asc' } }),
      run.causedByRunId ? ctx.db.run.findUnique({ where: { id: run.causedByRunId }, select: related }) : null,
      run.supersededByRunId
        ? ctx.db.run.findUnique({ where: { id: run.supersededByRunId }, select: related })
        : null,
      ctx.db.run.findMany({ where: { causedByRunId: runId }, select: related, orderBy: { number: 'asc' } }),
    ]);
    const summary = summaries[0];
    if (!summary) throw notFound();
    return {
      ...summary,
      status: run.status,
      startedAt: run.startedAt?.toISOString() ?? null,
      endedAt: run.endedAt?.toISOString() ?? null,
      deadlineAt: run.deadlineAt?.toISOString() ?? null,
      plan,
      planHash: run.planHash,
      configHash: run.configHash,
      steps: steps.map((step) => toStepView(step, plan)),
      error: run.error,
      cancelReason: run.cancelReason,
      cancelRequestedBy: run.cancelRequestedBy,
      causedBy,
      supersededBy,
      followUps,
      lastLogSeq: run.lastLogSeq,
      readAt,
      canCancel: isCancellable(run.status) && can(ctx.actor, 'runs.cancel'),
      canResume: isResumable(run.status) && can(ctx.actor, 'runs.resume'),
      approval: run.approvalExpiresAt
        ? describeApproval(
            ctx,
            {
              ...run,
              expiresAt: run.approvalExpiresAt,
              isOpen: run.status === 'awaiting_approval' && run.approvalExpiresAt.toISOString() > readAt,
            },
            run.approval,
          )
        : null,
    };
  },
});

/** The run that people know by this number. @throws AppError `not_found` */
export const findRunByNumber = defineQuery({
  name: 'runs.find-by-number',
  access: 'runs.read',
  input: findRunByNumberInput,
  handle: async (ctx, { number }): Promise<RunSummary> => {
    const [run] = await findRunSummaries(ctx, Prisma.sql`r.number = ${number}`, 1);
    if (!run) throw new AppError('not_found', `There is no run #${number}.`);
    return run;
  },
});

/** What changes while a run goes on; the event stream sends it. @throws AppError `not_found` */
export const getRunSnapshot = defineQuery({
  name: 'runs.get-snapshot',
  access: 'runs.read',
  input: getRunInput,
  handle: async (ctx, { runId }): Promise<RunSnapshot> => {
    const [run, steps, readAt] = await Promise.all([
      ctx.db.run.findUnique({ where: { id: runId } }),
      ctx.db.runStep.findMany({ where: { runId }, orderBy: { index: 'asc' } }),
      databaseNow(ctx),
    ]);
    if (!run) throw notFound();
    return {
      id: run.id,
      status: run.status,
      startedAt: run.startedAt?.toISOString() ?? null,
      endedAt: run.endedAt?.toISOString() ?? null,
      deadlineAt: run.deadlineAt?.toISOString() ?? null,
      error: run.error,
      supersededByRunId: run.supersededByRunId,
      cancelReason: run.cancelReason,
      steps: steps.map((step) => toStepView(step, run.plan as unknown as Plan)),
      lastLogSeq: run.lastLogSeq,
      readAt,
    };
  },
});

/** Lines after `afterSeq` in order, at most `limit`. */
export const readRunLog = defineQuery({
  name: 'runs.read-log',
  access: 'runs.read',
  input: readRunLogInput,
  handle: async (ctx, { runId, afterSeq, limit }): Promise<RunLogLine[]> => {
    const rows = await ctx.db.$queryRaw<(Omit<RunLogLine, 'at'> & { at: Date })[]>`
      SELECT seq, step_index AS "stepIndex", at, stream, text FROM run_log
      WHERE run_id = ${runId}::uuid AND seq > ${afterSeq} ORDER BY seq LIMIT ${limit}`;
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  },
});

function notFound(): AppError {
  return new AppError('not_found', 'This run does not exist.', { hint: 'Open it from the runs list.' });
}

async function databaseNow(ctx: Ctx): Promise<string> {
  const rows = await ctx.db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  return (rows[0]?.now ?? ctx.clock.now()).toISOString();
}

function toSummary(row: SummaryRow): RunSummary {
  return {
    ...row,
    status: row.status as RunStatus,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    deadlineAt: row.deadlineAt?.toISOString() ?? null,
  };
}

interface StoredStep {
  index: number;
  key: string;
  title: string;
  status: StepStatus;
  attempt: number;
  startedAt: Date | null;
  endedAt: Date | null;
  exitCode: number | null;
  error: string | null;
  result: unknown;
}

function toStepView(step: StoredStep, plan: Plan): RunStepView {
  const { startedAt, endedAt } = step;
  return {
    index: step.index,
    key: step.key,
    title: step.title,
    detail: plan.steps[step.index]?.detail ?? '',
    status: step.status,
    attempt: step.attempt,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    durationMs: startedAt && endedAt ? endedAt.getTime() - startedAt.getTime() : null,
    exitCode: step.exitCode,
    error: step.error,
    facts: (step.result as { facts?: Record<string, string> } | null)?.facts ?? {},
  };
}
