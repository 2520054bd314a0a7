import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import {
  type EmergencyCommand,
  listTogglesInput,
  type PlaceToggles,
  placeInput,
  previewEmergencyInput,
  previewToggleInput,
  type TogglePage,
  type TogglePreview,
} from '#server/maintenance/contract';
import { prepareEmergency, prepareToggle } from '#server/maintenance/plans';
import { findOpenToggle, type ToggleSettings, toToggleView } from '#server/maintenance/records';
import type { Ctx } from '#server/platform/context';
import { findActive, lockKeyOf } from '#server/runs/exclusion';
import { RUN_POLICY } from '#server/runs/policy';
import { hashPlan } from '#server/runs/state';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig, environmentViews, findEnvironmentConfig } from '#server/services/queries';

/** What is switched on, for each configured environment in order. */
export const listOpenToggles = defineQuery({
  name: 'maintenance.list-open',
  access: 'maintenance.read',
  input: z.object({}),
  handle: async (ctx): Promise<PlaceToggles[]> => {
    const rows = await ctx.db.toggle.findMany({
      where: { endedAt: null },
      orderBy: { startedAt: 'desc' },
    });
    return environmentViews(ctx).map(({ service, serviceTitle, environment, environmentTitle }) => ({
      service,
      serviceTitle,
      environment,
      environmentTitle,
      canControl: findEnvironmentConfig(ctx, { service, environment })?.control !== undefined,
      toggles: rows
        .filter((row) => row.service === service && row.environment === environment)
        .map(toToggleView),
    }));
  },
});

/** What is switched on in one environment. @throws AppError `not_found` */
export const getPlaceToggles = defineQuery({
  name: 'maintenance.get-place',
  access: 'maintenance.read',
  input: placeInput,
  handle: async (ctx, { service, environment }): Promise<PlaceToggles> => {
    environmentConfig(ctx, { service, environment });
    const places = await listOpenToggles(ctx, {});
    return places.find(
      (each) => each.service === service && each.environment === environment,
    ) as PlaceToggles;
  },
});

/** Every toggle there was, the newest first unless told. */
export const listToggles = defineQuery({
  name: 'maintenance.list',
  access: 'maintenance.read',
  input: listTogglesInput,
  handle: async (ctx, { service, environment, kind, order, page, pageSize }): Promise<TogglePage> => {
    const where = {
      ...(service ? { service } : {}),
      ...(environment ? { environment } : {}),
      ...(kind ? { kind } : {}),
    };
    const [rows, total] = await Promise.all([
      ctx.db.toggle.findMany({
        where,
        orderBy: [{ startedAt: order === 'oldest' ? 'asc' : 'desc' }, { id: 'asc' }],
        skip: (page - 1) * pageSize,
        take: pageSize,
      }),
      ctx.db.toggle.count({ where }),
    ]);
    return { rows: rows.map(toToggleView), total, page, pageSize };
  },
});

/** What switching would do now. @throws AppError `unprocessable` where the console cannot reach the service */
export const previewToggle = defineQuery({
  name: 'maintenance.preview-toggle',
  access: 'maintenance.read',
  input: previewToggleInput,
  handle: async (ctx, input): Promise<TogglePreview> => {
    const { plan, current, procedure } = await prepareToggle(ctx, input, input.kind, input.direction);
    return {
      plan,
      planHash: hashPlan(plan),
      current: current && toToggleView(current),
      activeRun: null,
      needsApproval: ctx.use(RUN_POLICY).needsApproval(ctx, plan),
      blockedBy: await heldBy(ctx, lockKeyOf(plan), procedure.supersedes),
    };
  },
});

/** What an emergency command would do now. */
export const previewEmergency = defineQuery({
  name: 'maintenance.preview-emergency',
  access: 'maintenance.read',
  input: previewEmergencyInput,
  handle: async (ctx, input: EnvironmentKey & { command: EmergencyCommand }): Promise<TogglePreview> => {
    const { plan } = prepareEmergency(ctx, input, input.command);
    return {
      plan,
      planHash: hashPlan(plan),
      current: null,
      activeRun: null,
      needsApproval: ctx.use(RUN_POLICY).needsApproval(ctx, plan),
      blockedBy: await heldBy(ctx, lockKeyOf(plan), []),
    };
  },
});

async function heldBy(ctx: Ctx, lockKey: string, supersedes: readonly string[]): Promise<string | null> {
  const active = await ctx.transaction((tx) => findActive(tx, lockKey));
  if (!active || supersedes.includes(active.procedure)) return null;
  return `Run #${active.number} (${active.title}) is under way.`;
}

/**
 * How often an environment's checks run while enhanced monitoring is on, seconds; null when it is not, or its time is
 * over. For the checks, not for people.
 */
export async function enhancedIntervalSeconds(ctx: Ctx, key: EnvironmentKey): Promise<number | null> {
  const open = await findOpenToggle(ctx, key, 'enhanced_monitoring');
  if (!open || (open.expiresAt !== null && open.expiresAt <= ctx.clock.now())) return null;
  return (open.settings as ToggleSettings).intervalSeconds ?? null;
}

/**
 * True while maintenance mode is on or may be: what visitors are answered then says nothing about the release. For rules
 * and automatic actions, not for people.
 */
export async function isInMaintenance(ctx: Ctx, key: EnvironmentKey): Promise<boolean> {
  return (await findOpenToggle(ctx, key, 'maintenance')) !== null;
}
