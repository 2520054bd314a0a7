import type { DamageFacts, RestoreFacts } from '#server/incidents/playbooks/contract';
import { damageFacts, restoreFacts, watchRequested } from '#server/incidents/playbooks/contract';
import { gatherDamage } from '#server/incidents/playbooks/gather/damage';
import { placesOf } from '#server/incidents/playbooks/gather/places';
import { gatherRestore } from '#server/incidents/playbooks/gather/restore';
import { findStepOf, keepAssessment, settle, wasQuicker } from '#server/incidents/playbooks/records';
import { damageWords, restoreWords } from '#server/incidents/playbooks/state';
import {
  type StepAction,
  WATCH_INTERVAL_DEFAULT,
  WATCH_MINUTES_DEFAULT,
} from '#server/incidents/playbooks/words/contract';
import { addEntry, auditIncident } from '#server/incidents/records';
import { INCIDENT_LEVEL_LABELS, type IncidentLevel, incidentName } from '#server/incidents/words/contract';
import { enqueueNotification } from '#server/notifications/commands';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';
import type { Incident, IncidentStep } from '#server/platform/generated/prisma/client';

type About = Pick<Incident, 'service' | 'environment'>;

/** What was read before the transaction: the outside world is not asked while it is open. */
export type Gathered = { damage: DamageFacts } | { restore: RestoreFacts } | null;

/** Whom a level 1 asks for. */
const CALLED = ['tech-lead', 'devops'];

export async function gatherFor(ctx: Ctx, action: StepAction, about: About): Promise<Gathered> {
  if (action === 'assess-damage') return { damage: await gatherDamage(ctx, about) };
  if (action === 'restore-service') return { restore: await gatherRestore(ctx, about) };
  return null;
}

export interface ActOptions {
  gathered: Gathered;
  minutes?: number;
  intervalSeconds?: number;
}

/**
 * Does what a step of the playbook asks the console for, on an incident that is held, settles the step where the incident has
 * it, and writes timeline and audit log.
 * @throws AppError `conflict` for what was done before and is not done twice; `unprocessable` where there is nothing to do it on
 */
export async function act(
  tx: Ctx,
  incident: Incident,
  action: StepAction,
  options: ActOptions,
): Promise<void> {
  const step = await findStepOf(tx, incident.id, action);
  if (step?.state === 'running') throw wasQuicker(step);
  const { gathered } = options;
  switch (action) {
    case 'alert-critical':
      await alertCritical(tx, incident, step);
      break;
    case 'enhanced-monitoring':
      await requestWatch(tx, incident, step, options);
      break;
    default: {
      if (gathered === null) throw new Error(`Nothing was gathered for ${action}`);
      await keepFound(tx, incident, gathered);
      if (step) await settle(tx, step, step.version, { state: 'done' });
    }
  }
  await auditIncident(tx, `incidents.${action}`, incident, { details: { step: step?.key ?? null } });
}

/** Keeps what was found, and tells it in the timeline of the incident. */
export async function keepFound(
  tx: Ctx,
  { id, service, environment }: Pick<Incident, 'id' | 'service' | 'environment'>,
  gathered: NonNullable<Gathered>,
): Promise<Date> {
  const about = { incidentId: id, service, environment };
  if ('damage' in gathered) {
    const facts = damageFacts.parse(gathered.damage);
    await addEntry(tx, id, { kind: kindFor(tx, 'evidence'), text: damageWords(facts) });
    return keepAssessment(tx, 'damage', about, facts);
  }
  const facts = restoreFacts.parse(gathered.restore);
  await addEntry(tx, id, { kind: kindFor(tx, 'evidence'), text: restoreWords(facts) });
  return keepAssessment(tx, 'restore', about, facts);
}

/** What the console does unasked is told as what it does by itself. */
function kindFor(tx: Ctx, kind: 'action' | 'evidence'): 'action' | 'evidence' | 'system' {
  return tx.actor.type === 'system' ? 'system' : kind;
}

/** Tells CRITICAL of an incident, once. */
async function alertCritical(tx: Ctx, incident: Incident, step: IncidentStep | null): Promise<void> {
  const { id, number, title, service, environment, startedAt } = incident;
  const level = incident.level as IncidentLevel;
  const place =
    service === null ? 'no single service' : environment === null ? service : `${service} / ${environment}`;
  const { isNew } = await enqueueNotification(tx, {
    channel: 'CRITICAL',
    kind: 'incident.alert-critical',
    subject: `${incidentName(number)} · level ${level}: ${title}`,
    text: `${tx.actor.name} asks for help. Open the incident, and take a role.`,
    fields: [
      { name: 'Level', value: `${level} ${INCIDENT_LEVEL_LABELS[level]}` },
      { name: 'Where', value: place },
      { name: 'Began', value: `${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC` },
      { name: 'Asked by', value: tx.actor.name },
    ],
    mentions: CALLED,
    link: `/incidents/${number}`,
    groupKey: `incident:${number}`,
    dedupKey: `incident:${id}:alert-critical`,
  });
  if (!isNew) {
    throw new AppError('conflict', `CRITICAL was told of ${incidentName(number)} before. Nothing was sent.`, {
      hint: 'The list of deliveries shows what became of it.',
    });
  }
  await addEntry(tx, id, {
    kind: kindFor(tx, 'action'),
    text: `CRITICAL is told of it, with ${CALLED.map((each) => `@${each}`).join(' and ')}.`,
  });
  if (step) await settle(tx, step, step.version, { state: 'done' });
}

/** Asks for the environment to be checked more often until a time; the step is done once that is so. */
async function requestWatch(
  tx: Ctx,
  incident: Incident,
  step: IncidentStep | null,
  { minutes = WATCH_MINUTES_DEFAULT, intervalSeconds = WATCH_INTERVAL_DEFAULT }: ActOptions,
): Promise<void> {
  const places = placesOf(tx, incident);
  const [place] = places;
  if (!place || places.length > 1) {
    throw new AppError(
      'unprocessable',
      `${incidentName(incident.number)} names no single environment, so it is not known what to watch. Nothing was changed.`,
      { hint: 'Switch it on from the maintenance page, for the environment that you mean.' },
    );
  }
  const toggleId = tx.ids.uuid();
  const until = new Date(tx.clock.now().getTime() + minutes * 60_000);
  const { type, id, name } = tx.actor;
  await publish(tx, watchRequested, {
    toggleId,
    ...place,
    intervalSeconds,
    until: until.toISOString(),
    reason: `${incidentName(incident.number)}: ${incident.title}`,
    by: { type, id, name },
  });
  await addEntry(tx, incident.id, {
    kind: kindFor(tx, 'action'),
    text: `Asked for checks of ${place.service}/${place.environment} every ${intervalSeconds} s until ${until.toISOString().slice(11, 16)} UTC.`,
  });
  if (step) await settle(tx, step, step.version, { state: 'running', toggleId });
}
