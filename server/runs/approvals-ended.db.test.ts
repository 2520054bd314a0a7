import { describe, expect, it } from 'vitest';
import { systemActor } from '#server/platform/context';
import { expireApprovals } from '#server/runs/approvals';
import { approveRun, refuseRun, resumeRun } from '#server/runs/commands';
import { StepFailure } from '#server/runs/procedure';
import { getRun } from '#server/runs/queries';
import { listApprovals } from '#server/runs/queries/approvals';
import { createApprovalHarness, NOTHING, UNCHANGED } from '#server/testing/approval-harness';
import { startFixture } from '#server/testing/fixture-procedure';

const { app, ask, askOverdue, auditOf, guarded, planners, statusOf, untilStatus, work } =
  await createApprovalHarness();

describe('not approving', () => {
  it('ends the run with the reason, and its procedure learns of it', async () => {
    const ends: string[] = [];
    const made = guarded(NOTHING, {
      onEnd: async (_tx, end) => void ends.push(`${end.status}: ${end.error}`),
    });
    const { runId, planHash } = await ask(made);
    const second = await app.asRole('responder');
    await expect(refuseRun(second, { runId, reason: ' ' })).rejects.toMatchObject({ kind: 'invalid_input' });
    await refuseRun(second, { runId, reason: 'Not on a Friday' });
    expect(await getRun(second, { runId })).toMatchObject({
      status: 'cancelled',
      cancelReason: 'Not approved: Not on a Friday',
      canResume: false,
      approval: { decision: 'refused', byName: second.actor.name, reason: 'Not on a Friday' },
    });
    expect(ends).toEqual(['cancelled: Not approved: Not on a Friday']);
    const third = await app.asRole('admin');
    await expect(approveRun(third, { runId, planHash })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining(`${second.actor.name} refused`),
    });
    await expect(resumeRun(third, { runId })).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('leaves a later request free, and what failed before it resumable', async () => {
    const made = guarded([
      {
        key: 'one',
        run: async () => {
          throw new StepFailure('Once more, please');
        },
      },
    ]);
    const first = await ask(made);
    const second = await app.asRole('responder');
    const loop = work();
    await approveRun(second, first.input);
    await untilStatus(first.runId, 'failed');
    await loop.stop();
    const { runId } = await startFixture(first.asker, made, first.name, { variant: 'other' });
    await refuseRun(second, { runId, reason: 'Finish the first one' });
    expect((await startFixture(first.asker, made, first.name, { variant: 'other' })).created).toBe(true);
    await resumeRun(first.asker, { runId: first.runId });
    expect(await statusOf(first.runId)).toBe('queued');
  });

  it('ends it by itself when the time is over, once, whichever workers look', async () => {
    const ends: string[] = [];
    const made = guarded(NOTHING, { onEnd: async (_tx, end) => void ends.push(end.runId) });
    const runs = [await askOverdue(made), await askOverdue(made), await askOverdue(made)];
    const alive = await ask(made);
    const counts = await Promise.all([1, 2, 3].map(() => expireApprovals(app.for(systemActor('worker')))));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    for (const { runId } of runs) {
      expect(await getRun(app.system, { runId })).toMatchObject({
        status: 'cancelled',
        cancelReason: 'Nobody approved it within 0 seconds',
      });
      expect((await auditOf(runId)).map(({ action, actorName }) => [action, actorName]).at(-1)).toEqual([
        'runs.approval-expired',
        'Approvals',
      ]);
    }
    expect(ends.sort()).toEqual(runs.map(({ runId }) => runId).sort());
    expect(await statusOf(alive.runId)).toBe('awaiting_approval');
    expect(await expireApprovals(app.system)).toBe(0);
  });

  it('is certain once the time is over, also before anybody has looked', async () => {
    const { asker, runId, planHash, name } = await askOverdue(guarded());
    const second = await app.asRole('responder');
    expect((await getRun(second, { runId })).approval).toMatchObject({ canApprove: false });
    expect((await listApprovals(second, { state: 'open' })).rows.map((row) => row.runId)).not.toContain(
      runId,
    );
    await expect(approveRun(second, { runId, planHash })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('The time to approve'),
    });
    await expect(refuseRun(second, { runId, reason: 'too late' })).rejects.toMatchObject({
      kind: 'conflict',
    });
    const { procedure: id } = await app.system.db.run.findUniqueOrThrow({ where: { id: runId } });
    const again = guarded();
    planners.set(id, UNCHANGED);
    // The same plan asked for again is a new run, not the one whose time is over.
    const made = { ...again, id, title: id };
    const next = await startFixture(asker, made, name);
    expect(next).toMatchObject({ created: true, status: 'awaiting_approval' });
    expect(await statusOf(runId)).toBe('cancelled');
    expect((await auditOf(runId)).at(-1)).toMatchObject({
      action: 'runs.approval-expired',
      actorName: 'Approvals',
    });
  });
});
