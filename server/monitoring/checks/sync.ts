import { allowedHosts, type CheckDefinition, configuredChecks } from '#server/monitoring/checks/configured';
import { BEGIN_AFRESH } from '#server/monitoring/checks/records';
import { hostOf, phaseOf, targetOf } from '#server/monitoring/checks/state';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';
import { findEnvironmentConfig, OPS_CONFIG } from '#server/services/queries';

/** The author of checks that the configuration asks for. */
const CONFIGURATION = 'The configuration';

/**
 * Brings the checks in line with the configuration; safe in several workers at once. What is no longer configured is
 * removed with its history kept, and found again when it comes back. A check of a person by the same key is taken over.
 */
export async function syncChecks(ctx: Ctx): Promise<void> {
  const wanted = Object.entries(ctx.use(OPS_CONFIG).config.services).flatMap(([service, { environments }]) =>
    Object.entries(environments).flatMap(([environment, config]) =>
      configuredChecks(config).map((check) => rowOf({ service, environment }, check)),
    ),
  );
  const rows = JSON.stringify(wanted);
  await ctx.transaction(async (tx) => {
    await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('monitor checks'))`;
    await tx.db.$executeRaw`
      UPDATE monitor_check c SET removed_at = clock_timestamp(), next_at = NULL, lease_until = NULL, lease_token = NULL
      WHERE source = 'config' AND removed_at IS NULL AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(${rows}::jsonb) AS w(service text, environment text, key text)
        WHERE w.service = c.service AND w.environment = c.environment AND w.key = c.key)`;
    await tx.db.$executeRaw`
      UPDATE monitor_check c SET removed_at = NULL,
        next_at = CASE WHEN paused_at IS NULL THEN clock_timestamp() END
      WHERE id IN (
        SELECT DISTINCT ON (service, environment, key) id FROM monitor_check
        JOIN jsonb_to_recordset(${rows}::jsonb) AS w(service text, environment text, key text)
          USING (service, environment, key)
        WHERE source = 'config' AND removed_at IS NOT NULL
        ORDER BY service, environment, key, removed_at DESC)
      AND NOT EXISTS (
        SELECT FROM monitor_check o WHERE o.service = c.service AND o.environment = c.environment AND o.key = c.key
          AND o.removed_at IS NULL)`;
    await tx.db.$executeRaw`
      UPDATE monitor_check c SET ${BEGIN_AFRESH}
      FROM jsonb_to_recordset(${rows}::jsonb)
        AS w(service text, environment text, key text, kind text, url text, host text, port int)
      WHERE w.service = c.service AND w.environment = c.environment AND w.key = c.key AND c.removed_at IS NULL
        AND (c.kind, c.url, c.host, c.port) IS DISTINCT FROM (w.kind, w.url, w.host, w.port)`;
    await tx.db.$executeRaw`
      INSERT INTO monitor_check AS c (id, service, environment, key, title, source, kind, url, host, port, expect_status,
        body_includes, interval_ms, timeout_ms, target, phase, created_by_name)
      SELECT gen_random_uuid(), service, environment, key, title, 'config', kind, url, host, port, "expectStatus",
        "bodyIncludes", "intervalMs", "timeoutMs", target, phase, ${CONFIGURATION}
      FROM jsonb_to_recordset(${rows}::jsonb) AS w(service text, environment text, key text, title text, kind text,
        url text, host text, port int, "expectStatus" int, "bodyIncludes" text, "intervalMs" int, "timeoutMs" int,
        target text, phase float8)
      ON CONFLICT (service, environment, key) WHERE removed_at IS NULL DO UPDATE
        SET title = excluded.title, source = 'config', kind = excluded.kind, url = excluded.url, host = excluded.host,
          port = excluded.port, expect_status = excluded.expect_status, body_includes = excluded.body_includes,
          interval_ms = excluded.interval_ms, timeout_ms = excluded.timeout_ms, target = excluded.target,
          next_at = CASE WHEN c.paused_at IS NULL THEN clock_timestamp() END, lease_until = NULL, lease_token = NULL
        WHERE (c.title, c.source, c.kind, c.url, c.host, c.port, c.expect_status, c.body_includes, c.interval_ms, c.timeout_ms)
          IS DISTINCT FROM (excluded.title, 'config', excluded.kind, excluded.url, excluded.host, excluded.port,
            excluded.expect_status, excluded.body_includes, excluded.interval_ms, excluded.timeout_ms)`;
  });
}

/** The columns that a definition fills. */
export function rowOf<T extends CheckDefinition>(key: EnvironmentKey, check: T) {
  const { service, environment } = key;
  return {
    ...check,
    service,
    environment,
    target: targetOf(check),
    phase: phaseOf(`${service}/${environment}/${check.key}`),
  };
}

/** True when the configuration lets checks of the environment ask this target. */
export function mayAsk(ctx: Ctx, key: EnvironmentKey, target: string): boolean {
  const config = findEnvironmentConfig(ctx, key);
  return config !== null && allowedHosts(config).has(hostOf(target));
}
