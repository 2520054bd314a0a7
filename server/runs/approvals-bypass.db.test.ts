import { describe, expect, it } from 'vitest';
import { hasPostgresCode } from '#server/platform/database-errors';
import { approveRun, resumeRun } from '#server/runs/commands';
import { StepFailure } from '#server/runs/procedure';
import { getRun } from '#server/runs/queries';
import { createApprovalHarness, NOTHING } from '#server/testing/approval-harness';
import { startFixture } from '#server/testing/fixture-procedure';

const { app, approvals, ask, askOverdue, environment, guarded, procedure, statusOf, untilStatus, work } =
  await createApprovalHarness();
const RESTRICT_VIOLATION = '23001';

describe('nothing goes around the approval', () => {
  it('not a resume: one that awaits is not resumable, one that was approved needs no second approval', async () => {
    let fails = true;
    const made = guarded([
      {
        key: 'one',
        run: async () => {
          if (fails) throw new StepFailure('Not yet');
          return undefined;
        },
      },
    ]);
    const { asker, runId, planHash } = await ask(made);
    await expect(resumeRun(asker, { runId })).rejects.toMatchObject({ kind: 'conflict' });
    work();
    await approveRun(await app.asRole('responder'), { runId, planHash });
    await untilStatus(runId, 'failed');
    fails = false;
    await resumeRun(asker, { runId });
    await untilStatus(runId, 'succeeded');
  });

  it('not a resume of a run from before the policy', async () => {
    const made = procedure([
      {
        key: 'one',
        run: async () => {
          throw new StepFailure('No');
        },
      },
    ]);
    const { runId } = await startFixture(app.system, made, environment());
    work();
    await untilStatus(runId, 'failed');
    approvals.add(made.id);
    await expect(resumeRun(await app.asRole('admin'), { runId })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('was never approved'),
    });
  });

  it('not a run that takes another one’s place: it awaits as well, and the other one goes on', async () => {
    const deploy = procedure(NOTHING);
    const name = environment();
    const first = await startFixture(app.system, deploy, name);
    const made = guarded(NOTHING, { supersedes: [deploy.id] });
    const second = await startFixture(await app.asRole('responder'), made, name);
    expect(second.status).toBe('awaiting_approval');
    expect(await getRun(app.system, { runId: first.runId })).toMatchObject({
      status: 'queued',
      supersededBy: null,
    });
  });

  it('and nothing of it holds up a run that needs none', async () => {
    const { name, runId } = await ask(guarded());
    const rollback = await startFixture(app.system, procedure(NOTHING), name);
    expect(rollback.status).toBe('queued');
    work();
    await untilStatus(rollback.runId, 'succeeded');
    expect(await statusOf(runId)).toBe('awaiting_approval');
  });

  it('not a row that the serving role queues by hand: the worker stops before the first step', async () => {
    const begun: string[] = [];
    const made = procedure([{ key: 'one', run: async ({ io }) => void begun.push(io.runId) }]);
    const { runId } = await startFixture(app.system, made, environment());
    // As if it had been inserted without asking the policy.
    approvals.add(made.id);
    work();
    const run = await untilStatus(runId, 'needs_attention');
    expect(run.error).toContain('A second person must approve');
    expect(run.steps[0]).toMatchObject({ status: 'pending', attempt: 0 });
    expect(begun).toEqual([]);
  });

  it('not SQL of the serving role', async () => {
    const { asker, runId, planHash } = await ask(guarded());
    const other = await ask(guarded());
    const stranger = await app.asRole('responder');
    const disabled = await app.asRole('responder');
    await app.system.db.user.update({
      where: { id: disabled.actor.id ?? '' },
      data: { disabledAt: new Date() },
    });
    const insert = (by: string | null, hash = planHash, run = runId) =>
      `INSERT INTO run_approval (run_id, plan_hash, decision, by_id, by_name, at)
       VALUES ('${run}', '${hash}', 'approved', '${by}', 'x', now() - interval '1 minute')`;
    const copy = `INSERT INTO run (id, procedure, title, service, environment, lock_key, status, params, plan, plan_hash,
        config_hash, requested_by_type, requested_by_name, budget_ms, approval_required, approval_expires_at)
      SELECT gen_random_uuid(), procedure, title, service, environment, lock_key || '-copy', 'queued', params, plan,
        plan_hash, config_hash, 'system', 'x', budget_ms, true, approval_expires_at FROM run WHERE id = '${runId}'`;
    const set = (change: string) => `UPDATE run SET ${change} WHERE id = '${runId}'`;
    const statements = [
      ...['queued', 'cancelling', 'needs_attention'].map((status) => set(`status = '${status}'`)),
      set(`status = 'failed', ended_at = now()`),
      set(`status = 'running', worker_id = gen_random_uuid(), lease_until = now()`),
      set('approval_required = false'),
      set(`approval_required = false, status = 'queued'`),
      set(`approval_expires_at = approval_expires_at + interval '1 day'`),
      set(`plan_hash = '${'0'.repeat(64)}'`),
      set(`plan = '{}'`),
      set(`params = '{}'`),
      set(`procedure = 'deployments.deploy'`),
      set(`environment = 'elsewhere'`),
      set(`lock_key = 'else/where'`),
      set(`requested_by_id = '${stranger.actor.id}'`),
      set('requested_by_id = NULL'),
      set(`requested_by_type = 'system'`),
      copy,
      insert(asker.actor.id),
      insert(app.ids.uuid()),
      insert('nobody'),
      insert(disabled.actor.id),
      insert(stranger.actor.id, '0'.repeat(64)),
      insert(stranger.actor.id, planHash, app.ids.uuid()),
    ];
    for (const statement of statements) {
      const outcome = await app.system.db.$executeRawUnsafe(statement).then(
        () => 'done',
        (error: unknown) => hasPostgresCode(error, RESTRICT_VIOLATION) || error,
      );
      expect(outcome, statement).toBe(true);
    }
    expect(await statusOf(runId)).toBe('awaiting_approval');
    // Not by the way of another state either.
    await app.system.db.$executeRawUnsafe(
      `UPDATE run SET status = 'cancelled', ended_at = now() WHERE id = '${other.runId}'`,
    );
    for (const status of ['queued', 'needs_attention']) {
      const again = app.system.db.$executeRawUnsafe(
        `UPDATE run SET status = '${status}' WHERE id = '${other.runId}'`,
      );
      await expect(again).rejects.toSatisfy((error) => hasPostgresCode(error, RESTRICT_VIOLATION));
    }
    await expect(
      app.system.db.$executeRawUnsafe(insert(stranger.actor.id, other.planHash, other.runId)),
    ).rejects.toSatisfy((error) => hasPostgresCode(error, RESTRICT_VIOLATION));
  });

  it('not SQL about a run whose time is over, whatever date it claims', async () => {
    const { runId, planHash } = await askOverdue(guarded());
    const stranger = await app.asRole('responder');
    await expect(
      app.system.db.$executeRawUnsafe(
        `INSERT INTO run_approval (run_id, plan_hash, decision, by_id, by_name, at)
         VALUES ('${runId}', '${planHash}', 'approved', '${stranger.actor.id}', 'x', now() - interval '1 hour')`,
      ),
    ).rejects.toSatisfy((error) => hasPostgresCode(error, RESTRICT_VIOLATION));
  });
});
