import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

/**
 * Things that workers do again and again, each on its own beat, shared between them. A table of such things has the
 * columns `id uuid`, `next_at`, `lease_until` and `lease_token uuid`, and an index on `next_at`. The database's clock
 * judges leases; the token proves that the one who writes a result still has the task.
 */
export interface LeasedTask {
  id: string;
  leaseToken: string;
  /** When it was due. */
  dueAt: Date;
  /** When it was taken, by the database's clock. */
  claimedAt: Date;
}

/** Takes up to `limit` tasks that are due, the longest due first; nobody else gets them while the lease lasts. */
export async function claimDueTasks(
  ctx: Ctx,
  table: string,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<LeasedTask[]> {
  const name = tableName(table);
  return ctx.db.$queryRaw<LeasedTask[]>`
    UPDATE ${name} AS task SET lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond',
      lease_token = gen_random_uuid()
    FROM (SELECT id FROM ${name}
          WHERE next_at <= clock_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())
          ORDER BY next_at LIMIT ${limit} FOR UPDATE SKIP LOCKED) due
    WHERE task.id = due.id
    RETURNING task.id, task.lease_token AS "leaseToken", task.next_at AS "dueAt",
      clock_timestamp() AS "claimedAt"`;
}

/**
 * Gives a task back and says when it is due again: the next beat of its interval that lies ahead, so that beats that were
 * missed are not made up for. Call it in the transaction that writes the result, before anything else in it.
 * @returns false when the lease is no longer held: somebody else has the task, and nothing may be written
 */
export async function finishTask(
  tx: Ctx,
  table: string,
  task: LeasedTask,
  intervalMs: number,
): Promise<boolean> {
  const count = await tx.db.$executeRaw`
    UPDATE ${tableName(table)} SET lease_until = NULL, lease_token = NULL,
      next_at = next_at + (1 + greatest(0, floor(extract(epoch FROM clock_timestamp() - next_at) * 1000 / ${intervalMs}::float8)))
                * ${intervalMs} * interval '1 millisecond'
    WHERE id = ${task.id}::uuid AND lease_token = ${task.leaseToken}::uuid AND lease_until > clock_timestamp()`;
  return count === 1;
}

/** Only names of the code's own reach this; anything else is a fault of it. */
function tableName(table: string): Prisma.Sql {
  if (!/^[a-z_]+$/.test(table)) throw new Error(`"${table}" is no table of tasks`);
  return Prisma.raw(table);
}

/** Does tasks side by side until it is stopped. */
export interface TaskLoop {
  /** Begins nothing more and lets what is under way end. */
  stop(): Promise<void>;
}

/**
 * Looks every `pollMs` for tasks that are due and does up to `concurrency` of them at once. What a task or a look throws
 * goes to `onError`, and the loop goes on; the task is taken up again after its lease.
 */
export function startTaskLoop<T>(parts: {
  pollMs: number;
  concurrency: number;
  claim: (limit: number) => Promise<T[]>;
  run: (task: T) => Promise<void>;
  onError: (error: unknown) => void;
}): TaskLoop {
  const running = new Set<Promise<void>>();
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    const free = parts.concurrency - running.size;
    if (free <= 0) return;
    for (const task of await parts.claim(free)) {
      const work: Promise<void> = parts
        .run(task)
        .catch(parts.onError)
        .finally(() => running.delete(work));
      running.add(work);
    }
  };
  const beat = (): void => {
    looking ??= look()
      .catch(parts.onError)
      .finally(() => {
        looking = null;
      });
  };
  const timer = setInterval(beat, parts.pollMs);
  beat();
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
      await Promise.all(running);
    },
  };
}
