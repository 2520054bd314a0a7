import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFreeze, endFreeze } from '#server/deployments/commands/manage-freezes';
import {
  requestChecklist,
  requestDeploy,
  requestValidation,
} from '#server/deployments/commands/request-runs';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { listFreezes, previewFreeze } from '#server/deployments/queries/freezes';
import { previewChecklist, previewDeploy, previewValidation } from '#server/deployments/queries/previews';
import type { Ctx } from '#server/platform/context';
import { approveRun, cancelRun, resumeRun } from '#server/runs/commands';
import { getRun } from '#server/runs/queries';
import { eventually } from '#server/testing/eventually';
import {
  auditAfter,
  createFixtureConsole,
  type FixtureConsole,
  lastAudit,
  PLACE,
} from '#server/testing/fixture-console';
import { environmentIn } from '#server/testing/fixture-shop';

const TAG = 'v1.0.0';
const WHY = 'Customers cannot pay, it cannot wait';
const ALWAYS = { cron: '* * * * *', durationMinutes: 5, reason: 'Every minute of the year' };

const ALWAYS_ON = { ...ALWAYS, startsAt: undefined, endsAt: undefined };
const ALWAYS_ROW = { cron: ALWAYS.cron, timeZone: 'UTC', durationMinutes: ALWAYS.durationMinutes };

let made: FixtureConsole;
let commander: Ctx;

beforeAll(async () => {
  made = await createFixtureConsole();
  const loop = made.work();
  for (const tag of ['v1.0.0', 'v1.1.0']) await made.deployed(tag);
  // From here on nothing runs: what is queued stays queued.
  await loop.stop();
  commander = await made.app.asRole('commander');
}, 60_000);
afterAll(() => made.close(), 60_000);
beforeEach(async () => {
  environmentIn(made.config).approvals = [];
  await made.app.system.db.$executeRaw`
    UPDATE freeze_window SET ended_at = now(), ended_by_name = 'the next test' WHERE ended_at IS NULL`;
  await made.app.system.db.$executeRaw`
    UPDATE run SET status = 'cancelled', ended_at = now()
    WHERE status IN ('awaiting_approval', 'queued', 'running', 'cancelling', 'needs_attention')`;
});

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const freeze = (input: object = {}) =>
  createFreeze(commander, {
    ...PLACE,
    reason: 'Holiday sales',
    startsAt: inMinutes(-5),
    endsAt: inMinutes(60),
    ...input,
  });
const planOf = async (tag = TAG) => (await previewDeploy(commander, { ...PLACE, tag })).planHash;
const deploy = async (who: Ctx, freezeOverrideReason?: string) =>
  requestDeploy(who, { ...PLACE, tag: TAG, planHash: await planOf(), freezeOverrideReason });

/** Everything that a refused request could have left behind. */
async function world() {
  const [row] = await made.app.system.db.$queryRaw<Record<string, unknown>[]>`
    SELECT (SELECT count(*) FROM run) AS runs, (SELECT count(*) FROM audit_entry) AS audit,
      (SELECT count(*) FROM freeze_window WHERE ended_at IS NULL) AS freezes`;
  return row;
}

describe('while a freeze applies', () => {
  it('deploys are refused with its reason, its end and its author, and nothing is left of the request', async () => {
    const view = await freeze();
    expect(view).toMatchObject({ status: 'active', createdByName: commander.actor.name, next: [] });
    const before = await world();
    await expect(deploy(made.responder)).rejects.toMatchObject({
      kind: 'locked',
      status: 423,
      message: expect.stringMatching(
        new RegExp(
          `frozen until ${view.endsAt?.slice(0, 10)} .* UTC: Holiday sales \\(${commander.actor.name}\\)`,
        ),
      ),
    });
    expect(await world()).toEqual(before);
    const shown = { id: view.id, reason: 'Holiday sales', until: view.endsAt, byName: commander.actor.name };
    expect((await getEnvironmentState(made.responder, PLACE)).freeze).toEqual(shown);
    expect((await previewDeploy(made.responder, { ...PLACE, tag: TAG })).freeze).toEqual(shown);
  });

  it('rollbacks, checks and validations go on', async () => {
    await freeze(ALWAYS_ON);
    const started = [await made.askRollback()];
    await cancelRun(made.responder, { runId: started[0]?.runId, reason: 'only asked' });
    const check = await previewChecklist(made.responder, { ...PLACE, tag: TAG });
    started.push(await requestChecklist(made.responder, { ...PLACE, tag: TAG, planHash: check.planHash }));
    await cancelRun(made.responder, { runId: started[1]?.runId, reason: 'only asked' });
    const validation = await previewValidation(made.responder, PLACE);
    started.push(await requestValidation(made.responder, { ...PLACE, planHash: validation.planHash }));
    expect(started.map(({ status, created }) => [status, created])).toEqual([
      ['queued', true],
      ['queued', true],
      ['queued', true],
    ]);
  });

  it('a person who may gets a deploy through with a reason, which is an entry of its own', async () => {
    const view = await freeze();
    const before = await world();
    await expect(deploy(made.responder, WHY)).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(deploy(commander, 'because')).rejects.toMatchObject({
      kind: 'unprocessable',
      fields: { freezeOverrideReason: [expect.any(String)] },
    });
    await expect(deploy(commander, '')).rejects.toMatchObject({ kind: 'locked' });
    expect(await world()).toEqual(before);
    const audit = await lastAudit(made.app);
    const { runId } = await deploy(commander, WHY);
    const entries = await auditAfter(made.app, audit);
    expect(entries.map(({ action, reason }) => [action, reason])).toEqual([
      ['deployments.deploy.requested', null],
      ['deployments.freeze.overridden', WHY],
    ]);
    expect(entries[1]).toMatchObject({
      runId,
      details: { freezes: [{ id: view.id, reason: 'Holiday sales' }] },
    });
  });

  it('a token overrides only with the scope for it', async () => {
    await freeze();
    const token = (...scopes: string[]) =>
      made.app.for({ ...commander.actor, token: { id: made.app.ids.uuid(), name: 'laptop', scopes } });
    await expect(deploy(token('deployments.deploy'), WHY)).rejects.toMatchObject({ kind: 'forbidden' });
    await deploy(token('deployments.deploy', 'freezes.override'), WHY);
  });

  it('the console itself deploys nothing either', async () => {
    await createFreeze(commander, ALWAYS);
    await expect(deploy(made.app.system)).rejects.toMatchObject({ kind: 'locked' });
  });

  it('only what it names is frozen', async () => {
    await expect(freeze({ environment: 'nowhere' })).rejects.toMatchObject({ kind: 'not_found' });
    await expect(freeze({ service: 'nowhere', environment: undefined })).rejects.toMatchObject({
      kind: 'not_found',
    });
    await freeze({ startsAt: inMinutes(30) });
    await freeze({ ...ALWAYS_ON, cron: '0 0 1 1 *', durationMinutes: 1 });
    expect((await getEnvironmentState(made.responder, PLACE)).freeze).toBeNull();
    await made.app.system.db.freezeWindow.create({
      data: { id: made.app.ids.uuid(), service: 'other', reason: 'x', createdByName: 'x', ...ALWAYS_ROW },
    });
    expect((await deploy(made.responder)).created).toBe(true);
  });

  it('the longest of several is told, and all must be overridden', async () => {
    await freeze({ reason: 'Short' });
    await freeze({ reason: 'Long', endsAt: inMinutes(600) });
    expect((await getEnvironmentState(made.responder, PLACE)).freeze?.reason).toBe('Long');
    const { runId } = await deploy(commander, WHY);
    const { params } = await made.app.system.db.run.findUniqueOrThrow({ where: { id: runId } });
    expect(params).toMatchObject({ freezeOverride: { reason: WHY, windows: [{}, {}] } });
  });

  it('a reason given without a freeze is no override', async () => {
    const audit = await lastAudit(made.app);
    await deploy(made.responder, WHY);
    expect((await auditAfter(made.app, audit)).map(({ action }) => action)).toEqual([
      'deployments.deploy.requested',
    ]);
  });
});

describe('a freeze that begins after the request', () => {
  /** As a deploy that failed before the switch. */
  const fail = (runId: string) => made.app.system.db.$executeRaw`
    UPDATE run SET status = 'failed', ended_at = now(), error = 'x' WHERE id = ${runId}::uuid`;

  it('refuses a resume before the switch, unless it was overridden', async () => {
    const { runId } = await deploy(made.responder);
    await fail(runId);
    const view = await freeze();
    await expect(resumeRun(made.responder, { runId })).rejects.toMatchObject({
      kind: 'locked',
      message: expect.stringContaining('Holiday sales'),
    });
    expect((await getRun(made.responder, { runId })).status).toBe('failed');
    await endFreeze(commander, { freezeId: view.id, reason: 'Sales are over' });
    await resumeRun(made.responder, { runId });
    expect((await getRun(made.responder, { runId })).status).toBe('queued');
  });

  it('is not covered by the override of another', async () => {
    await freeze();
    const { runId } = await deploy(commander, WHY);
    await fail(runId);
    await resumeRun(made.responder, { runId });
    await fail(runId);
    await freeze({ reason: 'Another one' });
    await expect(resumeRun(commander, { runId })).rejects.toMatchObject({
      message: expect.stringContaining('Another one'),
    });
  });

  it('refuses the approval, and the run goes on waiting for it', async () => {
    environmentIn(made.config).approvals = ['deployments.deploy'];
    const started = await deploy(made.responder);
    expect(started.status).toBe('awaiting_approval');
    const { planHash } = await getRun(commander, { runId: started.runId });
    const view = await freeze();
    await expect(approveRun(commander, { runId: started.runId, planHash })).rejects.toMatchObject({
      kind: 'locked',
    });
    expect((await getRun(commander, { runId: started.runId })).status).toBe('awaiting_approval');
    await endFreeze(commander, { freezeId: view.id, reason: 'Sales are over' });
    await approveRun(commander, { runId: started.runId, planHash });
    expect((await getRun(commander, { runId: started.runId })).status).toBe('queued');
  });

  it('and an override asked for with the run counts at its approval', async () => {
    environmentIn(made.config).approvals = ['deployments.deploy'];
    await freeze();
    const { runId } = await deploy(commander, WHY);
    const { planHash } = await getRun(commander, { runId });
    await approveRun(made.responder, { runId, planHash });
    expect((await getRun(commander, { runId })).status).toBe('queued');
  });
});

describe('managing freezes', () => {
  it('says what is wrong by field, and changes nothing', async () => {
    const before = await world();
    await expect(freeze({ endsAt: inMinutes(-10) })).rejects.toMatchObject({
      kind: 'unprocessable',
      fields: { endsAt: [expect.any(String)] },
    });
    await expect(freeze({ ...ALWAYS_ON, cron: 'x' })).rejects.toMatchObject({
      fields: { cron: expect.any(Array) },
    });
    await expect(freeze({ reason: ' ' })).rejects.toMatchObject({ kind: 'invalid_input' });
    await expect(freeze({ ...ALWAYS_ON, durationMinutes: 20_161 })).rejects.toMatchObject({
      kind: 'invalid_input',
    });
    expect(await world()).toEqual(before);
  });

  it('ends one once: of two people one wins and the other is told who', async () => {
    const { id } = await freeze();
    const other = await made.app.asRole('admin');
    const results = await Promise.allSettled(
      [commander, other].map((who) => endFreeze(who, { freezeId: id, reason: `by ${who.actor.name}` })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const won = results[0]?.status === 'fulfilled' ? commander : other;
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { kind: 'conflict', message: expect.stringContaining(`${won.actor.name} has ended`) },
    });
    expect((await getEnvironmentState(made.responder, PLACE)).freeze).toBeNull();
    const entries = await made.app.system.db.auditEntry.findMany({
      where: { action: 'deployments.freeze.ended', targetId: id },
    });
    expect(entries.map(({ reason }) => reason)).toEqual([`by ${won.actor.name}`]);
  });

  it('does not end what is over by itself', async () => {
    const { id } = await freeze({ endsAt: new Date(Date.now() + 1_000).toISOString() });
    await eventually(async () => {
      expect((await getEnvironmentState(made.responder, PLACE)).freeze).toBeNull();
    });
    await expect(endFreeze(commander, { freezeId: id, reason: 'late' })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('is over'),
    });
    const past = await listFreezes(made.responder, { state: 'past', pageSize: 200 });
    expect(past.rows.find((row) => row.id === id)).toMatchObject({ status: 'past', endedByName: null });
  });

  it('shows beforehand when it would apply, as the freeze then does, and writes nothing', async () => {
    const before = (await listFreezes(made.responder, { pageSize: 200 })).total;
    const times = { startsAt: inMinutes(-5), endsAt: inMinutes(60) };
    const preview = await previewFreeze(made.responder, times);
    expect(preview).toEqual({ isActive: true, next: [times], fields: {} });
    const weekly = { cron: '0 17 * * 5', durationMinutes: 60, timeZone: 'Europe/Paris' };
    const { next, isActive } = await previewFreeze(made.responder, weekly);
    expect(await previewFreeze(made.responder, { ...weekly, timeZone: 'Europe' })).toMatchObject({
      next: [],
      fields: { timeZone: [expect.stringContaining('There is no time zone "Europe"')] },
    });
    expect((await listFreezes(made.responder, { pageSize: 200 })).total).toBe(before);
    const declared = await freeze({ ...weekly, startsAt: undefined, endsAt: undefined });
    expect(declared.next).toEqual(isActive ? next.slice(1, 4) : next.slice(0, 3));
  });

  it('lists what applies, then what comes first, then the past', async () => {
    const later = await freeze({ startsAt: inMinutes(120), endsAt: inMinutes(180), reason: 'Later' });
    const sooner = await freeze({ startsAt: inMinutes(20), endsAt: inMinutes(30), reason: 'Sooner' });
    const now = await createFreeze(commander, ALWAYS);
    const current = await listFreezes(made.responder, { state: 'current' });
    expect(current.rows.map(({ id }) => id)).toEqual([now.id, sooner.id, later.id]);
    expect(current.total).toBe(3);
    expect(current.rows[0]).toMatchObject({ service: null, environment: null, status: 'active' });
    expect(current.rows[0]?.next).toHaveLength(3);
    const all = await listFreezes(made.responder, { pageSize: 200 });
    expect(all.rows.slice(0, 3).map(({ id }) => id)).toEqual([now.id, sooner.id, later.id]);
    expect(all.rows.slice(3).every(({ status }) => status === 'past')).toBe(true);
    const ends = all.rows.slice(3).map(({ endedAt, endsAt }) => endedAt ?? endsAt ?? '');
    expect(ends).toEqual([...ends].sort().reverse());
  });
});
