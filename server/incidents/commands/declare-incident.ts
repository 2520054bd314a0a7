import { defineCommand } from '#server/auth/guard';
import { declareIncidentInput, type IncidentSummary } from '#server/incidents/contract';
import { pastMoment } from '#server/incidents/moments';
import { copySteps } from '#server/incidents/playbooks/records';
import { addEntry, auditIncident, hintPlaces, summaryOf } from '#server/incidents/records';
import { INCIDENT_LEVEL_CONSEQUENCES, type IncidentLevel } from '#server/incidents/words/contract';
import { AppError } from '#server/platform/errors';
import { OPS_CONFIG } from '#server/services/queries';

/**
 * Opens an incident; who declares it commands it until they hand over.
 * @throws AppError `invalid_input` for a beginning that has not come yet, `unprocessable` for a place that there is not
 */
export const declareIncident = defineCommand({
  name: 'incidents.declare',
  access: 'incidents.manage',
  input: declareIncidentInput,
  handle: async (tx, { title, level, service, environment, startedAt: given }): Promise<IncidentSummary> => {
    const startedAt = pastMoment(tx, 'startedAt', given);
    if (environment !== undefined && service === undefined)
      throw new AppError('invalid_input', 'Say of which service the environment is. Nothing was changed.', {
        fields: { service: ['Say of which service the environment is.'] },
      });
    if (service !== undefined) {
      const { services } = tx.use(OPS_CONFIG).config;
      const known = Object.hasOwn(services, service) ? services[service]?.environments : undefined;
      if (!known || (environment !== undefined && !Object.hasOwn(known, environment))) {
        const place = environment === undefined ? service : `${service}/${environment}`;
        throw new AppError('unprocessable', `There is no ${place}. Nothing was changed.`);
      }
    }
    const id = tx.ids.uuid();
    await tx.db.$executeRaw`
      INSERT INTO incident (id, title, level, service, environment, started_at, detected_at, declared_by_name, cause)
      SELECT ${id}::uuid, ${title}, ${level}, ${service ?? null}, ${environment ?? null},
        least(${startedAt}::timestamptz, now), now, ${tx.actor.name}, 'person'
      FROM (SELECT clock_timestamp() AS now) clock`;
    const text = `Declared at level ${level}: ${title}. ${INCIDENT_LEVEL_CONSEQUENCES[level as IncidentLevel]}`;
    await addEntry(tx, id, { kind: 'state', text });
    if (tx.actor.type === 'user' && tx.actor.id !== null) {
      await tx.db.incidentRole.create({
        data: {
          incidentId: id,
          role: 'commander',
          personId: tx.actor.id,
          personName: tx.actor.name,
          assignedByName: tx.actor.name,
        },
        select: { id: true },
      });
      await addEntry(tx, id, { kind: 'role', text: `${tx.actor.name} is the commander.` });
    }
    const incident = await tx.db.incident.findUniqueOrThrow({ where: { id } });
    await copySteps(tx, incident);
    await auditIncident(tx, 'incidents.declare', incident, { details: { level, startedAt: given ?? null } });
    await hintPlaces(tx, incident);
    return summaryOf(tx, id);
  },
});
