import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import {
  addPlaybookStepInput,
  changePlaybookStepInput,
  movePlaybookStepInput,
  type PlaybookStepView,
} from '#server/incidents/playbooks/contract';
import { keyOf } from '#server/incidents/playbooks/state';
import { toStepView } from '#server/incidents/playbooks/templates';
import { SELF_STARTING, type StepAction } from '#server/incidents/playbooks/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { PlaybookStep } from '#server/platform/generated/prisma/client';

/** Steps that a playbook may have, retired ones too: more of them nobody reads in an incident. */
const STEPS_MAX = 40;

/**
 * Adds a step at the end of the playbook of a level. Incidents that are open do not change.
 * @throws AppError `unprocessable` for one that the console cannot begin by itself, or where there are too many
 */
export const addPlaybookStep = defineCommand({
  name: 'playbooks.add-step',
  access: 'playbooks.manage',
  input: addPlaybookStepInput,
  handle: async (tx, { level, title, description, action, startsItself }): Promise<PlaybookStepView> => {
    const all = await holdLevel(tx, level);
    if (all.length >= STEPS_MAX) {
      throw new AppError('unprocessable', `A playbook has at most ${STEPS_MAX} steps. Nothing was added.`, {
        hint: 'Take a retired one up again, or change one.',
      });
    }
    assertSelfStarting(action ?? null, startsItself);
    const step = await tx.db.playbookStep.create({
      data: {
        id: tx.ids.uuid(),
        level,
        // Several levels share a step by its key: what the console does is the same one wherever it is asked for.
        key: keyOf(action ?? title, new Set(all.map(({ key }) => key))),
        title,
        description,
        action: action ?? null,
        startsItself,
        position: Math.max(0, ...all.map(({ position }) => position)) + 1,
        changedByName: tx.actor.name,
      },
    });
    await audit(tx, 'playbooks.add-step', step, { action: action ?? null, startsItself });
    return toStepView(step);
  },
});

/**
 * Changes a step of a playbook, retires it, or takes it up again. Incidents that are open do not change.
 * @throws AppError `not_found`; `conflict` when somebody was quicker or nothing is different; `unprocessable` for one that the
 * console cannot begin by itself
 */
export const changePlaybookStep = defineCommand({
  name: 'playbooks.change-step',
  access: 'playbooks.manage',
  input: changePlaybookStepInput,
  handle: async (tx, { level, key, version, ...given }): Promise<PlaybookStepView> => {
    const before = held(await holdLevel(tx, level), key, version);
    const changes = Object.fromEntries(
      Object.entries(given).filter(
        ([name, value]) => value !== undefined && before[name as keyof PlaybookStep] !== value,
      ),
    );
    if (Object.keys(changes).length === 0)
      throw new AppError('conflict', 'This is how it is already. Nothing was changed.');
    assertSelfStarting(before.action, given.startsItself ?? before.startsItself);
    const step = await write(tx, before, changes);
    await audit(tx, 'playbooks.change-step', step, changes);
    return toStepView(step);
  },
});

/** Changes places with the step before or after it. @throws AppError `not_found`; `conflict` when somebody was quicker; `unprocessable` at the end */
export const movePlaybookStep = defineCommand({
  name: 'playbooks.move-step',
  access: 'playbooks.manage',
  input: movePlaybookStepInput,
  handle: async (tx, { level, key, version, direction }): Promise<PlaybookStepView> => {
    const all = await holdLevel(tx, level);
    const step = held(all, key, version);
    const active = all.filter(({ isActive }) => isActive);
    const at = active.findIndex((each) => each.key === key);
    const other = active[direction === 'up' ? at - 1 : at + 1];
    if (at < 0 || !other) {
      const words = at < 0 ? 'is retired' : direction === 'up' ? 'is the first one' : 'is the last one';
      throw new AppError('unprocessable', `"${step.title}" ${words}. Nothing was changed.`);
    }
    await write(tx, other, { position: step.position });
    const moved = await write(tx, step, { position: other.position });
    await audit(tx, 'playbooks.move-step', moved, { direction, past: other.key });
    return toStepView(moved);
  },
});

/** Every step of a level in order, held: who changes an order knows all of it. */
async function holdLevel(tx: Ctx, level: number): Promise<PlaybookStep[]> {
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`playbook:${level}`}, 0))`;
  return tx.db.playbookStep.findMany({
    where: { level },
    orderBy: [{ position: 'asc' }, { key: 'asc' }],
  });
}

function held(all: readonly PlaybookStep[], key: string, version: number): PlaybookStep {
  const step = all.find((each) => each.key === key);
  if (!step) {
    throw new AppError('not_found', `This playbook has no step "${key}". Nothing was changed.`, {
      hint: 'The settings list what there is.',
    });
  }
  if (step.version !== version) {
    throw new AppError(
      'conflict',
      `${step.changedByName} has changed "${step.title}" since you opened it. Nothing was changed.`,
      { hint: 'Look at it again to see how it is now.' },
    );
  }
  return step;
}

function assertSelfStarting(action: string | null, startsItself: boolean): void {
  if (!startsItself || SELF_STARTING.includes(action as StepAction)) return;
  const problem =
    action === null
      ? 'A step that a person does cannot begin by itself.'
      : 'What changes something outside the console waits for a person.';
  throw new AppError('unprocessable', `${problem} Nothing was changed.`, {
    fields: { startsItself: [problem] },
  });
}

async function write(tx: Ctx, { id }: PlaybookStep, changes: Partial<PlaybookStep>): Promise<PlaybookStep> {
  await tx.db.$executeRaw`UPDATE playbook_step SET changed_at = clock_timestamp() WHERE id = ${id}::uuid`;
  return tx.db.playbookStep.update({
    where: { id },
    data: { ...changes, version: { increment: 1 }, changedByName: tx.actor.name },
  });
}

function audit(
  tx: Ctx,
  action: string,
  { id, level, title }: PlaybookStep,
  details: Record<string, unknown>,
) {
  const label = `Level ${level}: ${title}`;
  return recordAudit(tx, { action, target: { type: 'playbook', id, label }, details });
}
