import { recordAudit } from '#server/audit/commands';
import { type Command, defineCommand } from '#server/auth/guard';
import { withoutKey } from '#server/auth/prove-password';
import { requireFreshPassword } from '#server/auth/require-password';
import {
  type Direction,
  disableMaintenanceInput,
  enableMaintenanceInput,
  lockdownInput,
  type SwitchedKind,
} from '#server/maintenance/contract';
import { assertShown, type PreparedToggle, prepareToggle } from '#server/maintenance/plans';
import type { ToggleParams } from '#server/maintenance/procedures/toggles';
import { findOpenToggle, type ToggleSettings } from '#server/maintenance/records';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { StartedRun } from '#server/runs/contract';
import { startRun } from '#server/runs/start-run';
import type { EnvironmentKey } from '#server/services/contract';
import { OPS_CONFIG } from '#server/services/queries';

interface Wish extends EnvironmentKey {
  reason: string;
  idempotencyKey?: string | undefined;
  expiresAt?: Date | null;
  settings?: ToggleSettings;
  causedByRunId?: string | undefined;
}

/**
 * Queues the run that closes the service to visitors. Takes the place of one that opens it.
 * @throws AppError `stale_plan` when something else is switched on than the page showed, `conflict` when such a run is
 * under way, `unprocessable` where the console cannot reach the service
 */
export const enableMaintenance = defineCommand({
  name: 'maintenance.enable',
  access: 'maintenance.toggle',
  input: enableMaintenanceInput,
  prepare: (ctx, input) => prepareShown(ctx, input, 'maintenance', 'on'),
  handle: async (tx, input, prepared): Promise<StartedRun> => {
    const { minutes, retryAfterSeconds, allow } = input;
    return queue(tx, prepared, 'maintenance', 'on', {
      ...input,
      expiresAt: minutes === undefined ? null : new Date(tx.clock.now().getTime() + minutes * 60_000),
      settings: {
        ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
        ...(allow === undefined ? {} : { allow }),
      },
    });
  },
});

/** Queues the run that opens the service again. Throws like {@link enableMaintenance}. */
export const disableMaintenance = defineCommand({
  name: 'maintenance.disable',
  access: 'maintenance.toggle',
  input: disableMaintenanceInput,
  prepare: (ctx, input) => prepareShown(ctx, input, 'maintenance', 'off'),
  handle: (tx, input, prepared): Promise<StartedRun> => queue(tx, prepared, 'maintenance', 'off', input),
});

function drastic(name: string, direction: Direction): Command<StartedRun> {
  const inner = defineCommand({
    name,
    access: 'security.lockdown',
    input: lockdownInput,
    prepare: async (ctx, input) => {
      if (input.confirmEnvironment !== input.environment) {
        throw new AppError('unprocessable', `Type ${input.environment} to confirm it. Nothing was started.`, {
          fields: { confirmEnvironment: [`This is not "${input.environment}".`] },
        });
      }
      const prepared = await prepareShown(ctx, input, 'lockdown', direction);
      await requireFreshPassword(ctx, input.password);
      return prepared;
    },
    handle: (tx, input, prepared): Promise<StartedRun> => queue(tx, prepared, 'lockdown', direction, input),
  });
  return Object.assign((ctx: Ctx, input: unknown) => inner(withoutKey(ctx), input), {
    operation: inner.operation,
    access: inner.access,
  });
}

/**
 * Queues the run that refuses logins, checkouts and the admin page and ends every session. The environment's name is
 * typed, and the password was given within five minutes or comes along. Throws like {@link enableMaintenance}.
 */
export const requestLockdown = drastic('security.lockdown', 'on');

/** Queues the run that lifts the lockdown, under the same conditions. */
export const requestUnlock = drastic('security.unlock', 'off');

async function prepareShown(
  ctx: Ctx,
  input: EnvironmentKey & { planHash: string },
  kind: SwitchedKind,
  direction: Direction,
): Promise<PreparedToggle> {
  const prepared = await prepareToggle(ctx, input, kind, direction);
  assertShown(prepared.plan, input.planHash);
  return prepared;
}

/**
 * The same for the console itself, such as an automatic action: what is switched on now counts.
 * @returns null when it is switched as wished, or on its way there
 */
export async function switchByConsole(
  ctx: Ctx,
  kind: SwitchedKind,
  direction: Direction,
  wish: Wish,
): Promise<StartedRun | null> {
  const prepared = await prepareToggle(ctx, wish, kind, direction);
  const isOn = prepared.current !== null && prepared.current.verification !== 'unverified';
  if (direction === 'on' && isOn) return null;
  if (direction === 'off' && !prepared.current) return null;
  return ctx.transaction((tx) => queue(tx, prepared, kind, direction, wish));
}

async function queue(
  tx: Ctx,
  { procedure, plan, current }: PreparedToggle,
  kind: SwitchedKind,
  direction: Direction,
  wish: Wish,
): Promise<StartedRun> {
  const { service, environment, reason, idempotencyKey } = wish;
  const params: ToggleParams = {
    service,
    environment,
    kind,
    direction,
    toggleId: tx.ids.uuid(),
    reason,
    expiresAt: wish.expiresAt?.toISOString() ?? null,
    settings: wish.settings ?? {},
    by: { type: tx.actor.type, id: tx.actor.id, name: tx.actor.name },
  };
  const started = await startRun(tx, {
    procedure: procedure as never,
    params,
    plan,
    configHash: tx.use(OPS_CONFIG).hash,
    reason,
    causedByRunId: wish.causedByRunId ?? null,
    idempotencyKey: idempotencyKey
      ? `${tx.actor.type}:${tx.actor.id ?? tx.actor.name}:${idempotencyKey}`
      : null,
  });
  if (!started.created) return started;
  const now = await findOpenToggle(tx, wish, kind);
  if (now?.id !== current?.id) {
    throw new AppError('stale_plan', 'Somebody has just switched it. Nothing was started.', {
      hint: 'Open the page again to see how it stands.',
    });
  }
  await recordAudit(tx, {
    action: `${procedure.id}.asked`,
    target: { type: 'run', id: started.runId, label: `#${started.number} ${plan.title}` },
    service,
    environment,
    reason,
    runId: started.runId,
    details: { expiresAt: params.expiresAt, ...params.settings },
  });
  return started;
}
