import type { z } from 'zod';
import type { Permission } from '#server/auth/contract';
import { type Ctx, defineToken } from '#server/platform/context';
import type { Plan } from '#server/runs/contract';

/** How a person must confirm; see the confirmation levels of the design. */
export type Confirmation = 'safe' | 'consequential' | 'drastic';

/** What to run. */
export interface ExecSpec {
  /** Program and arguments, or one line for `/bin/sh -c`. */
  command: readonly [string, ...string[]] | string;
  cwd?: string;
  /** Added to a minimal environment (PATH, HOME, LANG); the worker's own secrets are not inherited. */
  env?: Record<string, string>;
  /** Total and silent time after which the whole process group is ended. */
  timeoutMs: number;
  inactivityTimeoutMs?: number;
  /** Values that must never reach the log. */
  secrets?: readonly string[];
  /** Gets what the command prints, as it comes and with its secrets: for what it answers, never for a log. */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface ExecResult {
  exitCode: number;
  durationMs: number;
}

/** What a step may do to the outside world and to its own record. Every write carries the run's fencing token. */
export interface StepIo {
  readonly runId: string;
  readonly runNumber: number;
  /** Grows with every claim of any run of this environment: outside resources reject lower ones. */
  readonly fencingToken: string;
  readonly attempt: number;
  /** Aborted when the run is cancelled, superseded, timed out or fenced. Its `reason` is the error to throw. */
  readonly signal: AbortSignal;
  /** What an earlier attempt of this step recorded before calling out; null on a first attempt. */
  readonly externalRef: unknown;
  /** Adds a line to the run's log, stream `system`. */
  log(text: string): void;
  /** Records what is about to be touched outside, before it is touched. @throws FencedError */
  record(externalRef: Record<string, unknown>): Promise<void>;
  /** Changes the console's own records in the middle of a step, fenced. @throws FencedError */
  commit(apply: (tx: Ctx) => Promise<void>): Promise<void>;
  /** Runs a child under the supervisor; its output goes to the log. Resolves with any exit code. @throws StepFailure when it took too long or was silent too long, RunAborted when the run must stop */
  exec(spec: ExecSpec): Promise<ExecResult>;
  /** Waits, or rejects with the signal's reason. */
  sleep(ms: number): Promise<void>;
}

/** Why a step did not succeed, in words for people. Other errors count as faults of the console. */
export class StepFailure extends Error {
  override name = 'StepFailure';
  constructor(
    message: string,
    readonly options: { exitCode?: number; needsAttention?: boolean; facts?: Record<string, string> } = {},
  ) {
    super(message);
  }
}

export interface StepOutcome {
  /** `warning` = could not be measured, the run goes on; `skipped` = nothing to do. Default `succeeded`. */
  status?: 'succeeded' | 'warning' | 'skipped';
  exitCode?: number;
  /** Small facts for people: label → text. */
  facts?: Record<string, string>;
  /** Kept for later steps of the run; see `previous`. */
  result?: Record<string, unknown>;
  /** Changes to the console's own records, made in the fenced transaction that marks the step done. */
  apply?: (tx: Ctx) => Promise<void>;
}

export interface StepContext<P> {
  ctx: Ctx;
  io: StepIo;
  params: P;
  plan: Plan;
  /** The `result` of an earlier step. @throws Error when that step left none */
  previous<T>(stepKey: string): T;
}

export interface Step<P> {
  key: string;
  title: string;
  /** What will be run or done, in one line, for the plan. */
  detail: string;
  /**
   * What a successor does when the worker died in this step: `repeat` when running it twice is harmless, a `probe` that
   * tells whether it happened, or `ask` a person.
   */
  recovery: 'repeat' | 'ask' | ((step: StepContext<P>) => Promise<StepOutcome | 'repeat'>);
  /** A cancel or the budget's end waits for this step: it must be short and must not be cut in half. */
  uninterruptible?: boolean;
  timeoutMs: number;
  /** The earlier step from which a resumed run goes on when this one did not succeed: what it made may be gone since. */
  resumeFrom?: string;
  run(step: StepContext<P>): Promise<StepOutcome | undefined>;
  /** Changes to the console's own records when the step fails, in the fenced transaction that marks it failed. */
  onFailure?: (tx: Ctx, error: Error) => Promise<void>;
}

/** Typed code that a run executes. */
export interface Procedure<P> {
  id: string;
  title: string;
  params: z.ZodType<P>;
  permission: Permission;
  confirmation: Confirmation;
  /** At the end of the budget the run goes to `onBudgetEnd` once the current uninterruptible step is over. */
  budgetMs: number;
  onBudgetEnd: 'timed_out' | 'needs_attention';
  /** Procedures whose active run this one may take the place of. */
  supersedes: readonly string[];
  /** The same for planning and for running, so that the plan says what will happen. */
  steps(ctx: Ctx, params: P): Step<P>[];
  /**
   * Tidies the outside world after a failure or a cancel; its own errors are logged only. `lastStepKey` is the step that
   * failed or, when the run was stopped between two, the one before.
   */
  cleanUp?: (step: StepContext<P>, lastStepKey: string) => Promise<void>;
  /** Changes to the console's own records in the transaction that queues the run again. */
  onResume?: (tx: Ctx, runId: string) => Promise<void>;
  /** Changes to the console's own records in the transaction that ends the run, whatever the end. */
  onEnd?: (tx: Ctx, end: RunEnd<P>) => Promise<void>;
}

export interface RunEnd<P> {
  runId: string;
  runNumber: number;
  params: P;
  plan: Plan;
  status: 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'needs_attention';
  failedStepKey: string | null;
  error: string | null;
  supersededByRunId: string | null;
}

/** The procedures of this installation by id. */
export const PROCEDURES = defineToken<ReadonlyMap<string, Procedure<never>>>('procedures');
