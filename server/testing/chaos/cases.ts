import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { STEP_MARKER } from '#server/platform/process-table';
import type { RunDetail } from '#server/runs/contract';
import {
  arm,
  type ChaosMoment,
  disarm,
  type Fired,
  isSupervisor,
  readFired,
} from '#server/testing/chaos/injection';
import { type ChaosWorld, HOME_TAG } from '#server/testing/chaos/world';
import { eventually } from '#server/testing/eventually';

export interface ChaosCase {
  procedure: 'deployments.deploy' | 'deployments.rollback';
  /** null for the moments of the run's end. */
  stepKey: string | null;
  moment: ChaosMoment;
}

export interface CaseResult {
  /** From the worker's death to the first work of the one that took over, ms; null when nothing was left to take over. */
  takeoverMs: number | null;
  /** What is not as it must be; empty when all is well. */
  problems: string[];
}

const DEPLOY_STEPS = [
  'checkout',
  'check:test-unit',
  'check:audit',
  'migrate',
  'build',
  'start',
  'gate',
  'switch',
  'validate',
  'retire',
];
const ROLLBACK_STEPS = ['checkout', 'build', 'start', 'gate', 'switch', 'validate', 'retire'];
const STEP_MOMENTS: ChaosMoment[] = ['before-step', 'step-begun', 'mid-step', 'step-done', 'after-step'];
const END_MOMENTS: ChaosMoment[] = ['before-end', 'after-end'];
/** A `mid-step` death comes at most this long after the step's beginning, ms: most steps take longer. */
const LONGEST_MID_STEP_MS = 60;
const LONG_LEASE_MS = 5_000;

/** Every step of deploy and rollback with every moment. */
export function fullMatrix(): ChaosCase[] {
  const of = (procedure: ChaosCase['procedure'], steps: string[]): ChaosCase[] => [
    ...steps.flatMap((stepKey) => STEP_MOMENTS.map((moment) => ({ procedure, stepKey, moment }))),
    ...END_MOMENTS.map((moment) => ({ procedure, stepKey: null, moment })),
  ];
  return [...of('deployments.deploy', DEPLOY_STEPS), ...of('deployments.rollback', ROLLBACK_STEPS)];
}

export function nameOf({ procedure, stepKey, moment }: ChaosCase): string {
  return `${procedure.split('.')[1]} ${stepKey ?? 'run'} ${moment}`;
}

let releases = 0;

/** A new good release of the shop. */
export async function newRelease(world: ChaosWorld, kind: 'good' | 'failing' = 'good'): Promise<string> {
  releases += 1;
  const tag = `v1.5.${releases}`;
  await world.shop.addRelease(tag, kind);
  return tag;
}

/** Deploys a new release and rolls back; one of the two loses its worker where the case says. */
export async function runCase(world: ChaosWorld, chaos: ChaosCase): Promise<CaseResult> {
  const problems: string[] = [];
  await world.workers.fill();
  const tag = await newRelease(world);
  const hits = (procedure: string): boolean => chaos.procedure === procedure;
  const armed = (): void =>
    arm(world.orders, {
      ...chaos,
      signal: 'SIGKILL',
      delayMs: Math.floor(Math.random() * LONGEST_MID_STEP_MS),
    });
  if (hits('deployments.deploy')) armed();
  const deploy = await world.ended(await world.askDeploy(tag));
  problems.push(
    ...(await problemsOfRun(world, deploy, 'deploy', tag, hits('deployments.deploy') ? chaos : null)),
  );
  if (deploy.status !== 'succeeded')
    return { takeoverMs: null, problems: [...problems, await lastWords(world, deploy.id)] };
  if (hits('deployments.rollback')) armed();
  const rollback = await world.ended(await world.askRollback());
  problems.push(
    ...(await problemsOfRun(
      world,
      rollback,
      'rollback',
      HOME_TAG,
      hits('deployments.rollback') ? chaos : null,
    )),
  );
  const fired = await diedOf(world);
  if (!fired) problems.push('the worker did not die');
  problems.push(...problemsAround(world));
  const hit = hits('deployments.deploy') ? deploy : rollback;
  world.workers.refill();
  const takeoverMs = fired ? await takeoverOf(world, hit, fired) : null;
  if (fired && takeoverMs === null && chaos.moment !== 'after-end' && chaos.moment !== 'mid-step')
    problems.push('nobody took over');
  await world.unlock();
  return { takeoverMs, problems };
}

/** The end of a run's log and of its workers', to be read when something went wrong. */
async function lastWords(world: ChaosWorld, runId: string): Promise<string> {
  const lines = (await world.wholeLog(runId)).slice(-15).map(({ seq, text }) => `  ${seq} ${text}`);
  const workers = world.workers.log().split('\n').slice(-15);
  return ['the last lines of the run and of the workers:', ...lines, ...workers].join('\n');
}

/** Waits for the victim's end. @returns null when the order was not carried out */
async function diedOf(world: ChaosWorld): Promise<Fired | null> {
  const fired = readFired(world.orders);
  if (!fired) {
    disarm(world.orders);
    return null;
  }
  await eventually(async () => {
    if (world.workers.byPid(fired.pid)?.signalCode !== 'SIGKILL')
      throw new Error(`Worker ${fired.pid} lives`);
  });
  return fired;
}

/** From the death to the first sign of work by another worker: the log line at its claim, or a step that it began. */
async function takeoverOf(world: ChaosWorld, run: RunDetail, fired: Fired): Promise<number | null> {
  const log = await world.wholeLog(run.id);
  const line = log.find(
    ({ text, at }) => text === 'Another worker takes over this run' && Date.parse(at) >= fired.at,
  );
  if (!line) return null;
  const begun = run.steps.map(({ startedAt }) => Date.parse(startedAt ?? '')).filter((at) => at >= fired.at);
  return Math.min(...begun, ...(begun.length === 0 ? [Date.parse(line.at)] : [])) - fired.at;
}

/** What is wrong with a run that should have succeeded, with its records and with what visitors reach. */
export async function problemsOfRun(
  world: ChaosWorld,
  run: RunDetail,
  direction: 'deploy' | 'rollback',
  tag: string,
  chaos: ChaosCase | null,
  hasFrozenWorker = false,
): Promise<string[]> {
  const problems: string[] = [];
  // A worker on an overloaded machine may lose a lease that is shorter than this; then another one rightly takes over.
  const isUndisturbed = chaos === null && world.app.env.RUN_LEASE_MS >= LONG_LEASE_MS;
  const expect = (isSo: boolean, problem: string): void => {
    if (!isSo) problems.push(`${direction} #${run.number}: ${problem}`);
  };
  expect(run.status === 'succeeded', `${run.status}: ${run.error}`);
  for (const [index, step] of run.steps.entries()) {
    expect(['succeeded', 'skipped', 'warning'].includes(step.status), `step ${step.key} is ${step.status}`);
    expect(
      step.startedAt !== null && step.endedAt !== null && step.startedAt <= step.endedAt,
      `times of ${step.key}`,
    );
    const next = run.steps[index + 1];
    expect(
      !next?.startedAt || (step.endedAt ?? '') <= next.startedAt,
      `${next?.key} began before ${step.key} had ended`,
    );
    const repeated = chaos?.stepKey === step.key && ['step-begun', 'step-done'].includes(chaos.moment);
    if (repeated) expect(step.attempt >= 2, `${step.key} was not repeated (attempt ${step.attempt})`);
    if (isUndisturbed) expect(step.attempt === 1, `${step.key} took ${step.attempt} attempts`);
  }
  const row = await world.ctx.db.run.findUniqueOrThrow({ where: { id: run.id } });
  expect(row.workerId === null && row.leaseUntil === null, 'the ended run still has a holder');
  if (isUndisturbed) expect(row.fence === 1, `claimed ${row.fence} times`);
  const log = await world.wholeLog(run.id);
  expect(
    log.every(({ seq }, index) => seq === index + 1) && log.length === row.lastLogSeq,
    `log of ${row.lastLogSeq} lines has gaps`,
  );
  const deployment = await world.ctx.db.deployment.findUnique({ where: { runId: run.id } });
  expect(
    deployment?.status === 'live' && deployment.validatedAt !== null,
    `deployment is ${deployment?.status}`,
  );
  const { db } = world.ctx;
  const marks = await db.releaseMark.count({ where: { runId: run.id } });
  const locks = await db.environmentLock.count({ where: { runId: run.id } });
  const events = await db.event.count({ where: { payload: { path: ['runId'], equals: run.id } } });
  const wanted = direction === 'rollback' ? 1 : 0;
  expect(
    marks === wanted && locks === wanted && events === 1,
    `${marks} marks, ${locks} locks, ${events} events`,
  );
  const processes = processesOf(run.id, hasFrozenWorker);
  expect(processes.length === 0, `processes of it still live: ${processes.join(', ')}`);
  const { live, instances } = await world.observe();
  expect(live?.tag === tag, `visitors reach ${live?.tag}, not ${tag}`);
  expect(instances.length === 1, `instances: ${instances.map((instance) => instance.tag).join(', ')}`);
  return problems;
}

/** What is wrong around the runs: commands that met themselves, visitors who were refused. Each is told once. */
export function problemsAround(world: ChaosWorld): string[] {
  const { failures } = world.visitors().report();
  return [
    ...world.overlaps().map((line) => `overlap: ${line}`),
    ...failures.splice(0).map((failure) => `visitor: ${failure}`),
  ];
}

/**
 * The pids of all processes that belong to a step of the run. A supervisor whose worker froze before it was recorded
 * waits, with no command, for that worker: `withoutSupervisors` leaves such out.
 */
export function processesOf(runId: string, withoutSupervisors = false): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(`${STEP_MARKER}=${runId}:`)) continue;
      if (withoutSupervisors && isSupervisor(readFileSync(`/proc/${name}/cmdline`, 'latin1'))) continue;
      found.push(Number(name));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH' && code !== 'EACCES') throw error;
    }
  }
  return found;
}

/** Waits until the armed order has been carried out. */
export async function untilFired(world: ChaosWorld, timeoutMs = 30_000): Promise<Fired> {
  for (const deadline = Date.now() + timeoutMs; ; await delay(10)) {
    const fired = readFired(world.orders);
    if (fired) return fired;
    if (Date.now() > deadline) throw new Error('The order was not carried out');
  }
}
