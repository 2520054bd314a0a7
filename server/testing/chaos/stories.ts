import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DRIVERS } from '#server/deployments/drivers/driver';
import { getRun } from '#server/runs/queries';
import {
  newRelease,
  problemsAround,
  problemsOfRun,
  processesOf,
  untilFired,
} from '#server/testing/chaos/cases';
import { arm, type ChaosMoment } from '#server/testing/chaos/injection';
import { type ChaosWorld, HOME_TAG, PLACE } from '#server/testing/chaos/world';
import { eventually } from '#server/testing/eventually';
import { createTestStepIo } from '#server/testing/step-io';

/** What else may happen to a worker, its commands or its database. Each returns what is not as it must be. */
export const STORIES = {
  'a worker frozen in a command wakes and writes nothing': (world) =>
    freeze(world, 'check:test-unit', 'mid-step'),
  'a worker frozen before its switch wakes and switches nothing': (world) =>
    freeze(world, 'switch', 'step-begun'),
  'kill -9 of the worker ends the command that it ran': (world) => killInCommand(world, false),
  'kill -9 of the worker and of the supervisor: the successor ends the command': (world) =>
    killInCommand(world, true),
  'both workers killed, others started later': killBoth,
  'a failed deploy whose worker dies before its event is delivered is rolled back': killBeforeEvent,
  'Postgres crashes and comes back at once': (world) => restartPostgres(world, 'immediate', 0),
  'Postgres is stopped for longer than a lease': (world) =>
    restartPostgres(world, 'fast', world.app.env.RUN_LEASE_MS + 500),
} satisfies Record<string, (world: ChaosWorld) => Promise<string[]>>;

const REPEATED = (stepKey: string | null, moment: ChaosMoment) =>
  ({ procedure: 'deployments.deploy', stepKey, moment }) as const;

async function rollBack(world: ChaosWorld): Promise<string[]> {
  const rollback = await world.ended(await world.askRollback());
  const problems = await problemsOfRun(world, rollback, 'rollback', HOME_TAG, null);
  await world.unlock();
  return [...problems, ...problemsAround(world)];
}

async function freeze(world: ChaosWorld, stepKey: string, moment: ChaosMoment): Promise<string[]> {
  await world.workers.fill();
  const problems: string[] = [];
  const tag = await newRelease(world);
  arm(world.orders, { procedure: 'deployments.deploy', stepKey, moment, signal: 'SIGSTOP', delayMs: 80 });
  const runId = await world.askDeploy(tag);
  const { pid } = await untilFired(world);
  const frozen = world.workers.byPid(pid);
  const run = await world.ended(runId);
  problems.push(...(await problemsOfRun(world, run, 'deploy', tag, REPEATED(stepKey, moment), true)));

  const before = await everything(world);
  const wokenAt = new Date();
  frozen?.kill('SIGCONT');
  await delay(world.app.env.RUN_LEASE_MS + 1_500);
  if ((await everything(world)) !== before) problems.push('the worker that woke has changed something');
  if (frozen?.exitCode !== null || frozen.signalCode !== null)
    problems.push('the worker that woke has ended');
  await eventually(async () => {
    const row = await world.ctx.db.worker.findFirst({ where: { pid, lastSeenAt: { gt: wokenAt } } });
    if (!row) throw new Error('The worker that woke does not say that it lives');
  });
  const left = processesOf(runId);
  if (left.length > 0) problems.push(`processes of it still live: ${left.join(', ')}`);
  problems.push(...(await assertLateSwitchRefused(world, run.number)));

  // It goes on as a worker: now it is the only one.
  for (const other of world.workers.alive()) if (other.pid !== pid) other.kill('SIGKILL');
  problems.push(...(await rollBack(world)));
  const claims = world.workers
    .log()
    .split('\n')
    .filter((line) => line.includes('run claimed'));
  if (!claims.at(-1)?.includes(`"pid":${pid},`))
    problems.push('another worker than the one that woke did the rollback');
  world.workers.refill();
  return problems;
}

/** What the console has stored and what visitors reach, as one hash. */
async function everything(world: ChaosWorld): Promise<string> {
  const rows = await world.ctx.db.$queryRaw<{ rows: string }[]>`
    SELECT concat(
      (SELECT jsonb_agg(r ORDER BY r.id) FROM run r), (SELECT jsonb_agg(s ORDER BY s.run_id, s.index) FROM run_step s),
      (SELECT jsonb_agg(l ORDER BY l.run_id, l.seq) FROM run_log l), (SELECT jsonb_agg(d ORDER BY d.id) FROM deployment d),
      (SELECT count(*) FROM release_mark), (SELECT jsonb_agg(k ORDER BY k.id) FROM environment_lock k),
      (SELECT count(*) FROM event), (SELECT count(*) FROM audit_entry)
    ) AS rows`;
  const text = `${rows[0]?.rows} ${JSON.stringify(await world.observe())}`;
  return createHash('sha256').update(text).digest('hex');
}

/** The proxy knows the successor's token: a switch under the first claim's token does not get through. */
async function assertLateSwitchRefused(world: ChaosWorld, runNumber: number): Promise<string[]> {
  const driver = world.ctx.use(DRIVERS)(PLACE.service, PLACE.environment);
  const { live } = await driver.observe();
  const late = createTestStepIo({ runNumber, fence: 1 });
  return driver.switchTo(late, live?.instanceId ?? '').then(
    () => ['the proxy took a switch under a token that is over'],
    (error: Error) =>
      error.message.startsWith('A later run') ? [] : [`the late switch failed otherwise: ${error.message}`],
  );
}

async function killInCommand(world: ChaosWorld, withSupervisors: boolean): Promise<string[]> {
  await world.workers.fill();
  const problems: string[] = [];
  const tag = await newRelease(world);
  world.holdNextCommand();
  const order = REPEATED('check:test-unit', 'mid-step');
  arm(world.orders, { ...order, signal: 'SIGKILL', delayMs: 1_200, withSupervisors });
  const runId = await world.askDeploy(tag);
  const { at } = await untilFired(world);
  if (withSupervisors && processesOf(runId, true).length === 0)
    problems.push('nothing was left of the command');
  const run = await world.ended(runId);
  problems.push(...(await problemsOfRun(world, run, 'deploy', tag, order)));
  if (Date.now() - at > 15_000 + world.app.env.RUN_LEASE_MS)
    problems.push('the abandoned command was waited for');
  world.workers.refill();
  return [...problems, ...(await rollBack(world))];
}

async function killBoth(world: ChaosWorld): Promise<string[]> {
  await world.workers.fill();
  const tag = await newRelease(world);
  const order = REPEATED('build', 'step-begun');
  arm(world.orders, { ...order, signal: 'SIGKILL' });
  const runId = await world.askDeploy(tag);
  await untilFired(world);
  await world.workers.killAll();
  await delay(world.app.env.RUN_LEASE_MS + 500);
  const { status } = await getRun(world.ctx, { runId });
  const problems = status === 'running' ? [] : [`without any worker the run became ${status}`];
  await world.workers.fill();
  const run = await world.ended(runId);
  problems.push(...(await problemsOfRun(world, run, 'deploy', tag, order)));
  return [...problems, ...(await rollBack(world))];
}

async function killBeforeEvent(world: ChaosWorld): Promise<string[]> {
  await world.workers.fill();
  const problems: string[] = [];
  const tag = await newRelease(world, 'failing');
  // Visitors meet this release's errors for real: they are not what is proved here.
  await world.pauseVisitors();
  arm(world.orders, {
    procedure: 'deployments.deploy',
    stepKey: null,
    moment: 'after-end',
    signal: 'SIGKILL',
  });
  const runId = await world.askDeploy(tag);
  await untilFired(world);
  const run = await world.ended(runId);
  if (run.status !== 'failed') problems.push(`the deploy ${run.status}: ${run.error}`);
  const followUp = await eventually(async () => {
    const { followUps } = await getRun(world.ctx, { runId });
    if (!followUps[0]) throw new Error('No rollback follows');
    return followUps[0];
  }, 30_000);
  const rollback = await world.ended(followUp.id);
  problems.push(...(await problemsOfRun(world, rollback, 'rollback', HOME_TAG, null)));
  const { followUps } = await getRun(world.ctx, { runId });
  if (followUps.length !== 1) problems.push(`${followUps.length} rollbacks follow`);
  world.resumeVisitors();
  world.workers.refill();
  await world.unlock();
  return problems;
}

async function restartPostgres(
  world: ChaosWorld,
  mode: 'fast' | 'immediate',
  awayMs: number,
): Promise<string[]> {
  await world.workers.fill();
  const tag = await newRelease(world);
  const runId = await world.askDeploy(tag);
  await eventually(async () => {
    const { currentStep } = await getRun(world.ctx, { runId });
    if (currentStep !== 'Unit tests' && currentStep !== 'Audit')
      throw new Error(`The run is in ${currentStep}`);
  });
  await world.postgres.stop(mode);
  await delay(awayMs);
  await world.postgres.start();
  const run = await world.ended(runId);
  // Steps may have been repeated, none may be missing; which ones depends on the moment.
  const problems = await problemsOfRun(world, run, 'deploy', tag, REPEATED(null, 'before-end'));
  if (world.workers.alive().length !== 2) problems.push(`${world.workers.alive().length} workers live`);
  return [...problems, ...(await rollBack(world))];
}
