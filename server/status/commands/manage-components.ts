import { defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { StatusComponent } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import { environmentViews, findEnvironmentConfig } from '#server/services/queries';
import {
  addStatusComponentInput,
  changeStatusComponentInput,
  retireStatusComponentInput,
  type StatusComponentView,
} from '#server/status/contract';
import { auditStatus, ownKeyOf, toComponentView } from '#server/status/records';

/** Components on the page at once; an update names at most so many. */
const COMPONENTS_MAX = 100;

/**
 * Puts a component on the status page, at its end: an environment as a whole, or checks of it.
 * @throws AppError `unprocessable` for an environment or a check that there is not and when there are enough,
 * `invalid_input` for a name that is there under its heading
 */
export const addStatusComponent = defineCommand({
  name: 'status.add-component',
  access: 'status.configure',
  input: addStatusComponentInput,
  handle: async (tx, { service, environment, checkKeys: given, ...fields }): Promise<StatusComponentView> => {
    if (!findEnvironmentConfig(tx, { service, environment })) {
      throw new AppError('unprocessable', `There is no ${service}/${environment}. Nothing was changed.`, {
        hint: 'Choose one of the environments that are configured.',
      });
    }
    await holdPage(tx);
    const checkKeys = await assertChecks(tx, { service, environment }, given);
    await assertNameFree(tx, fields);
    const [last] = await tx.db.$queryRaw<{ position: number; count: number }[]>`
      SELECT coalesce(max(position), 0)::int AS position, (count(*) FILTER (WHERE retired_at IS NULL))::int AS count
      FROM status_component`;
    if ((last?.count ?? 0) >= COMPONENTS_MAX) {
      throw new AppError('unprocessable', `There are ${COMPONENTS_MAX} components. Nothing was changed.`, {
        hint: 'Retire one that the public does not need.',
      });
    }
    const row = await tx.db.statusComponent.create({
      data: {
        ...fields,
        id: tx.ids.uuid(),
        key: await freeKey(tx, fields.name),
        position: (last?.position ?? 0) + 1,
        service,
        environment,
        checkKeys,
        changedByName: tx.actor.name,
      },
    });
    await auditStatus(tx, 'status.add-component', targetOf(row), { after: toComponentView(row) });
    await notify(tx.db, { kind: 'status' });
    return toComponentView(row);
  },
});

/**
 * Changes what the public sees of a component.
 * @throws AppError `not_found`, `conflict` when somebody was quicker or it is retired, `unprocessable` for a check that there
 * is not, `invalid_input` for a name that is there under its heading
 */
export const changeStatusComponent = defineCommand({
  name: 'status.change-component',
  access: 'status.configure',
  input: changeStatusComponentInput,
  handle: async (tx, { key, version, checkKeys: given, ...next }): Promise<StatusComponentView> => {
    await holdPage(tx);
    const before = await holdComponent(tx, key, version);
    const checkKeys = await assertChecks(tx, before, given, before.checkKeys);
    if (next.name !== before.name || next.group !== before.group) await assertNameFree(tx, next);
    const row = await tx.db.statusComponent.update({
      where: { key },
      data: { ...next, checkKeys, ...changeOf(tx) },
    });
    await auditStatus(tx, 'status.change-component', targetOf(row), {
      before: toComponentView(before),
      after: toComponentView(row),
    });
    await notify(tx.db, { kind: 'status' });
    return toComponentView(row);
  },
});

/**
 * Takes a component off the status page for good. What the public was told of it stays, with its name.
 * @throws AppError `not_found`, `conflict` when somebody was quicker or it is retired, `unprocessable` while an open public
 * incident says that it is affected
 */
export const retireStatusComponent = defineCommand({
  name: 'status.retire-component',
  access: 'status.configure',
  input: retireStatusComponentInput,
  handle: async (tx, { key, version }): Promise<StatusComponentView> => {
    const before = await holdComponent(tx, key, version);
    const [open] = await tx.db.$queryRaw<{ number: number; title: string }[]>`
      SELECT number, title FROM status_incident WHERE state <> 'resolved' AND jsonb_exists(impacts, ${key})
      ORDER BY number LIMIT 1`;
    if (open) {
      throw new AppError(
        'unprocessable',
        `The open public incident ${open.number}, "${open.title}", says that "${before.name}" is affected. Nothing was changed.`,
        { hint: 'Resolve that one first, or post that it is not affected.' },
      );
    }
    const row = await tx.db.statusComponent.update({
      where: { key },
      data: { retiredAt: tx.clock.now(), retiredByName: tx.actor.name, ...changeOf(tx) },
    });
    await auditStatus(tx, 'status.retire-component', targetOf(row), { before: toComponentView(before) });
    await notify(tx.db, { kind: 'status' });
    return toComponentView(row);
  },
});

/** One at a time adds or changes, so that each has a place, a key and a name of its own. */
async function holdPage(tx: Ctx): Promise<void> {
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('status components'))`;
}

function targetOf({ id, name }: StatusComponent) {
  return { type: 'status_component', id, label: name };
}

function changeOf(tx: Ctx) {
  return { version: { increment: 1 }, changedAt: tx.clock.now(), changedByName: tx.actor.name };
}

async function holdComponent(tx: Ctx, key: string, version: number): Promise<StatusComponent> {
  const [held] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM status_component WHERE key = ${key} FOR UPDATE`;
  if (!held)
    throw new AppError('not_found', 'This component is not on the status page. Nothing was changed.');
  const before = await tx.db.statusComponent.findUniqueOrThrow({ where: { key } });
  if (before.retiredAt)
    throw new AppError(
      'conflict',
      `${before.retiredByName} has retired "${before.name}". Nothing was changed.`,
      { hint: 'Add a new one, if the public needs it again.' },
    );
  if (before.version === version) return before;
  throw new AppError(
    'conflict',
    `${before.changedByName} has changed "${before.name}" since you opened it. Nothing was changed.`,
    { hint: 'Open the page again to see how it is now.' },
  );
}

/**
 * The checks of an environment that a component stands for, each once. It may keep one that is taken away meanwhile.
 * @throws AppError `unprocessable` for another that there is not
 */
async function assertChecks(
  tx: Ctx,
  { service, environment }: { service: string; environment: string },
  given: readonly string[],
  kept: readonly string[] = [],
): Promise<string[]> {
  const keys = [...new Set(given)];
  const found = await tx.db.monitorCheck.findMany({
    where: { service, environment, key: { in: keys }, removedAt: null },
    select: { key: true },
  });
  const missing = keys.find((key) => !kept.includes(key) && !found.some((each) => each.key === key));
  if (missing === undefined) return keys;
  throw new AppError(
    'unprocessable',
    `There is no check "${missing}" in ${service}/${environment}. Nothing was changed.`,
    { hint: 'Choose checks of that environment, or none for all of them.' },
  );
}

/** Under one heading the public could not tell two of a name apart. @throws AppError `invalid_input` */
async function assertNameFree(tx: Ctx, { name, group }: { name: string; group: string }): Promise<void> {
  if ((await tx.db.statusComponent.count({ where: { name, group, retiredAt: null } })) === 0) return;
  const problem = `There is a component of this name ${group ? `under "${group}"` : 'without a heading'} already.`;
  throw new AppError('invalid_input', `name: ${problem} Nothing was changed.`, {
    fields: { name: [problem] },
  });
}

/** A key made of a name, which no other component has or had, nor one that an environment gets by itself. */
async function freeKey(tx: Ctx, name: string): Promise<string> {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-|-$/g, '');
  const start = words || 'component';
  const known = await tx.db.statusComponent.findMany({
    where: { key: { startsWith: start } },
    select: { key: true },
  });
  const taken = new Set([...known.map(({ key }) => key), ...environmentViews(tx).map(ownKeyOf)]);
  let key = start;
  for (let number = 2; taken.has(key); number += 1) key = `${start}-${number}`;
  return key;
}
