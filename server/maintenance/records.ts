import { recordAudit } from '#server/audit/commands';
import { type ToggleKind, type ToggleView, toggleChanged } from '#server/maintenance/contract';
import { CONTROLS, type ServiceControl } from '#server/maintenance/drivers/control';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';
import type { Toggle } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import type { ControlConfig } from '#server/services/config';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

/** What goes with each kind, as the row keeps it. */
export interface ToggleSettings {
  retryAfterSeconds?: number;
  allow?: string[];
  intervalSeconds?: number;
}

/** How the environment is reached, with its settings. @throws AppError `unprocessable` where it cannot be */
export function controlOf(
  ctx: Ctx,
  { service, environment }: EnvironmentKey,
): { control: ServiceControl; config: ControlConfig; url: string } {
  const { control: config, url } = environmentConfig(ctx, { service, environment });
  const control = ctx.use(CONTROLS)(service, environment);
  if (config && control) return { control, config, url };
  throw new AppError(
    'unprocessable',
    `The configuration of ${service}/${environment} does not say how the console reaches it. Nothing was changed.`,
    {
      hint: 'Give the environment a `control` with a token in the configuration file; docs/operating.md says how.',
    },
  );
}

export function toToggleView(row: Toggle): ToggleView {
  const settings = row.settings as ToggleSettings;
  return {
    id: row.id,
    service: row.service,
    environment: row.environment,
    kind: row.kind as ToggleKind,
    reason: row.reason,
    startedByName: row.startedByName,
    startedAt: row.startedAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    isOpen: row.endedAt === null,
    verification: row.verification as ToggleView['verification'],
    verifiedAt: row.verifiedAt?.toISOString() ?? null,
    verificationNote: row.verificationNote,
    runId: row.runId,
    endedAt: row.endedAt?.toISOString() ?? null,
    endedByName: row.endedByName,
    endReason: row.endReason,
    endRunId: row.endRunId,
    intervalSeconds: settings.intervalSeconds ?? null,
    retryAfterSeconds: settings.retryAfterSeconds ?? null,
    allow: settings.allow ?? [],
  };
}

export function findOpenToggle(ctx: Ctx, key: EnvironmentKey, kind: ToggleKind): Promise<Toggle | null> {
  const { service, environment } = key;
  return ctx.db.toggle.findFirst({ where: { service, environment, kind, endedAt: null } });
}

export interface NewToggle extends EnvironmentKey {
  id: string;
  kind: ToggleKind;
  reason: string;
  settings: ToggleSettings;
  expiresAt: Date | null;
  startedBy: { type: string; id: string | null; name: string };
  runId: string | null;
  verification: 'pending' | 'verified';
}

/** Opens a toggle in the place of the one of its kind that is open. Opening the same one again changes nothing. */
export async function openToggle(tx: Ctx, toggle: NewToggle): Promise<void> {
  const { id, service, environment, kind, reason, settings, expiresAt, startedBy, runId, verification } =
    toggle;
  await tx.db.$executeRaw`
    UPDATE toggle SET ended_at = clock_timestamp(), ended_by_name = ${startedBy.name},
      end_reason = ${`Replaced: ${reason}`}, end_run_id = ${runId}::uuid
    WHERE service = ${service} AND environment = ${environment} AND kind = ${kind} AND ended_at IS NULL
      AND id <> ${id}::uuid`;
  await tx.db.$executeRaw`
    INSERT INTO toggle (id, service, environment, kind, reason, settings, started_by_type, started_by_id,
      started_by_name, expires_at, run_id, verification, verified_at)
    VALUES (${id}::uuid, ${service}, ${environment}, ${kind}, ${reason}, ${JSON.stringify(settings)}::jsonb,
      ${startedBy.type}, ${startedBy.id}, ${startedBy.name}, ${expiresAt}, ${runId}::uuid, ${verification},
      CASE WHEN ${verification} = 'verified' THEN clock_timestamp() END)
    ON CONFLICT (id) DO NOTHING`;
  await notify(tx.db, { kind: 'environment', service, environment });
}

/** Ends the open toggle of a kind. @returns it, or null when none was open */
export async function closeToggle(
  tx: Ctx,
  key: EnvironmentKey,
  kind: ToggleKind,
  end: { byName: string; reason: string; runId: string | null; note?: string },
): Promise<Toggle | null> {
  const open = await findOpenToggle(tx, key, kind);
  if (!open) return null;
  const closed = await tx.db.$executeRaw`
    UPDATE toggle SET ended_at = clock_timestamp(), ended_by_name = ${end.byName}, end_reason = ${end.reason},
      end_run_id = ${end.runId}::uuid, verification_note = coalesce(${end.note ?? null}, verification_note)
    WHERE id = ${open.id}::uuid AND ended_at IS NULL`;
  await notify(tx.db, { kind: 'environment', service: key.service, environment: key.environment });
  return closed > 0 ? open : null;
}

/** Writes whether real requests bore the toggle out, and tells it when that has changed for the worse. */
export async function noteVerification(
  tx: Ctx,
  toggleId: string,
  isTrue: boolean,
  note: string,
): Promise<void> {
  const before = await tx.db.toggle.findUnique({ where: { id: toggleId } });
  if (!before || before.endedAt !== null) return;
  const verification = isTrue ? 'verified' : 'unverified';
  await tx.db.$executeRaw`
    UPDATE toggle SET verification = ${verification}, verification_note = ${note},
      verified_at = CASE WHEN ${isTrue} THEN clock_timestamp() ELSE verified_at END
    WHERE id = ${toggleId}::uuid AND ended_at IS NULL`;
  if (before.verification === verification) return;
  await notify(tx.db, { kind: 'environment', service: before.service, environment: before.environment });
  if (isTrue) return;
  await publishChange(tx, before, 'unverified', note, 'The console');
}

/** Tells other domains, and the audit log, what was switched. */
export async function publishChange(
  tx: Ctx,
  toggle: Pick<Toggle, 'id' | 'service' | 'environment' | 'kind' | 'runId'>,
  change: 'on' | 'off' | 'unverified',
  reason: string,
  byName: string,
): Promise<void> {
  const { id, service, environment, runId } = toggle;
  const kind = toggle.kind as ToggleKind;
  await recordAudit(tx, {
    action: `maintenance.${kind}.${change}`,
    target: { type: 'toggle', id, label: `${service} / ${environment}` },
    service,
    environment,
    reason,
    runId: tx.request.runId ?? runId,
  });
  await publish(tx, toggleChanged, {
    toggleId: id,
    service,
    environment,
    kind,
    change,
    reason,
    byName,
    runId: tx.request.runId ?? runId,
  });
}
