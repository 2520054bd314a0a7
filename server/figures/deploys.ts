import { placesOf, type Scope } from '#server/figures/places';
import type { DeployFacts } from '#server/figures/state';
import type { Ctx } from '#server/platform/context';

/** A deploy with what names it. */
export interface Deploy extends DeployFacts {
  service: string;
  environment: string;
  tag: string;
  runId: string;
  incidentNumber: number | null;
}

interface Row extends Omit<Deploy, 'attributionMs' | 'next' | 'incident'> {
  nextSwitchedAt: Date | null;
  nextValidated: Date | null;
  nextIsRollback: boolean | null;
  incidentStartedAt: Date | null;
  incidentResolvedAt: Date | null;
}

/** Between two samples nobody knows where a breach began, s: so long before a switch it is put down to the new release. */
const SWITCH_TOLERANCE_S = 60;

/**
 * Every deploy of the scope that began from `from` on, newest first, with what came after it. An incident is put down to the
 * release that visitors were on when it began, and just before a switch to the newer one.
 */
export async function readDeploys(ctx: Ctx, scope: Scope, from: Date, to: Date): Promise<Deploy[]> {
  const places = placesOf(ctx, scope);
  if (places.length === 0) return [];
  const column = <K extends keyof (typeof places)[number]>(key: K) => places.map((each) => each[key]);
  const rows = await ctx.db.$queryRaw<Row[]>`
    WITH place AS (
      SELECT * FROM unnest(${column('service')}::text[], ${column('environment')}::text[],
        ${column('attributionMs')}::float8[]) AS place(service, environment, attribution_ms)
    ), live AS (
      -- What visitors were on, one after the other.
      SELECT d.id, lead(d.switched_at) OVER later AS next_switched_at, lead(d.validated_at) OVER later AS next_validated,
        lead(d.direction) OVER later = 'rollback' AND lead(d.replaces_deployment_id) OVER later = d.id AS next_is_rollback,
        min(d.validated_at) OVER (PARTITION BY d.service, d.environment ORDER BY d.sequence DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS next_validated_at,
        row_number() OVER (PARTITION BY d.service, d.environment, d.release_id ORDER BY d.sequence) > 1 AS is_repeat
      FROM deployment d JOIN place USING (service, environment) WHERE d.switched_at IS NOT NULL
      WINDOW later AS (PARTITION BY d.service, d.environment ORDER BY d.sequence)
    )
    SELECT d.service, d.environment, r.tag, d.run_id::text AS "runId", r.committed_at AS "committedAt",
      d.started_at AS "startedAt", d.switched_at AS "switchedAt", d.validated_at AS "validatedAt",
      d.status = 'switched' AND d.ended_at IS NULL AS "isUnderWay", coalesce(live.is_repeat, false) AS "isRepeat",
      live.next_switched_at AS "nextSwitchedAt", live.next_validated AS "nextValidated",
      live.next_is_rollback AS "nextIsRollback", live.next_validated_at AS "nextValidatedAt",
      broken.number AS "incidentNumber", broken.started_at AS "incidentStartedAt", broken.resolved_at AS "incidentResolvedAt"
    FROM deployment d JOIN release r ON r.id = d.release_id
    JOIN place ON place.service = d.service AND place.environment = d.environment
    LEFT JOIN live ON live.id = d.id
    LEFT JOIN LATERAL (
      SELECT i.number, i.started_at, i.resolved_at FROM incident i
      WHERE i.merged_into_id IS NULL AND i.level <= 2 AND i.service = d.service
        AND (i.environment = d.environment OR i.environment IS NULL)
        AND i.started_at >= d.switched_at - ${SWITCH_TOLERANCE_S} * interval '1 second'
        AND i.started_at < least(d.switched_at + place.attribution_ms * interval '1 millisecond', live.next_switched_at
          - CASE WHEN live.next_is_rollback THEN 0 ELSE ${SWITCH_TOLERANCE_S} END * interval '1 second')
      ORDER BY i.started_at, i.number LIMIT 1) broken ON true
    WHERE d.direction = 'deploy' AND d.started_at >= ${from} AND d.started_at < ${to}
    ORDER BY d.sequence DESC`;
  return rows.map(
    ({
      nextSwitchedAt,
      nextValidated,
      nextIsRollback,
      incidentStartedAt,
      incidentResolvedAt,
      ...deploy
    }) => ({
      ...deploy,
      attributionMs:
        places.find(
          ({ service, environment }) => service === deploy.service && environment === deploy.environment,
        )?.attributionMs ?? 0,
      next: nextSwitchedAt && {
        switchedAt: nextSwitchedAt,
        validatedAt: nextValidated,
        isRollbackOfThis: nextIsRollback ?? false,
      },
      incident: incidentStartedAt && { startedAt: incidentStartedAt, resolvedAt: incidentResolvedAt },
    }),
  );
}
