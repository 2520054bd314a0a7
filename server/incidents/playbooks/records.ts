import type {
  DamageView,
  IncidentPlaybook,
  IncidentStepView,
  RestoreView,
} from '#server/incidents/playbooks/contract';
import { selfStartingSteps } from '#server/incidents/playbooks/contract';
import { doneOf, stepsToAdd } from '#server/incidents/playbooks/state';
import type { AssessmentKind, StepAction, StepState } from '#server/incidents/playbooks/words/contract';
import type { IncidentLevel } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';
import type { Incident, IncidentStep } from '#server/platform/generated/prisma/client';

/**
 * Copies into an incident what the playbook of its level asks for and it does not have yet, in the transaction that opened
 * it or changed its level. @returns the titles of what was added
 */
export async function copySteps(
  tx: Ctx,
  incident: Pick<Incident, 'id' | 'number' | 'level'>,
): Promise<string[]> {
  const { id: incidentId, number, level } = incident;
  const templates = await tx.db.playbookStep.findMany({ where: { level } });
  const has = await tx.db.incidentStep.findMany({
    where: { incidentId },
    select: { key: true, position: true },
  });
  const added = stepsToAdd(templates, level, new Set(has.map(({ key }) => key)));
  if (added.length === 0) return [];
  const after = Math.max(0, ...has.map(({ position }) => position));
  await tx.db.incidentStep.createMany({
    data: added.map(({ key, title, description, action, startsItself }, at) => ({
      incidentId,
      key,
      level,
      title,
      description,
      action,
      startsItself,
      position: after + at + 1,
    })),
    skipDuplicates: true,
  });
  if (added.some(({ startsItself }) => startsItself)) await publish(tx, selfStartingSteps, { number });
  return added.map(({ title }) => title);
}

/** What was settled in an incident is so in the one that it is merged into, where nobody has dealt with it or it was not asked for. */
export async function carryOverSteps(tx: Ctx, fromId: string, toId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE incident_step t SET state = f.state, by_id = f.by_id, by_name = f.by_name, at = f.at, note = f.note,
      version = t.version + 1
    FROM incident_step f
    WHERE f.incident_id = ${fromId}::uuid AND t.incident_id = ${toId}::uuid AND t.key = f.key
      AND t.state = 'open' AND f.state IN ('done', 'skipped')`;
  await tx.db.$executeRaw`
    INSERT INTO incident_step (incident_id, key, level, title, description, action, starts_itself, position, state, by_id,
      by_name, at, note)
    SELECT ${toId}::uuid, f.key, f.level, f.title, f.description, f.action, f.starts_itself,
      last.position + row_number() OVER (ORDER BY f.position, f.id), f.state, f.by_id, f.by_name, f.at, f.note
    FROM incident_step f,
      (SELECT coalesce(max(position), 0) AS position FROM incident_step WHERE incident_id = ${toId}::uuid) last
    WHERE f.incident_id = ${fromId}::uuid AND f.state IN ('done', 'skipped')
    ON CONFLICT (incident_id, key) DO NOTHING`;
}

/** The step of a key, held until the transaction ends; null when the incident has none. */
export async function findStep(tx: Ctx, incidentId: string, key: string): Promise<IncidentStep | null> {
  await tx.db.$queryRaw`
    SELECT id FROM incident_step WHERE incident_id = ${incidentId}::uuid AND key = ${key} FOR UPDATE`;
  return tx.db.incidentStep.findUnique({ where: { incidentId_key: { incidentId, key } } });
}

/** The first step that a person has not settled of those that the console does so, held; null when there is none. */
export async function findStepOf(
  tx: Ctx,
  incidentId: string,
  action: StepAction,
): Promise<IncidentStep | null> {
  await tx.db.$queryRaw`
    SELECT id FROM incident_step WHERE incident_id = ${incidentId}::uuid AND action = ${action} ORDER BY id FOR UPDATE`;
  const all = await tx.db.incidentStep.findMany({
    where: { incidentId, action },
    orderBy: { position: 'asc' },
  });
  return all.find(({ state }) => state === 'open' || state === 'failed') ?? all[0] ?? null;
}

/**
 * Writes what became of a step that is as it was looked at.
 * @throws AppError `conflict` when somebody was quicker
 */
export async function settle(
  tx: Ctx,
  step: IncidentStep,
  seen: number,
  to: {
    state: StepState;
    note?: string | null;
    by?: { id: string | null; name: string };
    toggleId?: string | null;
  },
): Promise<void> {
  const { state, note = null, by = tx.actor, toggleId = step.toggleId } = to;
  const isOpen = state === 'open';
  const changed = await tx.db.$executeRaw`
    UPDATE incident_step SET state = ${state}, version = version + 1, note = ${note},
      at = CASE WHEN ${isOpen} THEN NULL ELSE clock_timestamp() END, by_id = ${isOpen ? null : by.id}::uuid,
      by_name = CASE WHEN ${isOpen} THEN NULL ELSE ${by.name} END, toggle_id = ${toggleId}::uuid
    WHERE id = ${step.id} AND version = ${seen}`;
  if (changed === 0) throw wasQuicker(step);
}

/** What is told to whoever looked at a step that is no longer so. */
export function wasQuicker({ title, state, byName }: IncidentStep): AppError {
  const words: Record<StepState, string> = {
    open: 'is to be done',
    running: `is being done, for ${byName}`,
    done: `was done by ${byName}`,
    skipped: `was left out by ${byName}`,
    failed: 'could not be done',
  };
  return new AppError(
    'conflict',
    `Somebody was quicker: "${title}" ${words[state as StepState]} now. Nothing was changed.`,
    { hint: 'Open the incident again to see how it is now.' },
  );
}

/** Keeps what was found, for good. @returns when */
export async function keepAssessment(
  tx: Ctx,
  kind: AssessmentKind,
  about: { incidentId: string | null; service: string | null; environment: string | null },
  facts: object,
): Promise<Date> {
  const row = await tx.db.incidentAssessment.create({
    data: { ...about, kind, facts, byName: tx.actor.name },
    select: { at: true },
  });
  return row.at;
}

/** What an incident's playbook asks for, how far it has come, and what was found. */
export async function readPlaybook(
  ctx: Ctx,
  { id, number }: Pick<Incident, 'id' | 'number'>,
): Promise<IncidentPlaybook> {
  // One after the other: within a transaction there is one connection.
  const rows = await ctx.db.incidentStep.findMany({
    where: { incidentId: id },
    orderBy: [{ position: 'asc' }, { id: 'asc' }],
  });
  const merged = await ctx.db.incident.findMany({ where: { mergedIntoId: id }, select: { id: true } });
  const ids = [id, ...merged.map((each) => each.id)];
  const damage = await lastAssessment(ctx, ids, 'damage');
  const restore = await lastAssessment(ctx, ids, 'restore');
  const toggleIds = rows.flatMap(({ toggleId }) => toggleId ?? []);
  const toggles =
    toggleIds.length > 0 ? await ctx.db.toggle.findMany({ where: { id: { in: toggleIds } } }) : [];
  const steps = rows.map((row): IncidentStepView => {
    const toggle = toggles.find((each) => each.id === row.toggleId);
    return {
      key: row.key,
      level: row.level as IncidentLevel,
      title: row.title,
      description: row.description,
      action: row.action as StepAction | null,
      state: row.state as StepState,
      version: row.version,
      byName: row.byName,
      at: row.at?.toISOString() ?? null,
      note: row.note,
      watch: toggle
        ? {
            service: toggle.service,
            environment: toggle.environment,
            intervalSeconds: (toggle.settings as { intervalSeconds?: number }).intervalSeconds ?? null,
            expiresAt: toggle.expiresAt?.toISOString() ?? null,
            isOpen:
              toggle.endedAt === null && (toggle.expiresAt === null || toggle.expiresAt > ctx.clock.now()),
            endedAt: toggle.endedAt?.toISOString() ?? null,
            endReason: toggle.endReason,
          }
        : null,
    };
  });
  return {
    number,
    steps,
    done: doneOf(steps),
    damage: damage as DamageView | null,
    restore: restore as RestoreView | null,
  };
}

async function lastAssessment(ctx: Ctx, incidentIds: string[], kind: AssessmentKind) {
  const row = await ctx.db.incidentAssessment.findFirst({
    where: { incidentId: { in: incidentIds }, kind },
    orderBy: { id: 'desc' },
  });
  return row && { at: row.at.toISOString(), byName: row.byName, facts: row.facts };
}
