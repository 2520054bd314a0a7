import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import { type Gathered, gatherFor, keepFound } from '#server/incidents/playbooks/act';
import {
  type DamageFacts,
  type DamageView,
  emergencyInput,
  type RestoreFacts,
  type RestoreView,
} from '#server/incidents/playbooks/contract';
import { findStepOf, keepAssessment, settle } from '#server/incidents/playbooks/records';
import { auditIncident } from '#server/incidents/records';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { Incident } from '#server/platform/generated/prisma/client';
import { OPS_CONFIG } from '#server/services/queries';

interface Place {
  service: string;
  environment?: string | undefined;
}

/**
 * Measures now what is damaged, of an environment or of a whole service. Where one of its incidents is open it is written into
 * that one; elsewhere it is kept by itself. @throws AppError `not_found` for a place that there is not
 */
export const assessDamage = defineCommand({
  name: 'emergency.assess-damage',
  access: 'incidents.manage',
  input: emergencyInput,
  prepare: (ctx, place) => gatherAt(ctx, 'assess-damage', place),
  handle: async (tx, place, gathered): Promise<DamageView & { incidentNumber: number | null }> => {
    const kept = await keep(tx, 'assess-damage', place, gathered);
    return { ...kept, facts: (gathered as { damage: DamageFacts }).damage };
  },
});

/** Says what could restore a service and what of it is possible now, and starts nothing. As {@link assessDamage}. */
export const proposeRestore = defineCommand({
  name: 'emergency.restore-service',
  access: 'incidents.manage',
  input: emergencyInput,
  prepare: (ctx, place) => gatherAt(ctx, 'restore-service', place),
  handle: async (tx, place, gathered): Promise<RestoreView & { incidentNumber: number | null }> => {
    const kept = await keep(tx, 'restore-service', place, gathered);
    return { ...kept, facts: (gathered as { restore: RestoreFacts }).restore };
  },
});

type Emergency = 'assess-damage' | 'restore-service';

async function gatherAt(ctx: Ctx, action: Emergency, { service, environment }: Place): Promise<Gathered> {
  const { services } = ctx.use(OPS_CONFIG).config;
  const known = Object.hasOwn(services, service) ? services[service]?.environments : undefined;
  if (!known || (environment !== undefined && !Object.hasOwn(known, environment))) {
    const place = environment === undefined ? service : `${service}/${environment}`;
    throw new AppError('not_found', `There is no ${place}. Nothing was done.`, {
      hint: 'Services and environments are named in the configuration file.',
    });
  }
  return gatherFor(ctx, action, { service, environment: environment ?? null });
}

async function keep(tx: Ctx, action: Emergency, place: Place, gathered: Gathered) {
  if (gathered === null) throw new Error(`Nothing was gathered for ${action}`);
  const incident = await holdOpen(tx, place);
  const about = { service: place.service, environment: place.environment ?? null };
  let at: Date;
  if (incident) {
    at = await keepFound(tx, { id: incident.id, ...about }, gathered);
    const step = await findStepOf(tx, incident.id, action);
    if (step && step.state !== 'running') await settle(tx, step, step.version, { state: 'done' });
    await auditIncident(tx, `incidents.${action}`, incident, { details: { step: step?.key ?? null } });
  } else {
    const kind = 'damage' in gathered ? 'damage' : 'restore';
    const facts = 'damage' in gathered ? gathered.damage : gathered.restore;
    at = await keepAssessment(tx, kind, { incidentId: null, ...about }, facts);
    const id = `${place.service}/${place.environment ?? ''}`;
    await recordAudit(tx, {
      action: `emergency.${action}`,
      target: { type: 'service', id, label: id },
      ...about,
    });
  }
  return { at: at.toISOString(), byName: tx.actor.name, incidentNumber: incident?.number ?? null };
}

/** The open incident of a place: of its environment before that of the whole service, the gravest first. */
async function holdOpen(tx: Ctx, { service, environment }: Place): Promise<Incident | null> {
  const [found] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM incident
    WHERE service = ${service} AND state <> 'resolved' AND merged_into_id IS NULL
      AND (${environment ?? null}::text IS NULL OR environment = ${environment ?? null} OR environment IS NULL)
    ORDER BY (environment IS NULL), level, started_at DESC, number DESC LIMIT 1 FOR UPDATE`;
  return found ? tx.db.incident.findUniqueOrThrow({ where: { id: found.id } }) : null;
}
