import { z } from 'zod';
import type { Ctx } from '#server/platform/context';
import type { Plan, StartedRun } from '#server/runs/contract';
import type { Procedure, Step } from '#server/runs/procedure';
import { startRun } from '#server/runs/start-run';

const params = z.object({ environment: z.string(), variant: z.string().default('plain') });
export type FixtureParams = z.infer<typeof params>;

export interface FixtureStep extends Partial<Omit<Step<FixtureParams>, 'run'>> {
  key: string;
  run: Step<FixtureParams>['run'];
}

/** A procedure with the given steps, for tests of the run engine. */
export function fixtureProcedure(
  id: string,
  steps: FixtureStep[],
  change: Partial<Procedure<FixtureParams>> = {},
): Procedure<FixtureParams> {
  return {
    id,
    title: id,
    params,
    permission: 'deployments.deploy',
    confirmation: 'safe',
    budgetMs: 60_000,
    onBudgetEnd: 'timed_out',
    supersedes: [],
    steps: () =>
      steps.map((step) => ({ title: step.key, detail: '', recovery: 'repeat', timeoutMs: 30_000, ...step })),
    ...change,
  };
}

export function fixturePlan(
  ctx: Ctx,
  procedure: Procedure<FixtureParams>,
  environment: string,
  variant = 'plain',
): Plan {
  return {
    procedure: procedure.id,
    title: procedure.title,
    service: 'shop',
    environment,
    from: null,
    to: null,
    steps: procedure
      .steps(ctx, { environment, variant })
      .map(({ key, title, detail }) => ({ key, title, detail })),
    params: { environment, variant },
    skips: [],
    budgetMs: procedure.budgetMs,
  };
}

/** Queues a run of the procedure as a command would. */
export function startFixture(
  ctx: Ctx,
  procedure: Procedure<FixtureParams>,
  environment: string,
  options: { variant?: string; idempotencyKey?: string } = {},
): Promise<StartedRun> {
  const plan = fixturePlan(ctx, procedure, environment, options.variant);
  return ctx.transaction((tx) =>
    startRun(tx, {
      procedure: procedure as unknown as Procedure<never>,
      params: plan.params,
      plan,
      configHash: 'test',
      idempotencyKey: options.idempotencyKey,
    }),
  );
}
