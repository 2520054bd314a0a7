import {
  type Direction,
  EMERGENCY_LABELS,
  type EmergencyCommand,
  type SwitchedKind,
} from '#server/maintenance/contract';
import { EMERGENCY_PROCEDURES, type EmergencyParams } from '#server/maintenance/procedures/emergency';
import { TOGGLE_PROCEDURES, type ToggleParams } from '#server/maintenance/procedures/toggles';
import { findOpenToggle } from '#server/maintenance/records';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { Toggle } from '#server/platform/generated/prisma/client';
import type { Plan } from '#server/runs/contract';
import type { Procedure } from '#server/runs/procedure';
import { hashPlan } from '#server/runs/state';
import type { EnvironmentKey } from '#server/services/contract';

export interface PreparedToggle {
  procedure: Procedure<ToggleParams>;
  plan: Plan;
  current: Toggle | null;
}

/**
 * What switching would do now. The plan binds the toggle that is open, so that nobody replaces or ends another than the
 * one that the page showed; reason and time are typed on the page and bound by nothing.
 * @throws AppError `unprocessable` where the service cannot be reached
 */
export async function prepareToggle(
  ctx: Ctx,
  { service, environment }: EnvironmentKey,
  kind: SwitchedKind,
  direction: Direction,
): Promise<PreparedToggle> {
  const procedure = TOGGLE_PROCEDURES[kind][direction];
  const current = await findOpenToggle(ctx, { service, environment }, kind);
  const params = paramsOf({ service, environment }, kind, direction);
  const plan: Plan = {
    procedure: procedure.id,
    title: `${procedure.title}: ${environment}`,
    service,
    environment,
    lane: kind,
    from: null,
    to: null,
    steps: procedure.steps(ctx, params).map(({ key, title, detail }) => ({ key, title, detail })),
    params: { service, environment, kind, direction, current: current?.id ?? null },
    skips: [],
    budgetMs: procedure.budgetMs,
  };
  return { procedure, plan, current };
}

/** The parameters of steps that are only described. */
function paramsOf(key: EnvironmentKey, kind: SwitchedKind, direction: Direction): ToggleParams {
  const by = { type: 'system', id: null, name: '' };
  const { service, environment } = key;
  return {
    service,
    environment,
    kind,
    direction,
    toggleId: '',
    reason: '',
    expiresAt: null,
    settings: {},
    by,
  };
}

export interface PreparedEmergency {
  procedure: Procedure<EmergencyParams>;
  params: EmergencyParams;
  plan: Plan;
}

/** What an emergency command would do now. @throws AppError `unprocessable` where the service cannot be reached */
export function prepareEmergency(
  ctx: Ctx,
  key: EnvironmentKey,
  command: EmergencyCommand,
): PreparedEmergency {
  const procedure = EMERGENCY_PROCEDURES[command];
  const params = { service: key.service, environment: key.environment, command };
  return {
    procedure,
    params,
    plan: {
      procedure: procedure.id,
      title: `${EMERGENCY_LABELS[command]}: ${key.environment}`,
      service: key.service,
      environment: key.environment,
      lane: 'emergency',
      from: null,
      to: null,
      steps: procedure
        .steps(ctx, params)
        .map(({ key: step, title, detail }) => ({ key: step, title, detail })),
      params,
      skips: [],
      budgetMs: procedure.budgetMs,
    },
  };
}

/** @throws AppError `stale_plan` when reality is no longer what the page showed */
export function assertShown(plan: Plan, planHash: string): void {
  if (hashPlan(plan) === planHash) return;
  throw new AppError(
    'stale_plan',
    'What is switched on has changed since you opened the page. Nothing was started.',
    {
      hint: 'Look at it again and confirm.',
    },
  );
}
