import { mayAct } from '#server/auth/conditions';
import { can } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import {
  fixScheduled,
  type IncidentPlaybook,
  scheduleFixInput,
  settleStepInput,
  workaroundInput,
} from '#server/incidents/playbooks/contract';
import { findStep, readPlaybook, settle, wasQuicker } from '#server/incidents/playbooks/records';
import { settleProblem } from '#server/incidents/playbooks/state';
import type { StepState } from '#server/incidents/playbooks/words/contract';
import { addEntry, auditIncident, holdIncident } from '#server/incidents/records';
import { incidentName } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';

/** For how long a fix may take when nobody says otherwise, days. */
const FIX_DAYS = 14;
const DAY_MS = 86_400_000;

const ENTRY_WORDS = { open: 'Not done after all', done: 'Done', skipped: 'Left out' };

/**
 * Ticks a step, leaves it out with a reason, or takes that back.
 * @throws AppError `not_found`; `conflict` when somebody was quicker, or for a merged incident; `unprocessable` when it is so
 * already; `invalid_input` for a step that is left out without a reason
 */
export const settleIncidentStep = defineCommand({
  name: 'incidents.settle-step',
  access: 'incidents.manage',
  input: settleStepInput,
  handle: async (tx, { number, key, version, state, note }): Promise<IncidentPlaybook> => {
    const incident = await holdIncident(tx, number);
    const step = await findStep(tx, incident.id, key);
    if (!step) {
      throw new AppError('not_found', `${incidentName(number)} has no step "${key}". Nothing was changed.`, {
        hint: 'Take the key from its playbook.',
      });
    }
    if (step.version !== version) throw wasQuicker(step);
    const before = step.state as StepState;
    const problem = settleProblem(before, state, note);
    if (problem !== null) {
      const isMissing = state === 'skipped' && before !== state && before !== 'running';
      throw new AppError(isMissing ? 'invalid_input' : 'unprocessable', `${problem} Nothing was changed.`, {
        fields: isMissing ? { note: [problem] } : undefined,
      });
    }
    await settle(tx, step, version, { state, note: note ?? null });
    const why = note ? ` ${state === 'skipped' ? 'Why: ' : ''}${note}` : '';
    await addEntry(tx, incident.id, { kind: 'action', text: `${ENTRY_WORDS[state]}: ${step.title}.${why}` });
    await auditIncident(tx, 'incidents.settle-step', incident, {
      reason: note ?? null,
      details: { key, before, after: state },
    });
    return readPlaybook(tx, incident);
  },
});

/** Writes down what people can do meanwhile, and ticks the step that asks for it. @throws AppError `not_found`, `conflict` */
export const noteWorkaround = defineCommand({
  name: 'incidents.note-workaround',
  access: 'incidents.manage',
  input: workaroundInput,
  handle: async (tx, { number, text }): Promise<IncidentPlaybook> => {
    const incident = await holdIncident(tx, number);
    await addEntry(tx, incident.id, { kind: 'action', text: `Workaround: ${text}` });
    const isTicked = await tick(tx, incident.id, 'workaround', text);
    await auditIncident(tx, 'incidents.note-workaround', incident, { details: { isTicked } });
    return readPlaybook(tx, incident);
  },
});

/**
 * Says how it is fixed for good, by whom and by when, and ticks the step that asks for it. It becomes an action item of the
 * post-mortem, which begins with it where there is none yet.
 * @throws AppError `not_found`, `conflict` for a merged incident, `unprocessable` for a person who is unknown or may not do it
 */
export const scheduleIncidentFix = defineCommand({
  name: 'incidents.schedule-fix',
  access: 'incidents.manage',
  input: scheduleFixInput,
  handle: async (tx, { number, text, dueOn, email }) => {
    const incident = await holdIncident(tx, number);
    const owner = await findOwner(tx, email);
    const due = dueOn ?? new Date(tx.clock.now().getTime() + FIX_DAYS * DAY_MS).toISOString().slice(0, 10);
    const words = `${text} By ${owner.name}, until ${due}.`;
    const postmortem = await tx.db.postmortem.findUnique({
      where: { incidentId: incident.id },
      select: { id: true },
    });
    const more = postmortem ? ' It is an action item of the post-mortem.' : '';
    await addEntry(tx, incident.id, { kind: 'action', text: `The fix is scheduled: ${words}${more}` });
    const isTicked = await tick(tx, incident.id, 'schedule-fix', words);
    const fix = { title: text, ownerId: owner.id, ownerName: owner.name, byName: tx.actor.name };
    const id = tx.ids.uuid();
    await tx.db.incidentFix.create({
      data: { ...fix, id, incidentId: incident.id, dueOn: new Date(`${due}T00:00:00Z`) },
      select: { id: true },
    });
    if (postmortem) await publish(tx, fixScheduled, { ...fix, number, itemId: id, dueOn: due });
    await auditIncident(tx, 'incidents.schedule-fix', incident, {
      details: { isTicked, owner: owner.name, dueOn: due, hasActionItem: postmortem !== null },
    });
    return { ...(await readPlaybook(tx, incident)), hasActionItem: postmortem !== null };
  },
});

/** Settles a step that asks for just this, where the incident has it and nobody has dealt with it. */
async function tick(tx: Ctx, incidentId: string, key: string, note: string): Promise<boolean> {
  const step = await findStep(tx, incidentId, key);
  if (!step || step.state === 'done' || step.state === 'running') return false;
  await settle(tx, step, step.version, { state: 'done', note: note.slice(0, 500) });
  return true;
}

async function findOwner(tx: Ctx, email: string | undefined): Promise<{ id: string; name: string }> {
  const itself = tx.actor.type === 'user' ? tx.actor.id : null;
  const [person] = await tx.db.$queryRaw<{ id: string; name: string; role: string }[]>`
    SELECT u.id::text AS id, u.name, u.role::text AS role FROM app_user u
    WHERE CASE WHEN ${email ?? null}::text IS NULL THEN u.id = ${itself}::uuid ELSE u.email = ${email ?? null} END
      AND ${mayAct(tx)}`;
  if (!person) {
    throw new AppError('unprocessable', `There is nobody with the address ${email}. Nothing was changed.`, {
      hint: 'Give the e-mail address of somebody who can sign in.',
    });
  }
  if (!can({ type: 'user', role: person.role }, 'postmortems.manage')) {
    throw new AppError('unprocessable', `${person.name} may not deal with it. Nothing was changed.`, {
      hint: 'Name somebody who is at least on call.',
    });
  }
  return person;
}
