import { type Ctx, defineToken } from '#server/platform/context';
import type { Plan } from '#server/runs/contract';

/** What this installation demands before a run begins. */
export interface RunPolicy {
  /** A second person must approve this plan where it would run. */
  needsApproval(ctx: Ctx, plan: Plan): boolean;
}

export const RUN_POLICY = defineToken<RunPolicy>('run policy');

/** A run that was asked for before, as its planner looks at it again. */
export interface AskedRun {
  number: number;
  params: unknown;
  plan: Plan;
}

/** How a procedure's plan is made again when a second person approves it. */
export interface Planner {
  /** What the same request would come to now. @throws AppError when it could not be asked for any more */
  replan(ctx: Ctx, run: AskedRun): Promise<Plan>;
  /** Looks once more in the transaction that queues the run. @throws AppError with what stands in its way */
  assertMayStart(tx: Ctx, run: AskedRun): Promise<void>;
}

/** The planners by the id of their procedure; one for each that can need an approval. */
export const PLANNERS = defineToken<ReadonlyMap<string, Planner>>('planners');
