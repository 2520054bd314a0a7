import { expect } from 'vitest';
import type { Permission } from '#server/auth/contract';
import type { Ctx } from '#server/platform/context';
import type { RunStatus } from '#server/runs/contract';
import type { Planner } from '#server/runs/policy';
import type { Procedure } from '#server/runs/procedure';
import { getRun } from '#server/runs/queries';
import { eventually } from '#server/testing/eventually';
import { type FixtureParams, type FixtureStep, startFixture } from '#server/testing/fixture-procedure';
import { createRunHarness, type RunHarness } from '#server/testing/run-harness';

/** A run that awaits a second person, with who asked for it and what an approver sends. */
export interface Asked {
  asker: Ctx;
  /** The environment's name. */
  name: string;
  runId: string;
  planHash: string;
  input: { runId: string; planHash: string };
}

export interface ApprovalHarness extends RunHarness {
  /** A procedure that a second person must approve. */
  guarded(
    steps?: FixtureStep[],
    change?: Partial<Procedure<FixtureParams>>,
    planner?: Partial<Planner>,
  ): Procedure<FixtureParams>;
  /** Asks for a run as a new responder, in an environment of its own unless named. */
  ask(made: Procedure<FixtureParams>, name?: string): Promise<Asked>;
  /** Asks for one whose time is over at once. */
  askOverdue(made: Procedure<FixtureParams>): Promise<Asked>;
  /** While `work` goes on, approvals last this long. */
  withMinutes<T>(minutes: number, work: () => Promise<T>): Promise<T>;
  /** The same person through a token of theirs. */
  byToken(person: Ctx, ...scopes: Permission[]): Ctx;
  statusOf(runId: string): Promise<RunStatus>;
  auditOf(runId: string): Promise<{ action: string; actorName: string; reason: string | null }[]>;
}

/** A step that does nothing. */
export const NOTHING: FixtureStep[] = [{ key: 'one', run: async () => undefined }];

/** What plans the same again and finds nothing in the way. */
export const UNCHANGED: Planner = {
  replan: async (_ctx, run) => run.plan,
  assertMayStart: async () => undefined,
};

/** What tests of approvals need on top of those of the run engine. */
export async function createApprovalHarness(): Promise<ApprovalHarness> {
  const harness = await createRunHarness();
  const { app, approvals, planners } = harness;
  const made: ApprovalHarness = {
    ...harness,
    guarded: (steps = NOTHING, change = {}, planner = {}) => {
      const guarded = harness.procedure(steps, change);
      approvals.add(guarded.id);
      planners.set(guarded.id, { ...UNCHANGED, ...planner });
      return guarded;
    },
    ask: async (procedure, name = harness.environment()) => {
      const asker = await app.asRole('responder');
      const { runId } = await startFixture(asker, procedure, name);
      const { planHash } = await getRun(asker, { runId });
      return { asker, name, runId, planHash, input: { runId, planHash } };
    },
    askOverdue: async (procedure) => {
      const asked = await made.withMinutes(0.001, () => made.ask(procedure));
      await eventually(async () => {
        const [row] = await app.system.db.$queryRaw<{ over: boolean }[]>`
          SELECT approval_expires_at < clock_timestamp() AS over FROM run WHERE id = ${asked.runId}::uuid`;
        expect(row?.over).toBe(true);
      });
      return asked;
    },
    withMinutes: (minutes, work) => {
      const before = app.env.APPROVAL_MINUTES;
      app.env.APPROVAL_MINUTES = minutes;
      return work().finally(() => {
        app.env.APPROVAL_MINUTES = before;
      });
    },
    byToken: (person, ...scopes) =>
      app.for({ ...person.actor, token: { id: app.ids.uuid(), name: 'laptop', scopes } }),
    statusOf: async (runId) => (await getRun(app.system, { runId })).status,
    auditOf: async (runId) =>
      (await app.system.db.auditEntry.findMany({ where: { runId }, orderBy: { id: 'asc' } })).map(
        ({ action, actorName, reason }) => ({ action, actorName, reason }),
      ),
  };
  return made;
}
