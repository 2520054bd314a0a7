import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { Ctx } from '#server/platform/context';
import { GroupNotGone, proveGroupGone } from '#server/platform/process-table';
import type { StepRow } from '#server/runs/engine-writes';

const recordedProcess = z.object({ host: z.string(), pid: z.number(), startTime: z.string() });
const KILL_TIMEOUT_MS = 5_000;

/**
 * Before a step goes on in a second place: the process group recorded by the first is gone. In the same process table
 * it is looked for and ended; on another machine or in another container its supervisor ends it. The supervisor's lease
 * was renewed at the latest when the run's lease ended, so it is over one lease after that, and the group one kill
 * grace later.
 * @param leaseEndedMsAgo how long before this call the first worker's lease ended, ms; 0 where that is not known, which
 * waits longest
 * @throws GroupNotGone when the group outlives a KILL
 */
export async function proveTakeoverIsSafe(
  ctx: Ctx,
  runId: string,
  rows: StepRow[],
  leaseMs: number,
  leaseEndedMsAgo = 0,
): Promise<void> {
  const goneAt = performance.now() + leaseMs + ctx.env.KILL_GRACE_MS - Math.max(0, leaseEndedMsAgo);
  for (const row of rows) {
    const recorded = recordedProcess.safeParse(row.process);
    if (row.status !== 'running' || !recorded.success) continue;
    try {
      await proveGroupGone(recorded.data, KILL_TIMEOUT_MS, `${runId}:${row.index}:${row.attempt}`);
    } catch (error) {
      if (!(error instanceof GroupNotGone && error.isElsewhere)) throw error;
      const waitMs = Math.max(0, goneAt - performance.now());
      ctx.log.warn({ host: recorded.data.host, waitMs }, `${error.message}; waiting for its supervisor`);
      await delay(waitMs);
    }
  }
}
