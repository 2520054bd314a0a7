import type { Ctx } from '#server/platform/context';
import { notify } from '#server/platform/notify';
import type { StepStatus } from '#server/runs/contract';
import { type Claim, fenced } from '#server/runs/ledger';
import type { Procedure, RunEnd } from '#server/runs/procedure';
import { createRedactor, stripControl } from '#server/runs/redact';

export interface StepRow {
  index: number;
  key: string;
  status: StepStatus;
  attempt: number;
  externalRef: unknown;
  process: unknown;
  result: Record<string, unknown> | null;
  /** What the step's failure means for the run; a successor ends the run with it. */
  end: Terminal | null;
}

export interface Terminal {
  status: RunEnd<unknown>['status'];
  failedStepKey?: string | null;
  error?: string | null;
}

export interface StepEnd {
  status: Exclude<StepStatus, 'pending' | 'running'>;
  exitCode?: number;
  error?: string;
  facts?: Record<string, string>;
  result?: Record<string, unknown>;
  /** The run's end that follows from this one; absent when the run goes on. */
  end?: Terminal;
  apply?: (tx: Ctx) => Promise<void>;
}

interface StoredResult {
  facts?: Record<string, string>;
  result?: Record<string, unknown> | null;
  end?: Terminal | null;
}

export async function loadSteps(ctx: Ctx, runId: string): Promise<StepRow[]> {
  const rows = await ctx.db.runStep.findMany({ where: { runId }, orderBy: { index: 'asc' } });
  return rows.map((row) => ({
    index: row.index,
    key: row.key,
    status: row.status,
    attempt: row.attempt,
    externalRef: row.externalRef,
    process: row.process,
    result: (row.result as StoredResult | null)?.result ?? null,
    end: (row.result as StoredResult | null)?.end ?? null,
  }));
}

/** Marks the step running under the claim. @returns the number of this attempt, from 1 @throws FencedError */
export async function startStep(ctx: Ctx, claim: Claim, row: StepRow): Promise<number> {
  const attempt = row.attempt + 1;
  await fenced(ctx, claim, async (tx) => {
    await tx.db.$executeRaw`
      UPDATE run_step SET status = 'running', attempt = ${attempt}, started_at = clock_timestamp(), ended_at = NULL,
        error = NULL, exit_code = NULL, process = NULL
      WHERE run_id = ${claim.runId}::uuid AND index = ${row.index}`;
    await notify(tx.db, { kind: 'run', id: claim.runId });
  });
  return attempt;
}

/**
 * Ends the step and makes the records' changes that belong to it, once: when an earlier try of the same call was
 * committed without an answer, nothing is applied again. @throws FencedError
 */
export async function finishStep(ctx: Ctx, claim: Claim, row: StepRow, end: StepEnd): Promise<void> {
  await fenced(ctx, claim, async (tx) => {
    const changed = await tx.db.$executeRaw`
      UPDATE run_step SET status = ${end.status}::step_status, ended_at = clock_timestamp(),
        started_at = coalesce(started_at, clock_timestamp()), exit_code = ${end.exitCode ?? null},
        error = ${cleanText(end.error)}, process = NULL,
        result = ${JSON.stringify({ facts: end.facts ?? {}, result: end.result ?? null, end: end.end ?? null } satisfies StoredResult)}::jsonb
      WHERE run_id = ${claim.runId}::uuid AND index = ${row.index} AND status IN ('pending', 'running')`;
    if (changed > 0) await end.apply?.(tx);
    await notify(tx.db, { kind: 'run', id: claim.runId });
  });
}

/** Ends the run, once, with what the procedure does at its end in the same transaction. @throws FencedError */
export async function endRun(
  ctx: Ctx,
  claim: Claim,
  procedure: Procedure<unknown> | null,
  end: Terminal,
): Promise<void> {
  await fenced(ctx, claim, async (tx) => {
    const rows = await tx.db.$queryRaw<{ superseded: string | null; service: string; environment: string }[]>`
      UPDATE run SET status = ${end.status}::run_status, error = ${cleanText(end.error)}, ended_at = clock_timestamp(),
        worker_id = NULL, lease_until = NULL
      WHERE id = ${claim.runId}::uuid AND status IN ('running', 'cancelling')
      RETURNING superseded_by_run_id AS superseded, service, environment`;
    const row = rows[0];
    if (!row) return;
    await tx.db.$executeRaw`
      UPDATE run_step SET status = 'cancelled', ended_at = clock_timestamp(), error = coalesce(error, 'The run ended here')
      WHERE run_id = ${claim.runId}::uuid AND status = 'running'`;
    await endProcedure(tx, procedure, claim.params, {
      runId: claim.runId,
      runNumber: claim.number,
      plan: claim.plan,
      status: end.status,
      failedStepKey: end.failedStepKey ?? null,
      error: end.error ?? null,
      supersededByRunId: row.superseded,
    });
    await notify(tx.db, { kind: 'run', id: claim.runId });
    await notify(tx.db, { kind: 'environment', service: row.service, environment: row.environment });
    await notify(tx.db, { kind: 'work' });
  });
}

/**
 * What the procedure does at a run's end. Parameters that this version no longer understands keep nobody from ending
 * the run.
 */
export async function endProcedure(
  tx: Ctx,
  procedure: Procedure<unknown> | null | undefined,
  rawParams: unknown,
  end: Omit<RunEnd<unknown>, 'params'>,
): Promise<void> {
  const params = procedure?.params.safeParse(rawParams);
  if (params && !params.success)
    tx.log.error({ runId: end.runId }, 'the run ended, but its parameters cannot be read');
  if (params?.success) await procedure?.onEnd?.(tx, { ...end, params: params.data });
}

const redact = createRedactor([]);

/** Words for people that may quote a child's output: no control characters, no secret shapes. */
function cleanText(text: string | null | undefined): string | null {
  return text == null ? null : redact(stripControl(text));
}
