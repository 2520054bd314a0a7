import * as z from 'zod';
import { RETRY_AFTER_DEFAULT, SWITCHED_KINDS, type SwitchedKind } from '#server/maintenance/contract';
import { ControlError } from '#server/maintenance/drivers/control';
import {
  closeToggle,
  controlOf,
  findOpenToggle,
  noteVerification,
  openToggle,
  publishChange,
} from '#server/maintenance/records';
import { verifyToggle } from '#server/maintenance/verify';
import type { Ctx } from '#server/platform/context';
import { messageOf } from '#server/platform/errors';
import {
  type Procedure,
  type RunEnd,
  type Step,
  type StepContext,
  StepFailure,
} from '#server/runs/procedure';

export const toggleParams = z.object({
  service: z.string(),
  environment: z.string(),
  kind: z.enum(SWITCHED_KINDS),
  direction: z.enum(['on', 'off']),
  /** Of the toggle that is opened; a repeated step opens no second one. */
  toggleId: z.string(),
  reason: z.string(),
  expiresAt: z.string().nullable(),
  settings: z.object({
    retryAfterSeconds: z.number().optional(),
    allow: z.array(z.string()).optional(),
  }),
  by: z.object({ type: z.string(), id: z.string().nullable(), name: z.string() }),
});
export type ToggleParams = z.infer<typeof toggleParams>;

const BUDGET_MS = 60_000;

const TITLES = {
  maintenance: { on: 'Maintenance mode on', off: 'Maintenance mode off' },
  lockdown: { on: 'Security lockdown', off: 'Unlock' },
} as const;

const IDS = {
  maintenance: { on: 'maintenance.enable', off: 'maintenance.disable' },
  lockdown: { on: 'security.lockdown', off: 'security.unlock' },
} as const;

const APPLY_WORDS = {
  maintenance: {
    on: 'every page answers 503 with Retry-After; health, metrics and the addresses let in go on',
    off: 'every page is served again',
  },
  lockdown: {
    on: 'logins, checkouts and the admin page are refused, and every session ends at once; browsing goes on',
    off: 'logins, checkouts and the admin page are open again; who was logged in logs in anew',
  },
} as const;

/** Switching maintenance mode or a lockdown: tell the service, prove it with real requests, record it. */
function toggleProcedure(kind: SwitchedKind, direction: 'on' | 'off'): Procedure<ToggleParams> {
  const other = direction === 'on' ? 'off' : 'on';
  return {
    id: IDS[kind][direction],
    title: TITLES[kind][direction],
    params: toggleParams,
    permission: kind === 'maintenance' ? 'maintenance.toggle' : 'security.lockdown',
    confirmation: kind === 'maintenance' ? 'consequential' : 'drastic',
    budgetMs: BUDGET_MS,
    onBudgetEnd: 'timed_out',
    // The newest word counts: whoever locks down does not wait for an unlock to end.
    supersedes: [IDS[kind][other]],
    steps: (ctx, params) => {
      const { config, url } = controlOf(ctx, params);
      const asked = kind === 'maintenance' ? config.page : config.lockedPaths.join(', ');
      return [
        {
          key: 'apply',
          title: 'Tell the service',
          detail: APPLY_WORDS[kind][direction],
          recovery: 'repeat',
          timeoutMs: 20_000,
          run: (step) => apply(step),
        },
        {
          key: 'verify',
          title: 'Verify on the service',
          detail: `real requests to ${url}: ${asked}`,
          recovery: 'repeat',
          timeoutMs: 30_000,
          run: (step) => verify(step),
        },
        {
          key: 'record',
          title: 'Record it',
          detail: direction === 'on' ? 'shown on every page until it ends' : 'the banner goes',
          recovery: 'repeat',
          timeoutMs: 10_000,
          run: async (step) => ({ apply: (tx) => record(tx, step) }),
        },
      ] satisfies Step<ToggleParams>[];
    },
    onEnd: settle,
  };
}

export const enableMaintenanceProcedure = toggleProcedure('maintenance', 'on');
export const disableMaintenanceProcedure = toggleProcedure('maintenance', 'off');
export const lockdownProcedure = toggleProcedure('lockdown', 'on');
export const unlockProcedure = toggleProcedure('lockdown', 'off');

export const TOGGLE_PROCEDURES = {
  maintenance: { on: enableMaintenanceProcedure, off: disableMaintenanceProcedure },
  lockdown: { on: lockdownProcedure, off: unlockProcedure },
} as const;

/** The toggle is written before the service is told: from then on every page says that it may be on. */
async function apply({ ctx, io, params }: StepContext<ToggleParams>) {
  const { kind, direction, service, environment } = params;
  if (direction === 'on') {
    const expiresAt = params.expiresAt ? new Date(params.expiresAt) : null;
    if (expiresAt && expiresAt <= ctx.clock.now()) {
      throw new StepFailure('Its time was over before it could be switched on. Nothing was changed.');
    }
    const { toggleId: id, reason, settings, by } = params;
    const toggle = { id, service, environment, kind, reason, settings, expiresAt, startedBy: by };
    await io.commit((tx) => openToggle(tx, { ...toggle, runId: io.runId, verification: 'pending' }));
  }
  try {
    const facts = await tell({ ctx, io, params });
    return { facts };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (direction === 'off') throw new StepFailure(`${error.message}. It may still be on.`);
    throw new StepFailure(`${error.message}. ${await takeBack({ ctx, io, params }, error)}`);
  }
}

async function tell({
  ctx,
  io,
  params,
}: Pick<StepContext<ToggleParams>, 'ctx' | 'io' | 'params'>): Promise<Record<string, string>> {
  const { kind, direction, reason, settings, expiresAt } = params;
  const { control } = controlOf(ctx, params);
  if (kind === 'lockdown') {
    const sessions = await control.switchLockdown(direction, reason, io.signal);
    io.log(`${sessions} ${sessions === 1 ? 'session' : 'sessions'} ended`);
    return { 'sessions ended': String(sessions) };
  }
  const { retryAfterSeconds = RETRY_AFTER_DEFAULT, allow = [] } = settings;
  await control.switchMaintenance(
    direction,
    { reason, until: expiresAt, retryAfterSeconds, allow },
    io.signal,
  );
  return direction === 'on'
    ? { 'Retry-After': `${retryAfterSeconds} s`, 'let in': allow.join(', ') || 'nobody' }
    : {};
}

/**
 * After an order that failed the service is brought back to what it was: off. Only when it says so itself is the toggle
 * ended; otherwise it stays, as one that could not be verified.
 * @returns how it stands now, one sentence
 */
async function takeBack(
  { ctx, io, params }: Pick<StepContext<ToggleParams>, 'ctx' | 'io' | 'params'>,
  why: Error,
) {
  const { control } = controlOf(ctx, params);
  const { kind } = params;
  // A lockdown that may hold is not undone: too closed is better than too open.
  const mayUndo = kind === 'maintenance' || (why instanceof ControlError && why.certain);
  try {
    if (kind === 'maintenance') {
      const off = { reason: 'taken back', until: null, retryAfterSeconds: RETRY_AFTER_DEFAULT, allow: [] };
      await control.switchMaintenance('off', off, io.signal);
    }
    const state = await control.readState(io.signal);
    const isOff = kind === 'maintenance' ? !state.maintenance.active : !state.lockdown.enabled;
    if (!isOff || !mayUndo) return 'It may be on all the same: nobody could verify it.';
    await io.commit(async (tx) => {
      await closeToggle(tx, params, kind, {
        byName: 'The console',
        reason: 'It could not be switched on',
        runId: io.runId,
      });
    });
    return 'It is off; the service says so.';
  } catch (error) {
    io.signal.throwIfAborted();
    io.log(`Taking it back failed: ${messageOf(error)}`);
    return 'Nobody knows whether it is on.';
  }
}

async function verify({ ctx, io, params }: StepContext<ToggleParams>) {
  const { kind, direction } = params;
  const seen = await verifyToggle({ ...controlOf(ctx, params), kind, direction }, io.signal);
  io.log(seen.note);
  if (!seen.isTrue) throw new StepFailure(`COULD NOT VERIFY that it is ${direction}. ${seen.note}`);
  return { facts: { seen: seen.note }, result: { note: seen.note } };
}

async function record(tx: Ctx, { io, params, previous }: StepContext<ToggleParams>): Promise<void> {
  const { kind, direction, reason, by } = params;
  const { note } = previous<{ note: string }>('verify');
  if (direction === 'on') {
    await noteVerification(tx, params.toggleId, true, note);
    const open = await findOpenToggle(tx, params, kind);
    if (open) await publishChange(tx, open, 'on', reason, by.name);
    return;
  }
  const closed = await closeToggle(tx, params, kind, { byName: by.name, reason, runId: io.runId, note });
  if (closed) await publishChange(tx, closed, 'off', reason, by.name);
}

/** A run that ended short of its goal leaves a toggle that nobody has verified: every page says so. */
async function settle(tx: Ctx, end: RunEnd<ToggleParams>): Promise<void> {
  if (end.status === 'succeeded') return;
  const open = await findOpenToggle(tx, end.params, end.params.kind);
  if (!open) return;
  const isOwn = open.id === end.params.toggleId || end.params.direction === 'off';
  if (isOwn)
    await noteVerification(tx, open.id, false, end.error ?? `Run #${end.runNumber} was ${end.status}.`);
}
