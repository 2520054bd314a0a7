import { switchByConsole } from '#server/maintenance/commands/switch-toggles';
import type { SwitchedKind, ToggleKind } from '#server/maintenance/contract';
import { CONTROLS } from '#server/maintenance/drivers/control';
import { closeToggle, controlOf, noteVerification, publishChange } from '#server/maintenance/records';
import { verifyToggle } from '#server/maintenance/verify';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { Toggle } from '#server/platform/generated/prisma/client';
import { findActive, lockKeyOf } from '#server/runs/exclusion';
import { findEnvironmentConfig } from '#server/services/queries';

/** How long a verified toggle is believed, seconds, and one that was not borne out. */
const BELIEVED_SECONDS = 60;
const DOUBTED_SECONDS = 15;
const LOOK_PATIENCE_MS = 1_500;
const ENDED_REASON = 'Its time is over';

/**
 * Ends toggles whose time is over: those of a service by a run that proves it, the console's own at once. Several workers
 * may do it at once, since the lane of an environment holds one run.
 */
export async function endExpiredToggles(ctx: Ctx): Promise<void> {
  const rows = await ctx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM toggle WHERE ended_at IS NULL AND expires_at < clock_timestamp()`;
  for (const { id } of rows) {
    const row = await ctx.db.toggle.findUnique({ where: { id } });
    if (row && row.endedAt === null) await endExpired(ctx, row);
  }
}

async function endExpired(ctx: Ctx, row: Toggle): Promise<void> {
  const { service, environment } = row;
  const kind = row.kind as ToggleKind;
  const own = ctx.as(systemActor('Expiry'));
  if (kind === 'enhanced_monitoring') {
    await own.transaction(async (tx) => {
      const end = { byName: 'The console', reason: ENDED_REASON, runId: null };
      const closed = await closeToggle(tx, { service, environment }, kind, end);
      if (closed) await publishChange(tx, closed, 'off', ENDED_REASON, 'The console');
    });
    return;
  }
  // What an earlier try could not end is tried again, but not at every beat.
  if (row.verification === 'unverified' && !(await isOlderThan(ctx, row, DOUBTED_SECONDS))) return;
  try {
    await switchByConsole(own, kind, 'off', { service, environment, reason: ENDED_REASON });
  } catch (error) {
    if (!(error instanceof AppError) || !['conflict', 'stale_plan', 'unprocessable'].includes(error.kind))
      throw error;
    ctx.log.info({ toggleId: row.id, reason: error.message }, 'an expired toggle was not ended yet');
  }
}

/**
 * Looks again whether what is switched on still holds: somebody may have switched the service by hand, or it may be back
 * after an outage. What a run is just changing is left to it.
 */
export async function verifyOpenToggles(ctx: Ctx): Promise<void> {
  const rows = await ctx.db.toggle.findMany({
    where: {
      endedAt: null,
      kind: { in: ['maintenance', 'lockdown'] },
      verification: { in: ['verified', 'unverified'] },
    },
  });
  for (const row of rows) {
    const { service, environment } = row;
    const kind = row.kind as SwitchedKind;
    if (row.expiresAt && row.expiresAt <= ctx.clock.now()) continue;
    if (!findEnvironmentConfig(ctx, { service, environment })?.control) continue;
    if (!ctx.use(CONTROLS)(service, environment)) continue;
    if (!(await isOlderThan(ctx, row, row.verification === 'verified' ? BELIEVED_SECONDS : DOUBTED_SECONDS)))
      continue;
    const lockKey = lockKeyOf({ service, environment, lane: kind });
    if (await ctx.transaction((tx) => findActive(tx, lockKey))) continue;
    const target = { ...controlOf(ctx, row), kind, direction: 'on' as const };
    const seen = await verifyToggle(target, new AbortController().signal, LOOK_PATIENCE_MS);
    await ctx.transaction(async (tx) => {
      if (await findActive(tx, lockKey)) return;
      await noteVerification(tx, row.id, seen.isTrue, seen.note);
    });
  }
}

/** By the database's clock: since it was borne out last, or began. */
async function isOlderThan(ctx: Ctx, row: Toggle, seconds: number): Promise<boolean> {
  const rows = await ctx.db.$queryRaw<{ old: boolean }[]>`
    SELECT coalesce(verified_at, started_at) < clock_timestamp() - make_interval(secs => ${seconds}) AS old
    FROM toggle WHERE id = ${row.id}::uuid`;
  return rows[0]?.old ?? false;
}
