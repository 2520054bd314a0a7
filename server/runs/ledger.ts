import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { retryWhileTransient } from '#server/platform/retry';
import { FencedError } from '#server/runs/abort';
import type { Plan, RunStatus } from '#server/runs/contract';

/** A run held by this worker. `fence` is in every later write. */
export interface Claim {
  runId: string;
  number: number;
  fence: number;
  procedure: string;
  status: RunStatus;
  plan: Plan;
  params: unknown;
  configHash: string;
  requestedById: string | null;
  requestedByName: string;
  lastLogSeq: number;
  /** ms until the budget ends, by the database's clock at the claim; may be negative. */
  budgetLeftMs: number;
  /** The run was running before: another worker, or this one, lost it. */
  isTakeover: boolean;
  /** How long ago the lost lease ended, ms, by the database's clock; 0 for a run that nobody held. */
  leaseEndedMsAgo: number;
}

export type Renewal = { held: true; status: RunStatus } | { held: false };

/**
 * Claims the next run, or none: first those whose lease has ended, then the oldest queued one whose lock key nobody
 * holds. One statement, judged by the database's clock; a lost race for the lock key counts as "none".
 */
export async function claimRun(ctx: Ctx, workerId: string, leaseMs: number): Promise<Claim | null> {
  try {
    const rows = await ctx.db.$queryRaw<(Omit<Claim, 'runId'> & { id: string })[]>`
      UPDATE run SET
        worker_id = ${workerId}::uuid,
        fence = run.fence + 1,
        lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond',
        status = CASE WHEN run.status = 'queued' THEN 'running'::run_status ELSE run.status END,
        started_at = coalesce(run.started_at, clock_timestamp()),
        deadline_at = coalesce(run.deadline_at, clock_timestamp() + run.budget_ms * interval '1 millisecond')
      FROM (
        SELECT r.id, r.status <> 'queued' AS taken_over, r.lease_until AS lost_lease FROM run r
        WHERE (r.status IN ('running', 'cancelling') AND r.lease_until < clock_timestamp())
           OR (r.status = 'queued' AND NOT EXISTS (
                SELECT 1 FROM run h WHERE h.lock_key = r.lock_key AND h.status IN ('running', 'cancelling')))
        ORDER BY r.status = 'queued', r.created_at
        LIMIT 1 FOR UPDATE OF r SKIP LOCKED
      ) next
      WHERE run.id = next.id
      RETURNING run.id, run.number, run.fence, run.procedure, run.status::text AS status, run.plan, run.params,
        run.config_hash AS "configHash", run.requested_by_id AS "requestedById",
        run.requested_by_name AS "requestedByName",
        run.last_log_seq AS "lastLogSeq", next.taken_over AS "isTakeover",
        coalesce(extract(epoch FROM clock_timestamp() - next.lost_lease) * 1000, 0)::float8 AS "leaseEndedMsAgo",
        (extract(epoch FROM run.deadline_at - clock_timestamp()) * 1000)::float8 AS "budgetLeftMs"`;
    const row = rows[0];
    if (!row) return null;
    const { id, ...rest } = row;
    return { runId: id, ...rest };
  } catch (error) {
    if (isUniqueViolation(error)) return null;
    throw error;
  }
}

/** Extends the lease if it is still alive and still ours; tells the status, so that a cancel is seen. */
export async function renewLease(ctx: Ctx, claim: Claim, leaseMs: number): Promise<Renewal> {
  const rows = await ctx.db.$queryRaw<{ status: RunStatus }[]>`
    UPDATE run SET lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    WHERE id = ${claim.runId}::uuid AND fence = ${claim.fence} AND status IN ('running', 'cancelling')
      AND lease_until > clock_timestamp()
    RETURNING status::text AS status`;
  return rows[0] ? { held: true, status: rows[0].status } : { held: false };
}

/** Lets others claim the run at once; used when a worker stops on purpose. */
export async function releaseLease(ctx: Ctx, claim: Claim): Promise<void> {
  await ctx.db.$executeRaw`
    UPDATE run SET lease_until = clock_timestamp()
    WHERE id = ${claim.runId}::uuid AND fence = ${claim.fence} AND status IN ('running', 'cancelling')`;
}

/**
 * Runs `work` in a transaction that holds the run's row and proves the claim: token and live lease. Retried while the
 * database is away; `work` must therefore look at the state it changes. @throws FencedError when the claim is gone
 */
export async function fenced<T>(
  ctx: Ctx,
  claim: Claim,
  work: (tx: Ctx) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return retryWhileTransient(
    () =>
      ctx.transaction(async (tx) => {
        const held = await tx.db.$queryRaw<{ ok: number }[]>`
          SELECT 1 AS ok FROM run
          WHERE id = ${claim.runId}::uuid AND fence = ${claim.fence} AND lease_until > clock_timestamp()
          FOR UPDATE`;
        if (held.length === 0) throw new FencedError();
        return work(tx);
      }),
    { signal, log: ctx.log },
  );
}
