import { switchByConsole } from '#server/maintenance/commands/switch-toggles';
import { breachLockdownDecided } from '#server/maintenance/contract';
import type { automaticActionRequested } from '#server/monitoring/alerts/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';
import type { EventType } from '#server/platform/events-contract';

type Requested = typeof automaticActionRequested extends EventType<infer T> ? T : never;

const ACTOR = systemActor('Automatic lockdown');
const STARTED = 'Locked down by the console. A person lifts it.';

/**
 * Locks an environment down at once for an alert that asks for it and is not over yet, whatever becomes of the rollback,
 * and tells what was done. Idempotent; a person lifts the lockdown.
 */
export async function lockDownForBreach(ctx: Ctx, event: Requested): Promise<void> {
  if (event.action !== 'rollback_and_lockdown') return;
  const { service, environment, alertId, dryRun } = event;
  const tell = (outcome: 'started' | 'refused' | 'dry_run', words: string, runId: string | null = null) =>
    ctx.transaction((tx) =>
      publish(tx, breachLockdownDecided, { alertId, service, environment, outcome, words, runId }),
    );
  const idempotencyKey = `alert:${alertId}`;
  /** Told once more, or at the same time: the lockdown that this alert has led to is known. */
  const hasBegun = async (): Promise<boolean> => {
    const begun = await ctx.db.run.findFirst({
      where: { idempotencyKey: `system:${ACTOR.name}:${idempotencyKey}` },
      select: { id: true },
    });
    if (begun) await tell('started', STARTED, begun.id);
    return begun !== null;
  };
  if (await hasBegun()) return;
  const alert = await ctx.db.alert.findUnique({ where: { id: alertId }, select: { state: true } });
  if (!alert || alert.state === 'resolved')
    return tell('refused', 'Not locked down: the alert was over before it could be decided.');
  if (dryRun) return tell('dry_run', 'Dry run, nothing is done: the environment would be locked down.');
  try {
    const started = await switchByConsole(ctx.as(ACTOR), 'lockdown', 'on', {
      service,
      environment,
      reason: event.reason,
      idempotencyKey,
    });
    if (started) return tell('started', STARTED, started.runId);
    if (!(await hasBegun())) await tell('refused', 'Locked down already, or on its way there.');
  } catch (error) {
    if (await hasBegun()) return;
    if (!(error instanceof AppError) || !['conflict', 'unprocessable', 'not_found'].includes(error.kind))
      throw error;
    await tell('refused', `Not locked down: ${error.message}`);
  }
}
