import type { deployEnded } from '#server/deployments/contract';
import { addEntry, holdOpenIncident } from '#server/incidents/records';
import { TOGGLE_LABELS, type toggleChanged } from '#server/maintenance/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';

type PayloadOf<E> = E extends EventType<infer T> ? T : never;

const CONSOLE = systemActor('The console');
const RUN_ENDS: Record<string, string> = {
  succeeded: 'has succeeded',
  failed: 'has failed',
  cancelled: 'was cancelled',
  timed_out: 'ran out of time',
};
const TOGGLE_CHANGES = { on: 'is on', off: 'is off', unverified: 'could not be verified' };

/** What came of a deploy or a rollback is told in the open incident of its environment. Idempotent. */
export async function noteDeployEnded(ctx: Ctx, event: PayloadOf<typeof deployEnded>): Promise<void> {
  const { runId, service, environment, status, error } = event;
  await ctx.as(CONSOLE).transaction(async (tx) => {
    const open = await holdOpenIncident(tx, { service, environment });
    const run = await tx.db.run.findUnique({ where: { id: runId }, select: { title: true, endedAt: true } });
    if (!open || !run) return;
    await addEntry(tx, open.id, {
      kind: 'system',
      text: `${run.title} ${RUN_ENDS[status] ?? `is ${status}`}.${error ? ` ${error}` : ''}`,
      occurredAt: run.endedAt,
      runId,
      dedupKey: `run:${runId}:${status}`,
    });
  });
}

/** Maintenance mode and lockdown, on or off, are told in the open incident of their environment. Idempotent. */
export async function noteToggle(ctx: Ctx, event: PayloadOf<typeof toggleChanged>): Promise<void> {
  const { toggleId, service, environment, kind, change, reason, byName, runId } = event;
  // What an incident itself has asked for is told where its step is settled.
  if (kind === 'enhanced_monitoring') return;
  await ctx.as(CONSOLE).transaction(async (tx) => {
    const open = await holdOpenIncident(tx, { service, environment });
    if (!open) return;
    await addEntry(tx, open.id, {
      kind: 'system',
      text: `${TOGGLE_LABELS[kind]} of ${service}/${environment} ${TOGGLE_CHANGES[change]}: ${reason}. By ${byName}.`,
      runId,
      dedupKey: `toggle:${toggleId}:${change}`,
    });
  });
}
