import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { Ctx } from '#server/platform/context';
import { hostIdentity, proveGroupGone } from '#server/platform/process-table';
import type { StepRow } from '#server/runs/engine-writes';

const recordedProcess = z.object({ host: z.string(), pid: z.number(), startTime: z.string() });
const KILL_TIMEOUT_MS = 5_000;

/**
 * Before a step goes on in a second place: the process group recorded by the first is gone. On the same machine it is
 * looked for and ended; on another one its supervisor has ended it, which takes at most one more lease.
 * @throws GroupNotGone when the group outlives a KILL
 */
export async function proveTakeoverIsSafe(
  ctx: Ctx,
  runId: string,
  rows: StepRow[],
  leaseMs: number,
): Promise<void> {
  for (const row of rows) {
    const recorded = recordedProcess.safeParse(row.process);
    if (row.status !== 'running' || !recorded.success) continue;
    if (machineOf(recorded.data.host) === machineOf(hostIdentity())) {
      await proveGroupGone(recorded.data, KILL_TIMEOUT_MS, `${runId}:${row.index}:${row.attempt}`);
    } else {
      ctx.log.warn(
        { host: recorded.data.host },
        'the step ran on another machine; waiting for its supervisor',
      );
      await delay(leaseMs);
    }
  }
}

function machineOf(identity: string): string {
  return identity.split('#')[0] ?? identity;
}
