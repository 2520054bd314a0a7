import * as z from 'zod';
import { waitUntilHealthy } from '#server/deployments/drivers/health-gate';
import { driverOf } from '#server/deployments/records';
import type { Ctx } from '#server/platform/context';
import { type Step, type StepContext, StepFailure } from '#server/runs/procedure';
import type { CommandConfig, EnvironmentConfig } from '#server/services/config';

/** What every procedure of this domain works on; frozen into the run. */
export const targetParams = z.object({
  service: z.string(),
  environment: z.string(),
  releaseId: z.string(),
  tag: z.string(),
  commitSha: z.string(),
});
export type TargetParams = z.infer<typeof targetParams>;

const MINUTE = 60_000;

/** Puts the release's files into place. Nothing of it runs. */
export function checkoutStep<P extends TargetParams>(
  params: P,
  apply?: (step: StepContext<P>) => (tx: Ctx) => Promise<void>,
): Step<P> {
  return {
    key: 'checkout',
    title: 'Check out the release',
    detail: `${params.tag} at ${params.commitSha.slice(0, 12)}`,
    recovery: 'repeat',
    timeoutMs: MINUTE,
    run: async (step) => {
      await driverOf(step.ctx, params).prepare(step.io, params);
      return { apply: apply?.(step) };
    },
  };
}

/**
 * One step for each check of the configuration; the first that fails stops the run before anything has changed. All
 * checks together have one clock, `checklistBudgetSeconds`.
 */
export function checklistSteps<P extends TargetParams>(params: P, config: EnvironmentConfig): Step<P>[] {
  return config.checklist.flatMap(({ phase, checks }) =>
    checks.map((check) => checkStep(params, phase, check, config.checklistBudgetSeconds * 1_000)),
  );
}

function checkStep<P extends TargetParams>(
  params: P,
  phase: string,
  check: CommandConfig,
  budgetMs: number,
): Step<P> {
  return {
    key: `${CHECK_PREFIX}${check.key}`,
    title: check.title,
    detail: `${phase}: ${check.run}`,
    recovery: 'repeat',
    timeoutMs: check.timeoutSeconds * 1_000,
    run: async ({ ctx, io }) => {
      const leftMs = budgetMs - (await checklistElapsedMs(ctx, io.runId));
      if (leftMs <= 0)
        throw new StepFailure(`The checklist has used up its ${budgetMs / 1_000} s before "${check.title}"`);
      const timeoutMs = Math.min(check.timeoutSeconds * 1_000, leftMs);
      const exitCode = await driverOf(ctx, params).runCommand(io, params, check.run, {
        timeoutMs,
        inactivityTimeoutMs: check.inactivitySeconds * 1_000,
      });
      const elapsedMs = await checklistElapsedMs(ctx, io.runId);
      const facts = { checklist: `${Math.round(elapsedMs / 1_000)} s of ${budgetMs / 1_000} s` };
      if (exitCode === 0) return { exitCode, facts };
      if (exitCode === check.notMeasuredExitCode) {
        const unmeasured = { ...facts, measured: 'could not measure' };
        if (check.whenNotMeasured === 'warn') return { status: 'warning', exitCode, facts: unmeasured };
        throw new StepFailure(`${check.title} could not be measured, and this environment asks for it`, {
          exitCode,
          facts: unmeasured,
        });
      }
      throw new StepFailure(`${check.title} failed: "${check.run}" ended with exit code ${exitCode}`, {
        exitCode,
        facts,
      });
    },
  };
}

const CHECK_PREFIX = 'check:';

/** Time that the checks of the run have taken, ms, by the database's clock; waiting for a resume is no part of it. */
async function checklistElapsedMs(ctx: Ctx, runId: string): Promise<number> {
  const rows = await ctx.db.$queryRaw<{ elapsed: number | null }[]>`
    SELECT (extract(epoch FROM sum(coalesce(ended_at, clock_timestamp()) - started_at)) * 1000)::float8 AS elapsed
    FROM run_step
    WHERE run_id = ${runId}::uuid AND key LIKE ${`${CHECK_PREFIX}%`}`;
  return rows[0]?.elapsed ?? 0;
}

/** Starts the release beside the one that serves. */
export function startStep<P extends TargetParams>(params: P): Step<P> {
  return {
    key: 'start',
    title: 'Start the release',
    detail: 'beside the one that serves; visitors notice nothing',
    recovery: 'repeat',
    timeoutMs: MINUTE,
    run: async ({ ctx, io }) => {
      const instance = await driverOf(ctx, params).start(io, params);
      return { result: instance, facts: { instance: instance.instanceId, address: instance.url } };
    },
  };
}

/** Several good health answers in a row before visitors are let in. Never skipped. */
export function gateStep<P extends TargetParams>(params: P, config: EnvironmentConfig): Step<P> {
  const { health } = config;
  return {
    key: 'gate',
    title: 'Health gate',
    detail: `${health.consecutive} good answers in a row from ${health.path} within ${health.deadlineSeconds} s`,
    recovery: 'repeat',
    // A release that failed here was ended.
    resumeFrom: 'start',
    timeoutMs: (health.deadlineSeconds + 5) * 1_000,
    run: async ({ ctx, io, previous }) => {
      const { instanceId, url } = previous<{ instanceId: string; url: string }>('start');
      const driver = driverOf(ctx, params);
      const gate = await waitUntilHealthy(io, url, health, () => driver.assertRunning(io, instanceId));
      return { facts: { 'good answers': String(gate.good), attempts: String(gate.attempts) } };
    },
  };
}

/** Lets visitors in: atomic, short, never cut in half. `apply` writes what is live in the same fenced transaction. */
export function switchStep<P extends TargetParams>(
  params: P,
  apply: (step: StepContext<P>) => (tx: Ctx) => Promise<void>,
): Step<P> {
  return {
    key: 'switch',
    title: 'Switch visitors over',
    detail: `to ${params.tag}, at once; the old release finishes what it has begun`,
    recovery: 'repeat',
    uninterruptible: true,
    resumeFrom: 'start',
    timeoutMs: 20_000,
    run: async (step) => {
      const { instanceId } = step.previous<{ instanceId: string }>('start');
      await driverOf(step.ctx, params).switchTo(step.io, instanceId);
      return { apply: apply(step) };
    },
  };
}

/** Ends what no longer serves and removes checkouts that nobody needs. */
export function retireStep<P extends TargetParams>(
  params: P,
  keep: (ctx: Ctx) => Promise<{ tag: string; commitSha: string }[]>,
): Step<P> {
  return {
    key: 'retire',
    title: 'Retire the old release',
    detail: 'let it finish its requests, end it, and remove old checkouts',
    recovery: 'repeat',
    timeoutMs: 6 * MINUTE,
    run: async ({ ctx, io }) => {
      const driver = driverOf(ctx, params);
      const ended = await driver.retire(io);
      const removed = await driver.prune(io, await keep(ctx));
      return {
        facts: { ended: String(ended), 'checkouts removed': removed.length ? removed.join(', ') : 'none' },
      };
    },
  };
}

/** Ends what a run that stopped short of the switch has started: nobody reaches it. */
export async function endUnused<P extends TargetParams>(
  { ctx, io, params }: StepContext<P>,
  lastStepKey: string,
): Promise<void> {
  if (lastStepKey !== 'start' && lastStepKey !== 'gate') return;
  const ended = await driverOf(ctx, params).retire(io);
  if (ended > 0) io.log(`Ended ${ended} ${ended === 1 ? 'instance' : 'instances'} that never took visitors`);
}
