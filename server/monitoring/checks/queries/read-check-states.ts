import type { CheckOutcome } from '#server/monitoring/checks/words/contract';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** How a check stands, for rules. */
export interface CheckStanding extends EnvironmentKey {
  checkId: string;
  key: string;
  /** What could not run neither adds to them nor ends them. */
  consecutiveFailures: number;
  /** When the first of them was due. */
  failingSince: Date | null;
  /** Null before the first result. */
  lastOutcome: CheckOutcome | null;
  /** When the last result was due. */
  lastAt: Date | null;
  /** How often it is due, when nothing asks for more. */
  intervalMs: number;
  /** For how long it waits for an answer. */
  timeoutMs: number;
  /** It rests: what the rest says is of before, and says nothing of now. */
  isPaused: boolean;
}

/** How every check stands that is not removed, paused ones among them. For rules, not for people. */
export async function readCheckStates(ctx: Ctx): Promise<CheckStanding[]> {
  const rows = await ctx.db.monitorCheck.findMany({
    where: { removedAt: null },
    select: {
      id: true,
      key: true,
      service: true,
      environment: true,
      consecutiveFailures: true,
      failingSince: true,
      lastOutcome: true,
      lastAt: true,
      intervalMs: true,
      timeoutMs: true,
      pausedAt: true,
    },
  });
  return rows.map(({ id, lastOutcome, pausedAt, ...row }) => ({
    ...row,
    checkId: id,
    lastOutcome: lastOutcome as CheckOutcome | null,
    isPaused: pausedAt !== null,
  }));
}
