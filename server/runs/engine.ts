import { setTimeout as delay } from 'node:timers/promises';
import type { Ctx } from '#server/platform/context';
import { isTransientDatabaseError } from '#server/platform/database-errors';
import { messageOf } from '#server/platform/errors';
import type { SupervisedChild } from '#server/platform/supervised-child';
import { FencedError, RunAborted } from '#server/runs/abort';
import { lacksApproval } from '#server/runs/approvals';
import {
  endRun,
  finishStep,
  loadSteps,
  type StepRow,
  startStep,
  type Terminal,
} from '#server/runs/engine-writes';
import { type Claim, releaseLease, renewLease } from '#server/runs/ledger';
import { LogWriter } from '#server/runs/log-writer';
import { PROCEDURES, type Procedure, type Step, type StepContext, StepFailure } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';
import { isDone } from '#server/runs/state';
import { createStepIo } from '#server/runs/step-io';
import { proveTakeoverIsSafe } from '#server/runs/takeover';

const CLEAN_UP_MS = 20_000;
/** A step in which so many workers died is likely what kills them. */
const MAX_ATTEMPTS = 5;

/** The moments of a run at which a test may interfere: each is a place where a worker can die. */
export type RunMoment =
  | 'before-step'
  | 'step-begun'
  | 'step-done'
  | 'after-step'
  | 'before-end'
  | 'after-end';

export interface RunHooks {
  at(moment: RunMoment, procedure: string, stepKey: string | null): void | Promise<void>;
}

const NO_HOOKS: RunHooks = { at: () => undefined };

export interface Execution {
  claim: Claim;
  /** Resolves when the run has ended, or this worker has let go of it. Never rejects. */
  done: Promise<void>;
  /** Looks at once for a cancel instead of at the next renewal. */
  check(): void;
  /** Stops the work and lets another worker go on with it. */
  shutdown(): void;
}

/** Executes a claimed run to its end, or until the claim is lost. */
export function executeRun(ctx: Ctx, claim: Claim, hooks: RunHooks = NO_HOOKS): Execution {
  const run = new RunExecution(ctx, claim, hooks);
  return {
    claim,
    done: run.execute(),
    check: () => run.checkNow(),
    shutdown: () => run.abort(new RunAborted('shutdown', 'The worker is stopping')),
  };
}

class RunExecution {
  readonly #controller = new AbortController();
  readonly #children = new Set<SupervisedChild>();
  readonly #log: LogWriter;
  readonly #env;
  /** The step in hand may not be cut; an abort waits for its end. */
  #uninterruptible = false;
  #pendingAbort: RunAborted | null = null;
  #renewing = false;
  #stopped = false;
  #leaseTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly ctx: Ctx,
    private readonly claim: Claim,
    private readonly hooks: RunHooks,
  ) {
    this.#env = ctx.env;
    this.#log = new LogWriter(ctx, claim, this.#env.RUN_LOG_FLUSH_MS, createRedactor([]));
  }

  /** A lost claim stops everything now; anything else waits for an uninterruptible step. */
  abort(reason: RunAborted): void {
    if (reason.cause_ === 'fenced') {
      this.#log.stop();
      this.#controller.abort(reason);
      return;
    }
    this.#pendingAbort ??= reason;
    if (!this.#uninterruptible) this.#controller.abort(this.#pendingAbort);
  }

  checkNow(): void {
    void this.#renew();
  }

  async execute(): Promise<void> {
    const { claim, ctx } = this;
    this.#armLease(performance.now());
    const renewal = setInterval(() => void this.#renew(), this.#env.RUN_RENEW_MS);
    const budget = setTimeout(
      () => this.abort(new RunAborted('budget', 'The time budget of this run has ended')),
      Math.max(0, claim.budgetLeftMs),
    );
    if (claim.status === 'cancelling') this.#pendingAbort = new RunAborted('cancelled', 'Cancelled');
    try {
      const procedure = ctx.use(PROCEDURES).get(claim.procedure) as Procedure<unknown> | undefined;
      if (!claim.isTakeover && (await lacksApproval(ctx, { id: claim.runId, plan: claim.plan }))) {
        await endRun(ctx, claim, null, {
          status: 'needs_attention',
          error: 'A second person must approve this here, and nobody has. Nothing was started.',
        });
        return;
      }
      if (!procedure) {
        await endRun(ctx, claim, null, {
          status: 'needs_attention',
          error: `This installation has no procedure "${claim.procedure}"`,
        });
        return;
      }
      const end = await this.#runSteps(procedure);
      if (end.status !== 'succeeded' && end.status !== 'needs_attention') await this.#cleanUp(procedure, end);
      await this.#log.flush();
      await this.hooks.at('before-end', claim.procedure, null);
      await endRun(ctx, claim, procedure, end);
      await this.hooks.at('after-end', claim.procedure, null);
    } catch (error) {
      if (error instanceof RunAborted && (error.cause_ === 'fenced' || error.cause_ === 'shutdown')) {
        ctx.log.warn({ fence: claim.fence, cause: error.cause_ }, 'let go of the run');
        if (error.cause_ === 'shutdown') await this.#handOver();
      } else if (isTransientDatabaseError(error)) {
        // Nothing is known against the run: whoever claims it after the lease goes on by the step's recovery.
        ctx.log.warn({ err: error }, 'database away, let go of the run');
      } else {
        ctx.log.error({ err: error }, 'the run engine failed');
        await this.#giveUp();
      }
    } finally {
      this.#stopped = true;
      clearInterval(renewal);
      clearTimeout(budget);
      if (this.#leaseTimer) clearTimeout(this.#leaseTimer);
      for (const child of this.#children) child.terminate(0);
    }
  }

  async #runSteps(procedure: Procedure<unknown>): Promise<Terminal> {
    const { claim, ctx } = this;
    const params = procedure.params.parse(claim.params);
    const steps = procedure.steps(ctx, params);
    const rows = await loadSteps(ctx, claim.runId);
    if (steps.map((step) => step.key).join() !== rows.map((row) => row.key).join()) {
      return {
        status: 'needs_attention',
        error: 'The configuration has changed since this run was confirmed; its steps are no longer the same',
      };
    }
    if (claim.isTakeover) {
      this.#log.add(
        rows.find((row) => row.status === 'running')?.index ?? 0,
        'system',
        'Another worker takes over this run',
      );
      await proveTakeoverIsSafe(ctx, claim.runId, rows, this.#env.RUN_LEASE_MS, claim.leaseEndedMsAgo);
    }
    for (const row of rows) {
      if (isDone(row.status)) continue;
      // Decided before its worker died: only the end of the run was not written any more.
      if (row.status !== 'pending' && row.status !== 'running') {
        return row.end ?? { status: 'failed', failedStepKey: row.key, error: 'The step had failed before' };
      }
      const step = steps[row.index] as Step<unknown>;
      if (this.#pendingAbort && row.status !== 'running')
        return this.#aborted(procedure, this.#pendingAbort, null);
      const end = await this.#runStep(procedure, step, row, params, rows);
      if (end) return end;
    }
    return { status: 'succeeded' };
  }

  /** @returns the run's end when the step did not succeed, otherwise null */
  async #runStep(
    procedure: Procedure<unknown>,
    step: Step<unknown>,
    row: StepRow,
    params: unknown,
    rows: StepRow[],
  ): Promise<Terminal | null> {
    const { claim, ctx } = this;
    const interrupted = row.status === 'running';
    if (interrupted && (step.recovery === 'ask' || row.attempt >= MAX_ATTEMPTS)) {
      const end: Terminal = {
        status: 'needs_attention',
        failedStepKey: step.key,
        error: `Nobody can tell whether "${step.title}" happened. Look, then resume or close this run.`,
      };
      await finishStep(ctx, claim, row, {
        status: 'unknown',
        error: `The worker died in this step (attempt ${row.attempt}), and nothing can tell whether it happened`,
        end,
      });
      return end;
    }
    if (this.#pendingAbort && !step.uninterruptible) {
      const end = this.#aborted(procedure, this.#pendingAbort, step.key);
      await finishStep(ctx, claim, row, { status: 'cancelled', error: this.#pendingAbort.message, end });
      return end;
    }
    this.#uninterruptible = step.uninterruptible ?? false;
    await this.hooks.at('before-step', claim.procedure, step.key);
    const attempt = await startStep(ctx, claim, row);
    await this.hooks.at('step-begun', claim.procedure, step.key);
    const timeout = AbortSignal.timeout(step.timeoutMs);
    const stepContext = this.#stepContext(
      step,
      row,
      attempt,
      params,
      rows,
      AbortSignal.any([this.#controller.signal, timeout]),
    );
    try {
      const recovered =
        interrupted && typeof step.recovery === 'function' ? await step.recovery(stepContext) : 'repeat';
      const outcome = (recovered === 'repeat' ? await step.run(stepContext) : recovered) ?? {};
      await this.#log.endStep(row.index);
      this.#controller.signal.throwIfAborted();
      await this.hooks.at('step-done', claim.procedure, step.key);
      await finishStep(ctx, claim, row, { status: outcome.status ?? 'succeeded', ...outcome });
      await this.hooks.at('after-step', claim.procedure, step.key);
      row.result = outcome.result ?? null;
      this.#uninterruptible = false;
      if (this.#pendingAbort) this.#controller.abort(this.#pendingAbort);
      return null;
    } catch (thrown) {
      this.#uninterruptible = false;
      const error = this.#reasonOf(thrown, timeout, step);
      if (error instanceof RunAborted && error.cause_ !== 'cancelled' && error.cause_ !== 'budget')
        throw error;
      if (isTransientDatabaseError(error)) throw error;
      this.#log.add(row.index, 'system', messageOf(error));
      await this.#log.endStep(row.index);
      const aborted = error instanceof RunAborted ? error : null;
      const failure = error instanceof StepFailure ? error : null;
      if (!aborted && !failure) ctx.log.error({ err: error, step: step.key }, 'a step threw');
      const end: Terminal = aborted
        ? this.#aborted(procedure, aborted, step.key)
        : {
            status: failure?.options.needsAttention ? 'needs_attention' : 'failed',
            failedStepKey: step.key,
            error: messageOf(error),
          };
      await finishStep(ctx, claim, row, {
        status: aborted ? 'cancelled' : 'failed',
        error: messageOf(error),
        exitCode: failure?.options.exitCode,
        facts: failure?.options.facts,
        // A step that was stopped has shown nothing against what it worked on.
        apply: aborted ? undefined : (tx) => step.onFailure?.(tx, error) ?? Promise.resolve(),
        end,
      });
      return end;
    }
  }

  /** At most CLEAN_UP_MS; a successor that waits for the environment is not kept longer. */
  async #cleanUp(procedure: Procedure<unknown>, end: Terminal): Promise<void> {
    if (!procedure.cleanUp) return;
    const rows = await loadSteps(this.ctx, this.claim.runId);
    // Stopped between two steps: what the last one left is there to be tidied.
    const row =
      rows.find((candidate) => candidate.key === end.failedStepKey) ??
      rows.filter((candidate) => candidate.status !== 'pending').at(-1);
    if (!row) return;
    const step = { key: row.key } as Step<unknown>;
    const signal = AbortSignal.timeout(CLEAN_UP_MS);
    try {
      const params = procedure.params.parse(this.claim.params);
      await procedure.cleanUp(this.#stepContext(step, row, row.attempt, params, rows, signal), row.key);
    } catch (error) {
      this.#log.add(row.index, 'system', `Not tidied up: ${messageOf(error)}`);
    }
  }

  #stepContext(
    step: Step<unknown>,
    row: StepRow,
    attempt: number,
    params: unknown,
    rows: StepRow[],
    signal: AbortSignal,
  ): StepContext<unknown> {
    const { claim, ctx } = this;
    return {
      ctx,
      params,
      plan: claim.plan,
      io: createStepIo({
        ctx,
        claim,
        log: this.#log,
        stepIndex: row.index,
        attempt,
        externalRef: row.externalRef,
        signal,
        leaseMs: this.#env.RUN_LEASE_MS,
        killGraceMs: this.#env.KILL_GRACE_MS,
        children: this.#children,
      }),
      previous: <T>(key: string): T => {
        const earlier = rows.find((candidate) => candidate.key === key);
        if (!earlier?.result)
          throw new Error(`Step "${step.key}" needs the result of "${key}", which left none`);
        return earlier.result as T;
      },
    };
  }

  /** An abort explains whatever the step threw because of it. */
  #reasonOf(thrown: unknown, timeout: AbortSignal, step: Step<unknown>): Error {
    if (this.#controller.signal.aborted) return this.#controller.signal.reason as Error;
    if (timeout.aborted && !(thrown instanceof StepFailure)) {
      return new StepFailure(`"${step.title}" took longer than ${step.timeoutMs / 1_000} s`);
    }
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }

  #aborted(procedure: Procedure<unknown>, reason: RunAborted, failedStepKey: string | null): Terminal {
    if (reason.cause_ === 'budget') {
      return {
        status: procedure.onBudgetEnd,
        failedStepKey,
        error: `Not done within its ${procedure.budgetMs / 1_000} s`,
      };
    }
    if (reason.cause_ === 'cancelled') return { status: 'cancelled', failedStepKey, error: reason.message };
    throw reason;
  }

  /** The claim is gone when the lease has not been renewed in time, also when the database never answers. */
  #armLease(renewedAt: number): void {
    if (this.#leaseTimer) clearTimeout(this.#leaseTimer);
    const leftMs = renewedAt + this.#env.RUN_LEASE_MS - performance.now();
    this.#leaseTimer = setTimeout(() => this.abort(new FencedError()), Math.max(0, leftMs));
  }

  /** One renewal at a time. The children's lease is renewed only when the run's was. */
  async #renew(): Promise<void> {
    if (this.#stopped || this.#renewing) return;
    this.#renewing = true;
    const askedAt = performance.now();
    try {
      const renewal = await renewLease(this.ctx, this.claim, this.#env.RUN_LEASE_MS);
      if (this.#stopped) return;
      if (!renewal.held) {
        this.abort(new FencedError());
        return;
      }
      this.#armLease(askedAt);
      for (const child of this.#children) child.renew(this.#env.RUN_LEASE_MS);
      if (renewal.status === 'cancelling') this.abort(new RunAborted('cancelled', 'Cancelled'));
    } catch (error) {
      this.ctx.log.warn({ reason: messageOf(error) }, 'lease not renewed');
    } finally {
      this.#renewing = false;
    }
  }

  /** A fault of the console stops the run for a person's look; while the database is away, a successor tries again. */
  async #giveUp(): Promise<void> {
    for (const child of this.#children) child.terminate(0);
    await endRun(this.ctx, this.claim, null, {
      status: 'needs_attention',
      error: `The console itself failed here. Its log says why, under request ${this.ctx.request.requestId}.`,
    }).catch((failure: unknown) => this.ctx.log.error({ err: failure }, 'the run could not be ended'));
  }

  /** Ends the children, then frees the claim, so that no successor meets them. */
  async #handOver(): Promise<void> {
    for (const child of this.#children) child.terminate(this.#env.KILL_GRACE_MS);
    const deadline = performance.now() + this.#env.KILL_GRACE_MS + 1_000;
    while (this.#children.size > 0 && performance.now() < deadline) await delay(20);
    await this.#log.flush().catch((error: unknown) => this.ctx.log.warn({ err: error }, 'log not flushed'));
    await releaseLease(this.ctx, this.claim).catch((error: unknown) =>
      this.ctx.log.warn({ err: error }, 'lease not freed'),
    );
  }
}
