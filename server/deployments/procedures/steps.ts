import * as z from 'zod';
import { type DeployDriver, SwitchUncertain } from '#server/deployments/drivers/driver';
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

/** What a step's detail says with the driver's own command. */
export function withLine(detail: string, line: string | undefined): string {
  return line ? `${detail}: ${line}` : detail;
}

/** Puts the release's files into place. Nothing of it runs. */
export function checkoutStep<P extends TargetParams>(
  params: P,
  driver: DeployDriver,
  apply?: (step: StepContext<P>) => (tx: Ctx) => Promise<void>,
): Step<P> {
  return {
    key: 'checkout',
    title: 'Check out the release',
    detail: withLine(`${params.tag} at ${params.commitSha.slice(0, 12)}`, driver.commandLines?.prepare),
    recovery: 'repeat',
    timeoutMs: driver.limits.prepareMs,
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

/** Starts the release beside the one that serves, where the driver can. */
export function startStep<P extends TargetParams>(params: P, driver: DeployDriver): Step<P> {
  const isApart = driver.gates === 'before-switch';
  return {
    key: 'start',
    title: 'Start the release',
    detail: isApart
      ? withLine('beside the one that serves; visitors notice nothing', driver.commandLines?.start)
      : 'not apart from the switch: one command does both',
    recovery: 'repeat',
    timeoutMs: driver.limits.startMs,
    run: async ({ ctx, io }) => {
      const instance = await driverOf(ctx, params).start(io, params);
      const facts = { instance: instance.instanceId, address: instance.url };
      return { status: isApart ? 'succeeded' : 'skipped', result: instance, facts };
    },
  };
}

function gateWords({ health }: EnvironmentConfig): string {
  return `${health.consecutive} good answers in a row from ${health.path} within ${health.deadlineSeconds} s`;
}

/**
 * Several good health answers in a row before visitors are let in. Never left out: where nothing can be asked before the
 * switch, the plan says so and the validation begins with it, see {@link gateAfterSwitch}.
 */
export function gateStep<P extends TargetParams>(
  params: P,
  config: EnvironmentConfig,
  { gates }: DeployDriver,
): Step<P> {
  const { health } = config;
  if (gates === 'after-switch') {
    return {
      key: 'gate',
      title: 'Health gate',
      detail: `not before the switch, since nothing runs apart that could be asked: ${gateWords(config)} are asked for when visitors are on the release`,
      recovery: 'repeat',
      timeoutMs: 1_000,
      run: async () => ({ status: 'skipped', facts: { gate: 'after the switch' } }),
    };
  }
  return {
    key: 'gate',
    title: 'Health gate',
    detail: gateWords(config),
    recovery: 'repeat',
    // A release that failed here was ended.
    resumeFrom: 'start',
    timeoutMs: (health.deadlineSeconds + 5) * 1_000,
    run: async ({ ctx, io, previous }) => {
      const { instanceId, url } = previous<{ instanceId: string; url: string }>('start');
      const driver = driverOf(ctx, params);
      const gate = await waitUntilHealthy(io, url, health, {
        assertRunning: () => driver.assertRunning(io, instanceId),
      });
      return { facts: { 'good answers': String(gate.good), attempts: String(gate.attempts) } };
    },
  };
}

/** What the detail of a validation begins with where the health gate is a part of it. */
export function gateAfterSwitchWords(config: EnvironmentConfig, { gates }: DeployDriver): string {
  return gates === 'after-switch' ? `first the health gate, ${gateWords(config)}; then ` : '';
}

/** The time that a validation needs for it, ms. */
export function gateAfterSwitchMs({ health }: EnvironmentConfig, { gates }: DeployDriver): number {
  return gates === 'after-switch' ? health.deadlineSeconds * 1_000 : 0;
}

/**
 * The health gate where visitors are let in before anything can be asked; nothing elsewhere.
 * @throws StepFailure when what visitors reach does not become healthy
 */
export async function gateAfterSwitch<P extends TargetParams>(
  { ctx, io, params }: Pick<StepContext<P>, 'ctx' | 'io' | 'params'>,
  config: EnvironmentConfig,
): Promise<void> {
  if (driverOf(ctx, params).gates !== 'after-switch') return;
  const visitors = `Visitors are on ${params.tag} already.`;
  const gate = await waitUntilHealthy(io, config.url, config.health, { visitors });
  io.log(`${config.health.path}: ${gate.good} good answers in a row, ${gate.attempts} attempts`);
}

/**
 * Lets visitors in: atomic, never cut in half. `apply` writes what is live in the same fenced transaction, and
 * `whenUncertain` what the records are to say when nobody can tell what visitors reach.
 */
export function switchStep<P extends TargetParams>(
  params: P,
  driver: DeployDriver,
  apply: (step: StepContext<P>) => (tx: Ctx) => Promise<void>,
  whenUncertain?: (tx: Ctx) => Promise<void>,
): Step<P> {
  const isApart = driver.gates === 'before-switch';
  const words = isApart
    ? `to ${params.tag}, at once; the old release finishes what it has begun`
    : `to ${params.tag}, started and let in by one command`;
  return {
    key: 'switch',
    title: 'Switch visitors over',
    detail: withLine(words, driver.commandLines?.switch),
    recovery: 'repeat',
    uninterruptible: true,
    resumeFrom: 'start',
    timeoutMs: driver.limits.switchMs,
    run: async (step) => {
      const { instanceId } = step.previous<{ instanceId: string }>('start');
      await driverOf(step.ctx, params).switchTo(step.io, instanceId);
      return { apply: apply(step) };
    },
    onFailure: async (tx, error) => {
      if (error instanceof SwitchUncertain) await whenUncertain?.(tx);
    },
  };
}

/** Ends what no longer serves and removes checkouts that nobody needs. */
export function retireStep<P extends TargetParams>(
  params: P,
  driver: DeployDriver,
  keep: (ctx: Ctx) => Promise<{ tag: string; commitSha: string }[]>,
): Step<P> {
  return {
    key: 'retire',
    title: 'Retire the old release',
    detail: withLine(
      'let it finish its requests, end it, and remove old checkouts',
      driver.commandLines?.retire,
    ),
    recovery: 'repeat',
    timeoutMs: driver.limits.retireMs,
    run: async ({ ctx, io }) => {
      const used = driverOf(ctx, params);
      const ended = await used.retire(io);
      const removed = await used.prune(io, await keep(ctx));
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
  if (lastStepKey === 'switch') {
    const deployment = await ctx.db.deployment.findUnique({ where: { runId: io.runId } });
    // Visitors took it: the old release is kept until somebody has decided.
    if (deployment?.switchedAt) return;
  } else if (lastStepKey !== 'start' && lastStepKey !== 'gate') return;
  const ended = await driverOf(ctx, params).retire(io);
  if (ended > 0) io.log(`Ended ${ended} ${ended === 1 ? 'instance' : 'instances'} that never took visitors`);
}
