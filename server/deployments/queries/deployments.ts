import { defineQuery } from '#server/auth/guard';
import { type DeploymentPage, type DeploymentView, listDeploymentsInput } from '#server/deployments/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

interface DeploymentRow {
  id: string;
  sequence: number;
  direction: DeploymentView['direction'];
  status: DeploymentView['status'];
  service: string;
  environment: string;
  releaseId: string;
  tag: string;
  commitSha: string;
  title: string;
  replacesTag: string | null;
  runId: string;
  runNumber: number;
  byName: string;
  startedAt: Date;
  switchedAt: Date | null;
  validatedAt: Date | null;
  endedAt: Date | null;
  runEndedAt: Date | null;
}

const COLUMNS = Prisma.sql`
  d.id, d.sequence, d.direction, d.status::text AS status, d.service, d.environment, r.id AS "releaseId", r.tag,
    r.commit_sha AS "commitSha", r.title, before.tag AS "replacesTag", d.run_id AS "runId", run.number AS "runNumber",
    run.requested_by_name AS "byName", d.started_at AS "startedAt", d.switched_at AS "switchedAt",
    d.validated_at AS "validatedAt", d.ended_at AS "endedAt", run.ended_at AS "runEndedAt"`;

/** What belongs to `deployment d`. */
const JOINED = Prisma.sql`
  JOIN release r ON r.id = d.release_id JOIN run ON run.id = d.run_id
  LEFT JOIN deployment bd ON bd.id = d.replaces_deployment_id LEFT JOIN release before ON before.id = bd.release_id`;

/** A page of what happened, newest first. */
export const listDeployments = defineQuery({
  name: 'deployments.list',
  access: 'deployments.read',
  input: listDeploymentsInput,
  handle: async (ctx, filter): Promise<DeploymentPage> => {
    const conditions: Prisma.Sql[] = [Prisma.sql`true`];
    if (filter.service) conditions.push(Prisma.sql`d.service = ${filter.service}`);
    if (filter.environment) conditions.push(Prisma.sql`d.environment = ${filter.environment}`);
    const where = Prisma.join(conditions, ' AND ');
    const [rows, counted] = await Promise.all([
      ctx.db.$queryRaw<DeploymentRow[]>`
        SELECT ${COLUMNS} FROM (
          SELECT * FROM deployment d WHERE ${where} ORDER BY d.sequence DESC
          LIMIT ${filter.pageSize} OFFSET ${(filter.page - 1) * filter.pageSize}) d ${JOINED} ORDER BY d.sequence DESC`,
      ctx.db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS total FROM deployment d WHERE ${where}`,
    ]);
    return {
      rows: rows.map(toView),
      total: counted[0]?.total ?? 0,
      page: filter.page,
      pageSize: filter.pageSize,
    };
  },
});

/** The newest deployments of all environments. The caller has checked the permission. */
export async function recentDeployments(ctx: Ctx, limit: number): Promise<DeploymentView[]> {
  const rows = await ctx.db.$queryRaw<DeploymentRow[]>`
    SELECT ${COLUMNS} FROM (SELECT * FROM deployment ORDER BY sequence DESC LIMIT ${limit}) d ${JOINED}
    ORDER BY d.sequence DESC`;
  return rows.map(toView);
}

function toView(row: DeploymentRow): DeploymentView {
  const endedAt = row.runEndedAt ?? row.endedAt;
  return {
    id: row.id,
    sequence: row.sequence,
    service: row.service,
    environment: row.environment,
    direction: row.direction,
    status: row.status,
    release: { id: row.releaseId, tag: row.tag, commitSha: row.commitSha, title: row.title },
    replacesTag: row.replacesTag,
    runId: row.runId,
    runNumber: row.runNumber,
    byName: row.byName,
    startedAt: row.startedAt.toISOString(),
    switchedAt: row.switchedAt?.toISOString() ?? null,
    validatedAt: row.validatedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    durationMs: endedAt ? endedAt.getTime() - row.startedAt.getTime() : null,
  };
}
