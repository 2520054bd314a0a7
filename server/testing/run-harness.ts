import { afterAll, afterEach, expect } from 'vitest';
import type { RunDetail, RunStatus } from '#server/runs/contract';
import { PLANNERS, type Planner, RUN_POLICY, type RunPolicy } from '#server/runs/policy';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
import { getRun, readRunLog } from '#server/runs/queries';
import { type RunLoop, startRunLoop } from '#server/runs/run-loop';
import { createTestApp, type TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { type FixtureParams, type FixtureStep, fixtureProcedure } from '#server/testing/fixture-procedure';

export interface RunHarness {
  app: TestApp;
  /** The ids of the procedures that a second person must approve, everywhere. */
  approvals: Set<string>;
  /** How their plans are made again. */
  planners: Map<string, Planner>;
  /** Registers a procedure with these steps. */
  procedure(steps: FixtureStep[], change?: Partial<Procedure<FixtureParams>>): Procedure<FixtureParams>;
  /** A new environment's name. */
  environment(): string;
  /** Starts a worker's run loop in this process; stopped after the test. */
  work(): RunLoop;
  untilStatus(runId: string, ...statuses: RunStatus[]): Promise<RunDetail>;
  lines(runId: string): Promise<string[]>;
}

/** What tests of the run engine need, with leases short enough for tests and long enough for a busy machine. */
export async function createRunHarness(): Promise<RunHarness> {
  const procedures = new Map<string, Procedure<never>>();
  const approvals = new Set<string>();
  const planners = new Map<string, Planner>();
  const app = await createTestApp({
    env: {
      RUN_LEASE_MS: '1500',
      RUN_RENEW_MS: '150',
      RUN_POLL_MS: '50',
      RUN_LOG_FLUSH_MS: '5',
      KILL_GRACE_MS: '200',
    },
    provide: [
      [PROCEDURES, procedures],
      [RUN_POLICY, { needsApproval: (_ctx, plan) => approvals.has(plan.procedure) } satisfies RunPolicy],
      [PLANNERS, planners],
    ],
  });
  const ctx = app.system;
  const loops: RunLoop[] = [];
  let count = 0;
  afterEach(async () => {
    await Promise.all(loops.splice(0).map((loop) => loop.stop()));
    await ctx.db.$executeRaw`
      UPDATE run SET status = 'cancelled', ended_at = now()
      WHERE status IN ('awaiting_approval', 'queued', 'running', 'cancelling', 'needs_attention')`;
  });
  afterAll(() => app.close());
  const lines = async (runId: string): Promise<string[]> =>
    (await readRunLog(ctx, { runId, limit: 5_000 })).map((line) => line.text);
  return {
    app,
    approvals,
    planners,
    lines,
    procedure: (steps, change) => {
      count += 1;
      const made = fixtureProcedure(`test.${count}`, steps, change);
      procedures.set(made.id, made as unknown as Procedure<never>);
      return made;
    },
    environment: () => {
      count += 1;
      return `env-${count}`;
    },
    work: () => {
      const loop = startRunLoop(app, app.ids.uuid());
      loops.push(loop);
      return loop;
    },
    untilStatus: (runId, ...statuses) =>
      eventually(async () => {
        const run = await getRun(ctx, { runId });
        expect(
          statuses,
          `${run.status}: ${run.error} ${(await lines(runId)).slice(-5).join(' | ')}`,
        ).toContain(run.status);
        return run;
      }),
  };
}
