import type { SourceRelease } from '#server/deployments/drivers/driver';
import { checklistProcedure, validationProcedure } from '#server/deployments/procedures/checks';
import { type DeployParams, deployBudgetMs, deployProcedure } from '#server/deployments/procedures/deploy';
import { restartProcedure } from '#server/deployments/procedures/restart';
import { type RollbackParams, rollbackProcedure } from '#server/deployments/procedures/rollback';
import type { TargetParams } from '#server/deployments/procedures/steps';
import { driverOf, loadHistory, oldestCompatibleSchema } from '#server/deployments/records';
import {
  chooseRollbackTarget,
  findCurrent,
  type HistoryEntry,
  type RollbackChoice,
  releaseIdOf,
} from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { Plan, ReleaseRef } from '#server/runs/contract';
import type { Procedure } from '#server/runs/procedure';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

/** A plan with what is needed to start it. */
export interface Prepared<P> {
  procedure: Procedure<P>;
  params: P;
  plan: Plan;
}

export interface PreparedDeploy extends Prepared<DeployParams> {
  release: SourceRelease;
  current: HistoryEntry | null;
}

export interface PreparedRollback extends Prepared<RollbackParams> {
  release: SourceRelease;
  current: HistoryEntry;
  target: HistoryEntry;
  compatible: boolean;
  history: HistoryEntry[];
  present: SourceRelease[];
}

/** @throws AppError `unprocessable` when the repository has no such release */
export async function findSourceRelease(ctx: Ctx, key: EnvironmentKey, tag: string): Promise<SourceRelease> {
  const release = await driverOf(ctx, key).source.findRelease(tag);
  if (!release) {
    throw new AppError(
      'unprocessable',
      `There is no release "${tag}" in the repository of ${key.service}. Nothing was started.`,
      {
        hint: 'It may have been deleted since the page was opened. Choose one of the list.',
        fields: { tag: ['This release does not exist.'] },
      },
    );
  }
  return release;
}

function toRef(service: string, release: SourceRelease): ReleaseRef {
  const { tag, commitSha, title } = release;
  return { id: releaseIdOf(service, tag, commitSha), tag, commitSha, title };
}

function entryRef(entry: HistoryEntry | null): ReleaseRef | null {
  if (!entry) return null;
  const { id, tag, commitSha, title } = entry.release;
  return { id, tag, commitSha, title };
}

function targetOf(key: EnvironmentKey, ref: ReleaseRef): TargetParams {
  return {
    service: key.service,
    environment: key.environment,
    releaseId: ref.id,
    tag: ref.tag,
    commitSha: ref.commitSha,
  };
}

function makePlan<P extends TargetParams>(
  ctx: Ctx,
  procedure: Procedure<P>,
  params: P,
  parts: Pick<Plan, 'title' | 'from' | 'to' | 'skips' | 'budgetMs'>,
): Plan {
  return {
    procedure: procedure.id,
    service: params.service,
    environment: params.environment,
    ...parts,
    steps: procedure.steps(ctx, params).map(({ key, title, detail }) => ({ key, title, detail })),
    params: params as unknown as Record<string, unknown>,
  };
}

export async function prepareDeploy(ctx: Ctx, key: EnvironmentKey, tag: string): Promise<PreparedDeploy> {
  const config = environmentConfig(ctx, key);
  const release = await findSourceRelease(ctx, key, tag);
  const current = findCurrent(await loadHistory(ctx, key, null));
  const to = toRef(key.service, release);
  const params: DeployParams = { ...targetOf(key, to), freezeOverride: null };
  const plan = makePlan(ctx, deployProcedure, params, {
    title: `Deploy ${tag} to ${key.environment}`,
    from: entryRef(current),
    to,
    skips: [],
    budgetMs: deployBudgetMs(config, driverOf(ctx, key)),
  });
  return { procedure: deployProcedure, params, plan, release, current };
}

/**
 * @param drill what is left is not marked faulty and nothing is locked; for practice environments only
 * @throws AppError `conflict` with the reason when there is nothing to go back to, `unprocessable` for a drill elsewhere
 */
export async function prepareRollback(
  ctx: Ctx,
  key: EnvironmentKey,
  tag: string | undefined,
  breakGlassReason: string | null,
  drill = false,
): Promise<PreparedRollback> {
  const config = environmentConfig(ctx, key);
  if (drill && !config.practice) throw noPractice(key);
  const { history, present, choice } = await chooseTarget(ctx, key, tag);
  if (choice.kind === 'none') throw new AppError('conflict', `${choice.reason} Nothing was started.`);
  const current = findCurrent(history) as HistoryEntry;
  const target = choice.entry;
  const release = present.find(
    (candidate) => candidate.tag === target.release.tag && candidate.commitSha === target.release.commitSha,
  ) as SourceRelease;
  const params: RollbackParams = {
    ...targetOf(key, target.release),
    restoresDeploymentId: target.deploymentId,
    from: { releaseId: current.release.id, tag: current.release.tag },
    breakGlassReason: choice.compatible ? null : breakGlassReason,
    drill,
  };
  const plan = makePlan(ctx, rollbackProcedure, params, {
    title: `Roll back ${key.environment} to ${target.release.tag}`,
    from: entryRef(current),
    to: entryRef(target),
    skips: [
      'The pre-deploy checklist: this release passed it, and minutes count.',
      'Database migrations: a rollback never runs any, in either direction.',
      ...(drill
        ? [`The faulty mark and the lock: this is a drill, and nothing is wrong with ${current.release.tag}.`]
        : []),
    ],
    budgetMs: config.rollback.budgetSeconds * 1_000,
  });
  // The typed reason comes after the page was shown, so it is no part of what the page's hash binds.
  const shown = { ...plan, params: { ...plan.params, breakGlassReason: null } };
  return {
    procedure: rollbackProcedure,
    params,
    plan: shown,
    release,
    current,
    target,
    compatible: choice.compatible,
    history,
    present,
  };
}

/** A drill belongs where no customer is. */
export function noPractice({ service, environment }: EnvironmentKey): AppError {
  return new AppError(
    'unprocessable',
    `${service}/${environment} is no practice environment, so no drill may happen there. Nothing was started.`,
    { hint: 'Practice environments say `practice: true` in the configuration file.' },
  );
}

export async function chooseTarget(
  ctx: Ctx,
  key: EnvironmentKey,
  tag?: string,
): Promise<{ history: HistoryEntry[]; present: SourceRelease[]; choice: RollbackChoice; oldest: number }> {
  const present = await driverOf(ctx, key).source.listReleases();
  const [history, oldest] = await Promise.all([
    loadHistory(ctx, key, present),
    oldestCompatibleSchema(ctx, key),
  ]);
  return { history, present, oldest, choice: chooseRollbackTarget(history, oldest, tag) };
}

export async function prepareChecklist(
  ctx: Ctx,
  key: EnvironmentKey,
  tag: string,
): Promise<Prepared<TargetParams> & { release: SourceRelease }> {
  const config = environmentConfig(ctx, key);
  const release = await findSourceRelease(ctx, key, tag);
  const to = toRef(key.service, release);
  const params = targetOf(key, to);
  const plan = makePlan(ctx, checklistProcedure, params, {
    title: `Check ${tag} for ${key.environment}`,
    from: null,
    to,
    skips: [],
    budgetMs: config.checklistBudgetSeconds * 1_000,
  });
  return { procedure: checklistProcedure, params, plan, release };
}

/** @throws AppError `conflict` when nothing is live */
export async function prepareRestart(ctx: Ctx, key: EnvironmentKey): Promise<Prepared<TargetParams>> {
  environmentConfig(ctx, key);
  const current = findCurrent(await loadHistory(ctx, key, null));
  if (!current)
    throw new AppError('conflict', 'Nothing has been deployed here yet, so there is nothing to restart.');
  const to = entryRef(current) as ReleaseRef;
  const params = targetOf(key, to);
  const plan = makePlan(ctx, restartProcedure, params, {
    title: `Restart ${to.tag} on ${key.environment}`,
    from: null,
    to,
    skips: ['The pre-deploy checklist and migrations: the release stays the same.'],
    budgetMs: restartProcedure.budgetMs,
  });
  return { procedure: restartProcedure, params, plan };
}

/** @throws AppError `conflict` when nothing is live */
export async function prepareValidation(ctx: Ctx, key: EnvironmentKey): Promise<Prepared<TargetParams>> {
  environmentConfig(ctx, key);
  const current = findCurrent(await loadHistory(ctx, key, null));
  if (!current)
    throw new AppError('conflict', 'Nothing has been deployed here yet, so there is nothing to validate.');
  const to = entryRef(current) as ReleaseRef;
  const params = targetOf(key, to);
  const plan = makePlan(ctx, validationProcedure, params, {
    title: `Validate ${to.tag} on ${key.environment}`,
    from: null,
    to,
    skips: [],
    budgetMs: validationProcedure.budgetMs,
  });
  return { procedure: validationProcedure, params, plan };
}
