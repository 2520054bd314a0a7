import { afterEach, describe, expect, it } from 'vitest';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { previewDeploy } from '#server/deployments/queries/previews';
import { cancelRun, resumeRun } from '#server/runs/commands';
import { getRun } from '#server/runs/queries';
import { createCommandShop, SECRET, shopCommand } from '#server/testing/command-shop';
import { eventually } from '#server/testing/eventually';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';
import type { DeployInput, FixtureChange } from '#server/testing/fixture-shop';
import { ask, sendVisitors } from '#server/testing/visitors';

type Steps = DeployInput<'command'>['steps'];

let made: FixtureConsole;
afterEach(() => made.close(), 60_000);

/** The console over commands: one for each part, or one for everything. */
async function consoleOver(
  kind: 'inParts' | 'atOnce',
  steps: Partial<Steps> = {},
  change: FixtureChange = {},
): Promise<void> {
  made = await createFixtureConsole(change, {}, async (shop, port) => {
    const place = await createCommandShop(shop, port);
    const deploy = { ...place[kind], steps: { ...place[kind].steps, ...steps } };
    return { deploy, stop: place.stop };
  });
  made.work();
}

const served = async (): Promise<string> => (await ask(new URL(made.url))).release;
const stateOf = () => getEnvironmentState(made.responder, PLACE);
const detailsOf = async (tag: string): Promise<Record<string, string>> => {
  const { plan } = await previewDeploy(made.responder, { ...PLACE, tag });
  return Object.fromEntries(plan.steps.map(({ key, detail }) => [key, detail]));
};
const deploymentOf = (runId: string) => made.app.system.db.deployment.findUniqueOrThrow({ where: { runId } });

/** The rollback that a failed deploy has led to, ended. */
async function automaticRollbackOf(runId: string) {
  await made.deliver();
  const { followUps } = await getRun(made.responder, { runId });
  expect(followUps).toHaveLength(1);
  return made.ended(followUps[0]?.id as string);
}

describe('deploys with a command for each part', { timeout: 120_000 }, () => {
  it('go the whole way, back by themselves when validation fails, and back when a person says so', async () => {
    await consoleOver('inParts');
    expect(await detailsOf('v1.1.0')).toMatchObject({
      build: 'the release as it will run: node build.mjs',
      start: `beside the one that serves; visitors notice nothing: ${shopCommand('start')}`,
      gate: '3 good answers in a row from /api/health within 15 s',
      switch: `to v1.1.0, at once; the old release finishes what it has begun: ${shopCommand('switch')}`,
    });
    await made.shop.addRelease('v1.4.0-errors', 'failing');
    await made.deployed('v1.0.0');
    const visitors = sendVisitors(made.url, { keepAlive: 2, oneShot: 2, pauseMs: 20 });
    const second = await made.deployed('v1.1.0');
    expect((await visitors.stop()).failures).toEqual([]);
    expect(await served()).toBe('v1.1.0');
    expect(await made.observe()).toMatchObject({ live: { tag: 'v1.1.0' }, instances: [{ tag: 'v1.1.0' }] });
    expect(second.steps.find(({ key }) => key === 'retire')?.facts).toMatchObject({ ended: '1' });
    const log = (await made.lines(second.id)).join('\n');
    expect(log).toContain('built with [redacted]');
    expect(log).not.toContain(SECRET);

    const { runId } = await made.askDeploy('v1.4.0-errors');
    expect(await made.ended(runId)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('Validation failed.'),
    });
    expect(await served()).toBe('v1.4.0-errors');
    expect(await automaticRollbackOf(runId)).toMatchObject({ status: 'succeeded', toTag: 'v1.1.0' });
    expect(await served()).toBe('v1.1.0');
    expect((await stateOf()).lock?.reason).toContain('Rolled back from v1.4.0-errors');

    expect(await made.rolledBack({ reason: 'a person says so' })).toMatchObject({ toTag: 'v1.0.0' });
    expect(await served()).toBe('v1.0.0');
    expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.0.0']);
  });

  it('leave nothing behind when the gate does not open or somebody cancels', async () => {
    await consoleOver('inParts', {}, { health: { intervalMs: 20, deadlineSeconds: 2 } });
    await made.shop.addRelease('v1.5.0-sick', 'sick');
    await made.deployed('v1.0.0');
    const { runId } = await made.askDeploy('v1.5.0-sick');
    expect(await made.ended(runId)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('unhealthy: database. Visitors are still on the release before.'),
    });
    expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.0.0']);
    // Resumed, it is started anew under another name.
    await resumeRun(made.responder, { runId });
    await eventually(async () =>
      expect((await getRun(made.responder, { runId })).currentStep).toBe('Health gate'),
    );
    await cancelRun(made.responder, { runId, reason: 'enough' });
    expect((await made.ended(runId)).status).toBe('cancelled');
    expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.0.0']);
    expect(await served()).toBe('v1.0.0');
  });

  it('fail plainly when the switch does, and visitors are known to be where they were', async () => {
    await consoleOver('inParts', {
      switch: `test "$RELEASE" = v1.0.0 && exec ${shopCommand('switch')}; exit 5`,
    });
    await made.deployed('v1.0.0');
    const { runId } = await made.askDeploy('v1.1.0');
    expect(await made.ended(runId)).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/ended with exit code 5.*Visitors are on v1\.0\.0/),
    });
    expect(await deploymentOf(runId)).toMatchObject({ status: 'failed', switchedAt: null });
    expect((await stateOf()).live?.tag).toBe('v1.0.0');
    expect((await made.observe()).instances.map(({ tag }) => tag)).toEqual(['v1.0.0']);
  });
});

describe('deploys with one command for everything', { timeout: 120_000 }, () => {
  it('say in the plan that the gate comes after the switch, and roll back when it does not open', async () => {
    await consoleOver(
      'atOnce',
      { switch: `${shopCommand('deploy')} --unchecked` },
      { health: { intervalMs: 20, deadlineSeconds: 3 } },
    );
    expect(await detailsOf('v1.0.0')).toMatchObject({
      start: 'not apart from the switch: one command does both',
      gate: 'not before the switch, since nothing runs apart that could be asked: 3 good answers in a row from /api/health within 3 s are asked for when visitors are on the release',
      switch: `to v1.0.0, started and let in by one command: ${shopCommand('deploy')} --unchecked`,
      validate: expect.stringMatching(/^first the health gate, 3 good answers .* within 3 s; then \/:/),
    });
    await made.shop.addRelease('v1.5.0-sick', 'sick');
    const first = await made.deployed('v1.0.0');
    expect(first.steps.map(({ key, status }) => [key, status])).toEqual(
      expect.arrayContaining([
        ['start', 'skipped'],
        ['gate', 'skipped'],
        ['switch', 'succeeded'],
        ['validate', 'succeeded'],
      ]),
    );
    expect(await made.lines(first.id)).toContainEqual(
      expect.stringMatching(/^\/api\/health: 3 good answers in a row, \d+ attempts$/),
    );
    await made.deployed('v1.1.0');
    expect(await served()).toBe('v1.1.0');

    const { runId } = await made.askDeploy('v1.5.0-sick');
    const failed = await made.ended(runId);
    expect(failed).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('unhealthy: database. Visitors are on v1.5.0-sick already.'),
    });
    expect(failed.steps.find(({ status }) => status === 'failed')?.key).toBe('validate');
    expect(await served()).toBe('v1.5.0-sick');
    expect(await automaticRollbackOf(runId)).toMatchObject({ status: 'succeeded', toTag: 'v1.1.0' });
    expect(await served()).toBe('v1.1.0');
    expect(await made.observe()).toMatchObject({
      live: { tag: 'v1.1.0' },
      instances: [{ tag: 'v1.1.0' }],
    });
  });

  it('wait for a person when the command fails and nobody can tell what visitors reach', async () => {
    const line = `${shopCommand('deploy')} && test "$RELEASE" = v1.0.0`;
    await consoleOver('atOnce', { switch: line });
    await made.deployed('v1.0.0');
    const { runId } = await made.askDeploy('v1.1.0');
    const asked = await made.ended(runId);
    expect(asked).toMatchObject({
      status: 'needs_attention',
      error: expect.stringMatching(/ended with exit code 1.*Nobody can tell from here/),
    });
    // The command had got through before it failed; the records reckon with it.
    expect(await served()).toBe('v1.1.0');
    expect(await deploymentOf(runId)).toMatchObject({ status: 'switched' });
    expect((await stateOf()).live).toMatchObject({ tag: 'v1.1.0', validated: false });
    // So the way back is to the release before, whichever visitors are on.
    expect(await made.rolledBack()).toMatchObject({ toTag: 'v1.0.0' });
    expect(await served()).toBe('v1.0.0');
    expect((await getRun(made.responder, { runId })).status).toBe('cancelled');
  });
});
