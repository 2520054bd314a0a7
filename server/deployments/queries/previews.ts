import { defineQuery } from '#server/auth/guard';
import {
  type DeployPreview,
  environmentInput,
  type PlanPreview,
  planDeployInput,
  planRollbackInput,
  type ReleaseView,
  type RollbackPreview,
} from '#server/deployments/contract';
import { findFreezes, toActiveFreeze } from '#server/deployments/freezes/active';
import {
  prepareChecklist,
  prepareDeploy,
  prepareRestart,
  prepareRollback,
  prepareValidation,
} from '#server/deployments/plans';
import { rollbackProcedure } from '#server/deployments/procedures/rollback';
import { findActiveRun, toLockView } from '#server/deployments/queries/environments';
import { describeReleases } from '#server/deployments/queries/releases';
import { driverOf, findOpenLock } from '#server/deployments/records';
import { type HistoryEntry, rollbackCandidates } from '#server/deployments/state';
import type { Ctx } from '#server/platform/context';
import type { Plan, RunSummary } from '#server/runs/contract';
import { RUN_POLICY } from '#server/runs/policy';
import { hashPlan } from '#server/runs/state';

const COMMITS_SHOWN = 50;

/** What a deploy of this release would do now. @throws AppError `unprocessable` for an unknown release */
export const previewDeploy = defineQuery({
  name: 'deployments.preview-deploy',
  access: 'deployments.read',
  input: planDeployInput,
  handle: async (ctx, input): Promise<DeployPreview> => {
    const { plan, release: source, current } = await prepareDeploy(ctx, input, input.tag);
    const [releases, changes, lock, freezes, activeRun] = await Promise.all([
      describeReleases(ctx, input, [source]),
      driverOf(ctx, input).source.commitsBetween(
        current?.release.commitSha ?? null,
        source.commitSha,
        COMMITS_SHOWN,
      ),
      findOpenLock(ctx, input),
      findFreezes(ctx, input),
      findActiveRun(ctx, input),
    ]);
    const release = releases[0] as ReleaseView;
    return {
      plan,
      planHash: hashPlan(plan),
      release,
      commits: changes.commits.map(({ sha, title, author, at }) => ({
        sha,
        title,
        author,
        at: at.toISOString(),
      })),
      commitsLeftOut: changes.total - changes.commits.length,
      lock: toLockView(lock),
      freeze: toActiveFreeze(freezes[0]),
      activeRun,
      needsApproval: ctx.use(RUN_POLICY).needsApproval(ctx, plan),
      blockedBy: lock
        ? `The environment is locked: ${lock.reason}`
        : (heldBy(activeRun) ??
          (release.verdict === 'faulty'
            ? `${release.tag} is marked faulty: ${release.verdictReason}`
            : null)),
    };
  },
});

/** What a rollback would do now. @throws AppError `conflict` with the reason when there is nothing to go back to */
export const previewRollback = defineQuery({
  name: 'deployments.preview-rollback',
  access: 'deployments.read',
  input: planRollbackInput,
  handle: async (ctx, input): Promise<RollbackPreview> => {
    const prepared = await prepareRollback(ctx, input, input.tag, null);
    const [releases, activeRun] = await Promise.all([
      describeReleases(ctx, input, prepared.present),
      findActiveRun(ctx, input),
    ]);
    const byId = new Map(releases.map((release) => [release.id, release]));
    const target = byId.get(prepared.target.release.id) as ReleaseView;
    const givesWay = activeRun
      ? rollbackProcedure.supersedes.includes(activeRun.procedure) || activeRun.status === 'needs_attention'
      : false;
    return {
      plan: prepared.plan,
      planHash: hashPlan(prepared.plan),
      target,
      safeBecause: reasonsOf(prepared.target, target, prepared.plan),
      breakGlass: prepared.compatible
        ? null
        : `${target.tag} was made for database schema ${target.schemaVersion}; the database has moved on and no longer serves it. It may fail on pages that need what was removed.`,
      supersedes: givesWay ? activeRun : null,
      activeRun,
      needsApproval: ctx.use(RUN_POLICY).needsApproval(ctx, prepared.plan),
      blockedBy: givesWay ? null : heldBy(activeRun),
      alternatives: rollbackCandidates(prepared.history)
        .map((entry) => byId.get(entry.release.id))
        .filter((release): release is ReleaseView => release !== undefined && release.id !== target.id),
    };
  },
});

/** What the checklist of this release would run. @throws AppError `unprocessable` for an unknown release */
export const previewChecklist = defineQuery({
  name: 'deployments.preview-checklist',
  access: 'deployments.read',
  input: planDeployInput,
  handle: async (ctx, input): Promise<PlanPreview> =>
    preview(ctx, (await prepareChecklist(ctx, input, input.tag)).plan),
});

/** What a validation of the live release would ask. @throws AppError `conflict` when nothing is live */
export const previewValidation = defineQuery({
  name: 'deployments.preview-validation',
  access: 'deployments.read',
  input: environmentInput,
  handle: async (ctx, input): Promise<PlanPreview> =>
    preview(ctx, (await prepareValidation(ctx, input)).plan),
});

/** What a rolling restart would do. @throws AppError `conflict` when nothing is live */
export const previewRestart = defineQuery({
  name: 'deployments.preview-restart',
  access: 'deployments.read',
  input: environmentInput,
  handle: async (ctx, input): Promise<PlanPreview> => preview(ctx, (await prepareRestart(ctx, input)).plan),
});

async function preview(ctx: Ctx, plan: Plan): Promise<PlanPreview> {
  const activeRun = await findActiveRun(ctx, plan);
  return {
    plan,
    planHash: hashPlan(plan),
    activeRun,
    needsApproval: ctx.use(RUN_POLICY).needsApproval(ctx, plan),
    blockedBy: heldBy(activeRun),
  };
}

function heldBy(run: RunSummary | null): string | null {
  return run ? `Run #${run.number} (${run.title}) holds this environment` : null;
}

function reasonsOf(entry: HistoryEntry, release: ReleaseView, plan: Plan): string[] {
  const reasons = [
    entry.validated
      ? `It served visitors here and passed validation${release.lastDeployedAt ? '' : ' before'}.`
      : `It served visitors here and ${release.verdictByName ?? 'a person'} marked it stable.`,
    'Nobody has marked it faulty, and its files are still in the repository.',
    `${plan.from?.tag ?? 'The current release'} keeps serving until ${release.tag} has passed the health gate.`,
  ];
  if (release.verdict === 'stable')
    reasons.unshift(`Marked stable by ${release.verdictByName}: ${release.verdictReason}`);
  return reasons;
}
