import { mayAct } from '#server/auth/conditions';
import { can } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import { assignIncidentRoleInput, type IncidentSummary } from '#server/incidents/contract';
import { addEntry, assertVersion, auditIncident, holdIncident, summaryOf } from '#server/incidents/records';
import { INCIDENT_ROLE_LABELS } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

interface Person {
  id: string;
  name: string;
  role: string;
}

/**
 * Gives somebody a role of an incident. Who had it hands it over; responders there may be several.
 * @throws AppError `not_found`, `conflict` when somebody was quicker, `unprocessable` for a person who has it already, who
 * is unknown, or who may not work on incidents
 */
export const assignIncidentRole = defineCommand({
  name: 'incidents.assign-role',
  access: 'incidents.manage',
  input: assignIncidentRoleInput,
  handle: async (tx, { number, version, role, email }): Promise<IncidentSummary> => {
    const incident = await holdIncident(tx, number);
    assertVersion(incident, version);
    const person = await findPerson(tx, email);
    const holders = await tx.db.incidentRole.findMany({
      where: { incidentId: incident.id, role, until: null },
    });
    if (holders.some(({ personId }) => personId === person.id)) {
      throw new AppError(
        'unprocessable',
        `${person.name} is ${INCIDENT_ROLE_LABELS[role].toLowerCase()} already. Nothing was changed.`,
      );
    }
    const before = role === 'responder' ? null : (holders[0] ?? null);
    if (before) {
      await tx.db.$executeRaw`
        UPDATE incident_role SET until = greatest(since, clock_timestamp()) WHERE id = ${before.id} AND until IS NULL`;
    }
    await tx.db.incidentRole.create({
      data: {
        incidentId: incident.id,
        role,
        personId: person.id,
        personName: person.name,
        assignedByName: tx.actor.name,
      },
      select: { id: true },
    });
    await tx.db.incident.update({
      where: { id: incident.id, version },
      data: { version: { increment: 1 } },
      select: { id: true },
    });
    const label = INCIDENT_ROLE_LABELS[role].toLowerCase();
    const text = before
      ? `${before.personName} hands over to ${person.name}, who is ${label} now.`
      : `${person.name} is ${label} now.`;
    await addEntry(tx, incident.id, { kind: 'role', text });
    await auditIncident(tx, 'incidents.assign-role', incident, {
      details: { role, before: before?.personName ?? null, after: person.name },
    });
    return summaryOf(tx, incident.id);
  },
});

async function findPerson(tx: Ctx, email: string | undefined): Promise<Person> {
  const itself = tx.actor.type === 'user' ? tx.actor.id : null;
  const [person] = await tx.db.$queryRaw<Person[]>`
    SELECT u.id::text AS id, u.name, u.role::text AS role FROM app_user u
    WHERE CASE WHEN ${email ?? null}::text IS NULL THEN u.id = ${itself}::uuid ELSE u.email = ${email ?? null} END
      AND ${mayAct(tx)}`;
  if (!person) {
    throw new AppError('unprocessable', `There is nobody with the address ${email}. Nothing was changed.`, {
      hint: 'Give the e-mail address of somebody who can sign in.',
    });
  }
  if (!can({ type: 'user', role: person.role }, 'incidents.manage')) {
    throw new AppError('unprocessable', `${person.name} may only look at incidents. Nothing was changed.`, {
      hint: 'Give the role to somebody who may work on them.',
    });
  }
  return person;
}
