import { describe, expect, it } from 'vitest';
import type { Role } from '#server/auth/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { approveRun, cancelRun, refuseRun } from '#server/runs/commands';
import { findActive } from '#server/runs/exclusion';
import { StepFailure } from '#server/runs/procedure';
import { getRun, listRuns } from '#server/runs/queries';
import { countApprovals, listApprovals } from '#server/runs/queries/approvals';
import { createApprovalHarness, NOTHING } from '#server/testing/approval-harness';
import { startFixture } from '#server/testing/fixture-procedure';

const {
  app,
  ask,
  auditOf,
  byToken,
  environment,
  guarded,
  procedure,
  statusOf,
  untilStatus,
  withMinutes,
  work,
} = await createApprovalHarness();

describe('a run that needs a second person', () => {
  it('awaits the approval, holds nothing, and no worker takes it', async () => {
    const begun: string[] = [];
    const made = guarded([{ key: 'one', run: async ({ io }) => void begun.push(io.runId) }]);
    const { asker, name, runId } = await ask(made);
    const run = await getRun(asker, { runId });
    expect(run).toMatchObject({
      status: 'awaiting_approval',
      canCancel: true,
      canResume: false,
      approval: { decision: null, isOwn: true, canApprove: false, byName: null },
    });
    const expires = Date.parse(run.approval?.expiresAt ?? '') - Date.parse(run.createdAt);
    expect(expires / 60_000).toBeCloseTo(20, 1);
    expect(await app.system.transaction((tx) => findActive(tx, `shop/${name}`))).toBeNull();
    const loop = work();
    // Another run of the same environment comes and goes meanwhile.
    const other = await startFixture(asker, procedure(NOTHING), name);
    loop.wake();
    await untilStatus(other.runId, 'succeeded');
    expect(await statusOf(runId)).toBe('awaiting_approval');
    expect(begun).toEqual([]);
  });

  it('is one run however often the same is asked for, and another one for another plan', async () => {
    const made = guarded();
    const name = environment();
    const people = await Promise.all(
      ['responder', 'commander', 'admin'].map((role) => app.asRole(role as Role)),
    );
    const asked = await Promise.all(
      [...people, app.system].map((who) =>
        startFixture(who, made, name, { idempotencyKey: `k-${name}-${who.actor.id}` }),
      ),
    );
    expect(new Set(asked.map(({ runId }) => runId)).size).toBe(1);
    expect(asked.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(asked.map(({ status }) => status))).toEqual(new Set(['awaiting_approval']));
    const other = await startFixture(app.system, made, name, { variant: 'other' });
    expect(other).toMatchObject({ created: true, status: 'awaiting_approval' });
    expect(other.runId).not.toBe(asked[0]?.runId);
  });

  it('is under the policy whoever asks, the console itself included', async () => {
    const made = guarded();
    for (const who of [app.system, app.for(systemActor('Schedule')), await app.asRole('admin')]) {
      const { runId, status } = await startFixture(who, made, environment());
      expect(status).toBe('awaiting_approval');
      expect(await statusOf(runId)).toBe('awaiting_approval');
    }
  });

  it('starts by itself once somebody else has approved it, and everybody can see who', async () => {
    const made = guarded();
    const { asker, runId, planHash, name } = await ask(made);
    const second = await app.asRole('commander');
    expect((await getRun(second, { runId })).approval).toMatchObject({ canApprove: true, whyNot: null });
    expect(await countApprovals(second, {})).toBeGreaterThan(0);
    work();
    await approveRun(second, { runId, planHash, reason: 'Looked at the commits' });
    const run = await untilStatus(runId, 'succeeded');
    expect(run.approval).toMatchObject({
      decision: 'approved',
      byName: second.actor.name,
      reason: 'Looked at the commits',
      canApprove: false,
    });
    expect(await auditOf(runId)).toEqual([
      { action: `${made.id}.requested`, actorName: asker.actor.name, reason: null },
      { action: 'runs.approve', actorName: second.actor.name, reason: 'Looked at the commits' },
    ]);
    const { rows } = await listApprovals(asker, { state: 'decided' });
    expect(rows.find((row) => row.runId === runId)).toMatchObject({
      environment: name,
      decision: 'approved',
      requestedByName: asker.actor.name,
      status: 'succeeded',
      isOpen: false,
    });
  });

  it('is listed first, with who may decide, by how much time is left', async () => {
    const made = guarded();
    const later = await ask(made);
    const sooner = await withMinutes(5, () => ask(made));
    const second = await app.asRole('responder');
    const { rows } = await listApprovals(second, {});
    const at = (runId: string) => rows.findIndex((row) => row.runId === runId);
    expect(at(sooner.runId)).toBeGreaterThanOrEqual(0);
    expect(at(sooner.runId)).toBeLessThan(at(later.runId));
    expect(rows[at(later.runId)]).toMatchObject({ isOpen: true, canApprove: true, isOwn: false });
    const own = await listApprovals(later.asker, { state: 'open' });
    expect(own.rows.find((row) => row.runId === later.runId)).toMatchObject({
      canApprove: false,
      isOwn: true,
      whyNot: expect.stringContaining('yourself'),
    });
    expect(await countApprovals(later.asker, {})).toBe((await countApprovals(second, {})) - 1);
    expect((await listRuns(second, { status: 'awaiting_approval' })).total).toBeGreaterThanOrEqual(2);
  });
});

describe('approving', () => {
  it('is not for who asked, nor for who may not, nor for the console', async () => {
    const made = guarded(NOTHING, { permission: 'environments.unlock' });
    const { asker, runId, planHash } = await ask(made);
    const commander = await app.asRole('commander');
    const refused: [string, Ctx][] = [
      ['who asked', asker],
      ['who asked, by token', byToken(asker, 'runs.approve', 'environments.unlock')],
      ['who asked, with a higher role by now', app.for({ ...asker.actor, role: 'admin' })],
      ['a viewer', await app.asRole('viewer')],
      ['without the procedure’s own permission', await app.asRole('responder')],
      ['a token that may only approve', byToken(commander, 'runs.approve')],
      ['a token that may not approve', byToken(commander, 'environments.unlock')],
      ['the console itself', app.system],
    ];
    for (const [who, ctx] of refused) {
      await expect(approveRun(ctx, { runId, planHash }), who).rejects.toMatchObject({ kind: 'forbidden' });
      await expect(refuseRun(ctx, { runId, reason: 'because' }), who).rejects.toMatchObject({
        kind: 'forbidden',
      });
    }
    expect(await statusOf(runId)).toBe('awaiting_approval');
    expect(await auditOf(runId)).toHaveLength(1);
    await approveRun(byToken(commander, 'runs.approve', 'environments.unlock'), { runId, planHash });
    expect(await statusOf(runId)).toBe('queued');
  });

  it('lets any person be the second to the console', async () => {
    const { runId } = await startFixture(app.system, guarded(), environment());
    const { planHash } = await getRun(app.system, { runId });
    await approveRun(await app.asRole('responder'), { runId, planHash });
    expect(await statusOf(runId)).toBe('queued');
  });

  it('is bound to the plan that the approver saw', async () => {
    const { runId } = await ask(guarded());
    const second = await app.asRole('responder');
    for (const planHash of ['0'.repeat(64), 'a'.repeat(64)]) {
      await expect(approveRun(second, { runId, planHash })).rejects.toMatchObject({ kind: 'stale_plan' });
    }
    await expect(approveRun(second, { runId })).rejects.toMatchObject({ kind: 'invalid_input' });
    expect(await statusOf(runId)).toBe('awaiting_approval');
  });

  it.each([
    [
      'another plan',
      async (_ctx: Ctx, run: { plan: object }) => ({ ...run.plan, title: 'Another' }) as never,
    ],
    [
      'nothing any more',
      async () => {
        throw new AppError(
          'unprocessable',
          'There is no release "v9" in the repository. Nothing was started.',
        );
      },
    ],
  ])('ends the run when the same request comes to %s now', async (_name, replan) => {
    const ends: string[] = [];
    const made = guarded(NOTHING, { onEnd: async (_tx, end) => void ends.push(end.status) }, { replan });
    const { runId, planHash } = await ask(made);
    const second = await app.asRole('responder');
    await expect(approveRun(second, { runId, planHash })).rejects.toMatchObject({
      kind: 'stale_plan',
      message: expect.stringContaining('is cancelled and nothing was started'),
    });
    const run = await getRun(second, { runId });
    expect(run).toMatchObject({ status: 'cancelled', approval: { decision: null } });
    expect(run.cancelReason).toMatch(
      /^(Things have changed since it was asked for|There is no release "v9" in the repository)$/,
    );
    expect(ends).toEqual(['cancelled']);
    expect((await auditOf(runId)).map(({ action }) => action)).toEqual([
      `${made.id}.requested`,
      'runs.approval-outdated',
    ]);
  });

  it('leaves the run as it is while it cannot be planned, or something stands in its way', async () => {
    let trouble: Error = new AppError('unavailable', 'The repository is away.');
    const fail = async () => {
      throw trouble;
    };
    const unreadable = await ask(guarded(NOTHING, {}, { replan: fail }));
    const second = await app.asRole('responder');
    await expect(approveRun(second, unreadable.input)).rejects.toMatchObject({ kind: 'unavailable' });
    trouble = new AppError('locked', 'It is locked. Nothing was started.');
    const locked = await ask(guarded(NOTHING, {}, { assertMayStart: fail }));
    await expect(approveRun(second, locked.input)).rejects.toMatchObject({ kind: 'locked' });
    for (const { runId } of [unreadable, locked]) {
      expect(await statusOf(runId)).toBe('awaiting_approval');
      expect(await app.system.db.runApproval.count({ where: { runId } })).toBe(0);
      expect(await auditOf(runId)).toHaveLength(1);
    }
  });

  it('waits for a run that holds the environment, and takes the place of one that waits for a person', async () => {
    const made = guarded([
      {
        key: 'one',
        run: async () => {
          throw new StepFailure('Decide', { needsAttention: true });
        },
      },
    ]);
    const { runId, planHash, name } = await ask(made);
    const second = await app.asRole('responder');
    const holder = await startFixture(app.system, procedure(NOTHING), name);
    await expect(approveRun(second, { runId, planHash })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining(`Run #${holder.number}`),
    });
    const loop = work();
    await untilStatus(holder.runId, 'succeeded');
    await approveRun(second, { runId, planHash });
    await untilStatus(runId, 'needs_attention');
    await loop.stop();
    const next = await startFixture(app.system, made, name, { variant: 'next' });
    // Asking took no place yet.
    expect(await getRun(second, { runId })).toMatchObject({ status: 'needs_attention', supersededBy: null });
    const { planHash: nextHash } = await getRun(second, { runId: next.runId });
    await approveRun(second, { runId: next.runId, planHash: nextHash });
    expect(await getRun(second, { runId })).toMatchObject({
      status: 'cancelled',
      supersededBy: { id: next.runId },
    });
    expect(await statusOf(next.runId)).toBe('queued');
  });

  it('is done once: of people who decide at the same instant one wins and the others are told who', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { runId, input } = await ask(guarded());
      const [first, second] = await Promise.all([app.asRole('responder'), app.asRole('commander')]);
      const results = await Promise.allSettled([
        approveRun(first, input),
        round % 2 === 0 ? approveRun(second, input) : refuseRun(second, { runId, reason: 'Not today' }),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const decided = await app.system.db.runApproval.findUniqueOrThrow({ where: { runId } });
      const won = results[0]?.status === 'fulfilled' ? first : second;
      expect(decided).toMatchObject({ byId: won.actor.id, byName: won.actor.name });
      expect(await statusOf(runId)).toBe(decided.decision === 'approved' ? 'queued' : 'cancelled');
      const lost = results.find((result) => result.status === 'rejected');
      expect(lost?.reason).toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining(`${won.actor.name} ${decided.decision}`),
      });
      const entries = (await auditOf(runId)).filter(({ action }) => /approve$|refuse$/.test(action));
      expect(entries).toHaveLength(1);
    }
  });

  it('and withdrawing at the same instant leave a run that is withdrawn, whoever was first', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { asker, runId, input } = await ask(guarded());
      const second = await app.asRole('responder');
      const [approved, withdrawn] = await Promise.allSettled([
        approveRun(second, input),
        cancelRun(asker, { runId, reason: 'Changed my mind' }),
      ]);
      expect(withdrawn.status).toBe('fulfilled');
      expect(await statusOf(runId)).toBe('cancelled');
      const decided = await app.system.db.runApproval.count({ where: { runId } });
      expect(decided).toBe(approved.status === 'fulfilled' ? 1 : 0);
    }
  });

  it('says what became of a run that awaits nothing', async () => {
    const second = await app.asRole('responder');
    const free = await startFixture(app.system, procedure(NOTHING), environment());
    const { planHash } = await getRun(second, { runId: free.runId });
    await expect(approveRun(second, { runId: free.runId, planHash })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('needs no approval'),
    });
    const withdrawn = await ask(guarded());
    await cancelRun(withdrawn.asker, { runId: withdrawn.runId, reason: 'The wrong release' });
    await expect(approveRun(second, withdrawn.input)).rejects.toMatchObject({
      message: expect.stringContaining('is cancelled: The wrong release'),
    });
    const none = { runId: app.ids.uuid(), planHash };
    await expect(approveRun(second, none)).rejects.toMatchObject({ kind: 'not_found' });
  });
});
