import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import type { DeployPreview } from '#server/deployments/contract';
import {
  type DrillPage,
  type DrillPlace,
  type DrillStatus,
  type DrillView,
  listDrillsInput,
  previewDrillInput,
} from '#server/deployments/drills/contract';
import { findDrill } from '#server/deployments/drills/prepare';
import { noPractice } from '#server/deployments/plans';
import { previewDeploy } from '#server/deployments/queries/previews';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';
import type { RunStatus } from '#server/runs/contract';
import type { EnvironmentKey, EnvironmentView } from '#server/services/contract';
import { environmentConfig, listEnvironments } from '#server/services/queries';

const RECENT = 10;

interface DrillRow {
  id: string;
  service: string;
  environment: string;
  status: DrillStatus;
  releaseTag: string;
  restoredTag: string;
  deployRunId: string;
  deployNumber: number;
  deployStatus: RunStatus;
  rollbackRunId: string | null;
  rollbackNumber: number | null;
  rollbackStatus: RunStatus | null;
  requestedByName: string;
  startedAt: Date;
  endedAt: Date | null;
  rollbackMs: number | null;
  budgetMs: number;
  error: string | null;
}

const DRILL = Prisma.sql`
  SELECT d.id, d.service, d.environment, d.status, d.release_tag AS "releaseTag", d.restored_tag AS "restoredTag",
    d.deploy_run_id AS "deployRunId", deploy.number AS "deployNumber", deploy.status::text AS "deployStatus",
    d.rollback_run_id AS "rollbackRunId", back.number AS "rollbackNumber", back.status::text AS "rollbackStatus",
    d.requested_by_name AS "requestedByName", d.started_at AS "startedAt", d.ended_at AS "endedAt",
    d.rollback_ms AS "rollbackMs", d.budget_ms AS "budgetMs", d.error
  FROM drill d JOIN run deploy ON deploy.id = d.deploy_run_id LEFT JOIN run back ON back.id = d.rollback_run_id`;

/** A page of drills, newest first unless asked otherwise. */
export const listDrills = defineQuery({
  name: 'deployments.list-drills',
  access: 'deployments.read',
  input: listDrillsInput,
  handle: async (ctx, filter): Promise<DrillPage> => {
    const conditions = [Prisma.sql`true`];
    if (filter.service) conditions.push(Prisma.sql`d.service = ${filter.service}`);
    if (filter.environment) conditions.push(Prisma.sql`d.environment = ${filter.environment}`);
    const where = Prisma.join(conditions, ' AND ');
    const { page, pageSize } = filter;
    const order = filter.order === 'asc' ? Prisma.sql`ASC` : Prisma.sql`DESC`;
    const [rows, counted] = await Promise.all([
      ctx.db.$queryRaw<DrillRow[]>`
        ${DRILL} WHERE ${where} ORDER BY d.started_at ${order}, d.id ${order}
        LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`,
      ctx.db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM drill d WHERE ${where}`,
    ]);
    return { rows: rows.map(toView), total: counted[0]?.total ?? 0, page, pageSize };
  },
});

/** Every practice environment: how its rollbacks went lately, and what a drill would do there now. */
export const listDrillPlaces = defineQuery({
  name: 'deployments.list-drill-places',
  access: 'deployments.read',
  input: z.object({}),
  handle: async (ctx): Promise<DrillPlace[]> => {
    const places = (await listEnvironments(ctx, {})).filter((place) => place.isPractice);
    return Promise.all(places.map(async (place) => (await describePlace(ctx, place)).place));
  },
});

/**
 * What a drill of one practice environment would do now, with the deploy that it begins with.
 * @throws AppError `not_found`, or `unprocessable` outside practice environments
 */
export const previewDrill = defineQuery({
  name: 'deployments.preview-drill',
  access: 'deployments.read',
  input: previewDrillInput,
  handle: async (ctx, key): Promise<{ place: DrillPlace; deploy: DeployPreview | null }> => {
    if (!environmentConfig(ctx, key).practice) throw noPractice(key);
    const views = await listEnvironments(ctx, {});
    const view = views.find((item) => item.service === key.service && item.environment === key.environment);
    return describePlace(ctx, view as EnvironmentView);
  },
});

async function describePlace(
  ctx: Ctx,
  { service, environment, serviceTitle, environmentTitle }: EnvironmentView,
): Promise<{ place: DrillPlace; deploy: DeployPreview | null }> {
  const key = { service, environment };
  const [open, ended, next] = await Promise.all([
    ctx.db.$queryRaw<DrillRow[]>`
      ${DRILL} WHERE d.service = ${service} AND d.environment = ${environment} AND d.ended_at IS NULL`,
    ctx.db.$queryRaw<DrillRow[]>`
      ${DRILL} WHERE d.service = ${service} AND d.environment = ${environment} AND d.ended_at IS NOT NULL
      ORDER BY d.started_at DESC, d.id DESC LIMIT ${RECENT}`,
    foresee(ctx, key),
  ]);
  const recent = ended.map(toView);
  const place = {
    ...key,
    title: `${serviceTitle}, ${environmentTitle}`,
    budgetMs: environmentConfig(ctx, key).rollback.budgetSeconds * 1_000,
    open: open[0] ? toView(open[0]) : null,
    last: recent[0] ?? null,
    recent,
    succeeded: recent.filter(({ status }) => status === 'succeeded').length,
    next: next.drill,
    blockedBy: open[0] ? 'A drill is going on here.' : next.blockedBy,
  };
  return { place, deploy: next.deploy };
}

/** The page opens also while the repository cannot be read, and then says so. */
async function foresee(
  ctx: Ctx,
  key: EnvironmentKey,
): Promise<{ drill: DrillPlace['next']; deploy: DeployPreview | null; blockedBy: string | null }> {
  try {
    const choice = await findDrill(ctx, key);
    if (choice.kind === 'none') return { drill: null, deploy: null, blockedBy: choice.reason };
    const drill = { releaseTag: choice.released.tag, restoredTag: choice.restored.tag };
    const deploy = await previewDeploy(ctx, { ...key, tag: drill.releaseTag });
    const frozen = deploy.freeze && `Deploys are frozen: ${deploy.freeze.reason}`;
    return { drill, deploy, blockedBy: deploy.blockedBy ?? frozen };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { drill: null, deploy: null, blockedBy: error.message };
  }
}

function toView(row: DrillRow): DrillView {
  const { deployRunId, deployNumber, deployStatus, rollbackRunId, rollbackNumber, rollbackStatus, ...rest } =
    row;
  return {
    ...rest,
    deployRun: { id: deployRunId, number: deployNumber, status: deployStatus },
    rollbackRun:
      rollbackRunId && rollbackNumber !== null && rollbackStatus
        ? { id: rollbackRunId, number: rollbackNumber, status: rollbackStatus }
        : null,
    startedAt: row.startedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
