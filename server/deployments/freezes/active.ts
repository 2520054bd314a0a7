import * as z from 'zod';
import { can, whyNot } from '#server/auth/contract';
import { type ActiveFreeze, FREEZE_OVERRIDE_MIN } from '#server/deployments/freezes/contract';
import { occurrenceAt } from '#server/deployments/freezes/rules';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EnvironmentKey } from '#server/services/contract';

/** A freeze that applies to an environment now. */
export interface Freeze {
  id: string;
  reason: string;
  until: Date;
  byName: string;
}

/** What a person who may has decided to deploy in spite of, kept with the run: these windows, and no later ones. */
export const freezeOverride = z.object({
  reason: z.string(),
  windows: z.array(z.object({ id: z.string(), until: z.string() })),
});
export type FreezeOverride = z.infer<typeof freezeOverride>;

interface Row {
  id: string;
  /** null: of every service; so for the environment. */
  service: string | null;
  environment: string | null;
  reason: string;
  byName: string;
  startsAt: Date | null;
  endsAt: Date | null;
  cron: string | null;
  timeZone: string | null;
  durationMinutes: number | null;
  now: Date;
}

/** The freezes of an environment by the database's clock, the one that lasts longest first. */
export async function findFreezes(ctx: Ctx, key: EnvironmentKey): Promise<Freeze[]> {
  return (await readFreezes(ctx))(key);
}

/** The same of any environment, from one reading. */
export async function readFreezes(ctx: Ctx): Promise<(key: EnvironmentKey) => Freeze[]> {
  const rows = await ctx.db.$queryRaw<Row[]>`
    SELECT id, service, environment, reason, created_by_name AS "byName", starts_at AS "startsAt",
      ends_at AS "endsAt", cron, time_zone AS "timeZone", duration_minutes AS "durationMinutes",
      clock_timestamp() AS now
    FROM freeze_window
    WHERE ended_at IS NULL AND (ends_at IS NULL OR ends_at > clock_timestamp())`;
  const active = rows
    .flatMap(({ id, service, environment, reason, byName, now, ...rule }) => {
      const occurrence = occurrenceAt({ ...rule, endedAt: null }, now);
      return occurrence
        ? [{ service, environment, freeze: { id, reason, byName, until: occurrence.endsAt } }]
        : [];
    })
    .sort((a, b) => b.freeze.until.getTime() - a.freeze.until.getTime());
  return (key) =>
    active
      .filter(
        ({ service, environment }) =>
          (service ?? key.service) === key.service && (environment ?? key.environment) === key.environment,
      )
      .map(({ freeze }) => freeze);
}

/** The freeze of an environment as pages show it. */
export function toActiveFreeze(freeze: Freeze | undefined): ActiveFreeze | null {
  return freeze ? { ...freeze, until: freeze.until.toISOString() } : null;
}

export function isOverridden(freeze: Freeze, override: FreezeOverride | null): boolean {
  const until = freeze.until.toISOString();
  return override?.windows.some((window) => window.id === freeze.id && window.until === until) ?? false;
}

/**
 * The override of what is active now, for a run that is asked for; null where nothing is frozen or no reason is given.
 * @throws AppError `forbidden` for who may not override, `unprocessable` when the reason says too little
 */
export async function takeOverride(
  tx: Ctx,
  key: EnvironmentKey,
  reason: string | undefined,
): Promise<{ override: FreezeOverride; freezes: Freeze[] } | null> {
  if (!reason) return null;
  const freezes = await findFreezes(tx, key);
  if (freezes.length === 0) return null;
  if (!can(tx.actor, 'freezes.override')) {
    throw new AppError('forbidden', 'You may not override a freeze. Nothing was started.', {
      hint: whyNot('freezes.override'),
    });
  }
  if (reason.length < FREEZE_OVERRIDE_MIN) {
    throw new AppError(
      'unprocessable',
      'The reason to override the freeze says too little. Nothing was started.',
      {
        hint: 'Type why it cannot wait; it is kept in the audit log.',
        fields: { freezeOverrideReason: [`Type why, in at least ${FREEZE_OVERRIDE_MIN} characters.`] },
      },
    );
  }
  const windows = freezes.map(({ id, until }) => ({ id, until: until.toISOString() }));
  return { override: { reason, windows }, freezes };
}
