import { act, gatherFor } from '#server/incidents/playbooks/act';
import type { selfStartingSteps } from '#server/incidents/playbooks/contract';
import { findStep, settle } from '#server/incidents/playbooks/records';
import type { StepAction } from '#server/incidents/playbooks/words/contract';
import { addEntry, auditIncident } from '#server/incidents/records';
import type { toggleChanged, watchRefused } from '#server/maintenance/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EventType } from '#server/platform/events-contract';
import type { Incident } from '#server/platform/generated/prisma/client';
import { findEnvironmentConfig } from '#server/services/queries';

type PayloadOf<E> = E extends EventType<infer T> ? T : never;

const CONSOLE = systemActor('The console');

/**
 * Does the steps of an incident that begin by themselves and that nobody has dealt with meanwhile. What cannot be done is
 * marked as failed with its reason, and stops no other step. Idempotent.
 */
export async function beginSteps(outer: Ctx, { number }: PayloadOf<typeof selfStartingSteps>): Promise<void> {
  const ctx = outer.as(CONSOLE);
  const incident = await ctx.db.incident.findUnique({
    where: { number },
    include: { steps: { where: { state: 'open', startsItself: true }, orderBy: { position: 'asc' } } },
  });
  for (const { key, action } of incident?.steps ?? []) {
    if (incident && action) await begin(ctx, incident, key, action as StepAction);
  }
}

async function begin(
  ctx: Ctx,
  { id, service, environment }: Incident,
  key: string,
  action: StepAction,
): Promise<void> {
  // Of an incident that names no service a person says first where to look.
  if (action !== 'alert-critical' && service === null) return;
  const gathered = await gatherFor(ctx, action, { service, environment });
  const problem = await ctx
    .transaction(async (tx): Promise<string | null> => {
      const incident = await holdOpen(tx, id);
      const step = incident && (await findStep(tx, id, key));
      if (!incident || step?.state !== 'open') return null;
      if (action === 'alert-critical' && isPractice(tx, incident)) {
        const note = 'A rehearsal: nobody is called by itself.';
        await settle(tx, step, step.version, { state: 'skipped', note });
        await addEntry(tx, id, { kind: 'system', text: `Left out: ${step.title}. ${note}` });
        await auditIncident(tx, 'incidents.settle-step', incident, { reason: note, details: { key } });
        return null;
      }
      await act(tx, incident, action, { gathered });
      return null;
    })
    .catch((error: unknown) => {
      // What may go well at a second try is tried again.
      if (!(error instanceof AppError)) throw error;
      return error.message;
    });
  if (problem !== null) await noteFailure(ctx, id, key, problem);
}

async function noteFailure(ctx: Ctx, incidentId: string, key: string, problem: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    const incident = await holdOpen(tx, incidentId);
    const step = incident && (await findStep(tx, incidentId, key));
    if (!incident || step?.state !== 'open') return;
    const note = problem.slice(0, 500);
    await settle(tx, step, step.version, { state: 'failed', note });
    await addEntry(tx, incidentId, { kind: 'system', text: `Failed: ${step.title}. ${note}` });
    await auditIncident(tx, 'incidents.settle-step', incident, {
      reason: note,
      details: { key, state: 'failed' },
    });
  });
}

/** The incident, held, while there is still something to do in it. */
async function holdOpen(tx: Ctx, id: string): Promise<Incident | null> {
  await tx.db.$queryRaw`SELECT id FROM incident WHERE id = ${id}::uuid FOR UPDATE`;
  return tx.db.incident.findFirst({ where: { id, mergedIntoId: null, state: { not: 'resolved' } } });
}

function isPractice(ctx: Ctx, { service, environment }: Incident): boolean {
  if (service === null || environment === null) return false;
  return findEnvironmentConfig(ctx, { service, environment })?.practice ?? false;
}

/** Tells an incident that its environment is checked more often now, or no longer. Idempotent. */
export async function noteWatch(ctx: Ctx, event: PayloadOf<typeof toggleChanged>): Promise<void> {
  if (event.kind !== 'enhanced_monitoring' || event.change === 'unverified') return;
  const { toggleId, service, environment, change, reason, byName } = event;
  await ctx.as(CONSOLE).transaction(async (tx) => {
    const found = await tx.db.incidentStep.findUnique({ where: { toggleId } });
    if (!found) return;
    const step = await findStep(tx, found.incidentId, found.key);
    const toggle = await tx.db.toggle.findUnique({ where: { id: toggleId } });
    if (!step || !toggle) return;
    if (change === 'on' && step.state === 'running' && step.toggleId === toggleId) {
      const by = { id: step.byId, name: step.byName ?? byName };
      await settle(tx, step, step.version, { state: 'done', by });
    }
    const settings = toggle.settings as { intervalSeconds?: number };
    const until = toggle.expiresAt ? ` until ${toggle.expiresAt.toISOString().slice(11, 16)} UTC` : '';
    const text =
      change === 'on'
        ? `${service}/${environment} is checked every ${settings.intervalSeconds ?? '?'} s${until}.`
        : `${service}/${environment} is checked as often as every day again: ${reason}. By ${byName}.`;
    await addEntry(tx, step.incidentId, { kind: 'system', text, dedupKey: `toggle:${toggleId}:${change}` });
  });
}

/** Tells an incident that its environment could not be checked more often; its step can be asked for again. Idempotent. */
export async function noteWatchRefused(
  ctx: Ctx,
  { toggleId, why }: PayloadOf<typeof watchRefused>,
): Promise<void> {
  await ctx.as(CONSOLE).transaction(async (tx) => {
    const found = await tx.db.incidentStep.findUnique({ where: { toggleId } });
    const step = found && (await findStep(tx, found.incidentId, found.key));
    if (step?.state !== 'running' || step.toggleId !== toggleId) return;
    await settle(tx, step, step.version, { state: 'failed', note: why });
    const dedupKey = `toggle:${toggleId}:refused`;
    await addEntry(tx, step.incidentId, { kind: 'system', text: `Failed: ${step.title}. ${why}`, dedupKey });
  });
}
