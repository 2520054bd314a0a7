import { defineCommand } from '#server/auth/guard';
import { type IncidentSummary, leaveIncidentRoleInput } from '#server/incidents/contract';
import { addEntry, assertVersion, auditIncident, holdIncident, summaryOf } from '#server/incidents/records';
import { INCIDENT_ROLE_LABELS, incidentName } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/**
 * Ends a role of an incident without handing it over, one's own or somebody's. An open incident has a commander, who hands
 * over instead.
 * @throws AppError `not_found`, `conflict` when somebody was quicker, `unprocessable` for who does not have the role, and for
 * the commander of an open incident
 */
export const leaveIncidentRole = defineCommand({
  name: 'incidents.leave-role',
  access: 'incidents.manage',
  input: leaveIncidentRoleInput,
  handle: async (tx, { number, version, role, email, personId: named }): Promise<IncidentSummary> => {
    const incident = await holdIncident(tx, number);
    assertVersion(incident, version);
    const label = INCIDENT_ROLE_LABELS[role].toLowerCase();
    const personId = email ? await idOf(tx, email) : (named ?? tx.actor.id);
    const held = personId
      ? await tx.db.incidentRole.findFirst({
          where: { incidentId: incident.id, role, personId, until: null },
          select: { id: true, personName: true },
        })
      : null;
    if (!held) {
      const who = email ?? (named ? 'This person' : tx.actor.name);
      throw new AppError(
        'unprocessable',
        `${who} is not ${label} of ${incidentName(number)}. Nothing was changed.`,
        { hint: 'Open the incident to see who has which role.' },
      );
    }
    if (role === 'commander' && incident.state !== 'resolved') {
      throw new AppError('unprocessable', 'An open incident has a commander. Nothing was changed.', {
        hint: 'Hand the role over: give it to who commands next.',
      });
    }
    await tx.db.$executeRaw`
      UPDATE incident_role SET until = greatest(since, clock_timestamp()) WHERE id = ${held.id} AND until IS NULL`;
    await tx.db.incident.update({
      where: { id: incident.id, version },
      data: { version: { increment: 1 } },
      select: { id: true },
    });
    await addEntry(tx, incident.id, { kind: 'role', text: `${held.personName} is ${label} no more.` });
    await auditIncident(tx, 'incidents.leave-role', incident, {
      details: { role, before: held.personName, after: null },
    });
    return summaryOf(tx, incident.id);
  },
});

/** Whoever has an address, also when they may not sign in any more: a role is taken from them all the same. */
async function idOf(tx: Ctx, email: string): Promise<string | null> {
  const found = await tx.db.user.findUnique({ where: { email }, select: { id: true } });
  return found?.id ?? null;
}
