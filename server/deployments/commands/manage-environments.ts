import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import {
  type LockView,
  liftLockInput,
  lockEnvironmentInput,
  markReleaseInput,
} from '#server/deployments/contract';
import type { SourceRelease } from '#server/deployments/drivers/driver';
import { addMark, lockForDeploys } from '#server/deployments/procedures/deployment-records';
import { toLockView } from '#server/deployments/queries/environments';
import { driverOf, findOpenLock, recordRelease } from '#server/deployments/records';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import { environmentConfig, OPS_CONFIG } from '#server/services/queries';

/**
 * Adds a verdict to a release: stable, faulty or none. A release that its repository has lost can still be marked.
 * @throws AppError `not_found` for a release that neither the repository nor the records know
 */
export const markRelease = defineCommand({
  name: 'deployments.mark-release',
  access: 'releases.mark',
  input: markReleaseInput,
  prepare: async (ctx, input): Promise<SourceRelease | null> => {
    const environment = Object.keys(
      ctx.use(OPS_CONFIG).config.services[input.service]?.environments ?? {},
    )[0];
    if (!environment)
      throw new AppError('not_found', `There is no service "${input.service}". Nothing was changed.`);
    return driverOf(ctx, { service: input.service, environment }).source.findRelease(input.tag);
  },
  handle: async (tx, input, source): Promise<{ tag: string }> => {
    const id = source
      ? await recordRelease(tx, input.service, source)
      : (
          await tx.db.release.findFirst({
            where: { service: input.service, tag: input.tag },
            orderBy: { recordedAt: 'desc' },
            select: { id: true },
          })
        )?.id;
    if (!id)
      throw new AppError(
        'not_found',
        `There is no release "${input.tag}" of ${input.service}. Nothing was changed.`,
      );
    await addMark(tx, { id, tag: input.tag, service: input.service }, input.verdict, input.reason, null);
    await notifyService(tx, input.service);
    return { tag: input.tag };
  },
});

/** Refuses deploys from now on; rollbacks go on. @returns the lock @throws AppError `conflict` when it is locked already */
export const lockEnvironment = defineCommand({
  name: 'deployments.lock-environment',
  access: 'environments.lock',
  input: lockEnvironmentInput,
  handle: async (tx, input): Promise<LockView> => {
    environmentConfig(tx, input);
    await holdEnvironment(tx, input);
    const open = await findOpenLock(tx, input);
    if (open) {
      throw new AppError(
        'conflict',
        `It is locked already: ${open.reason} (${open.lockedByName}). Nothing was changed.`,
      );
    }
    await lockForDeploys(tx, input, input.reason, null);
    await notify(tx.db, { kind: 'environment', service: input.service, environment: input.environment });
    return toLockView(await findOpenLock(tx, input)) as LockView;
  },
});

/** Lets deploys happen again. @throws AppError `conflict` when that lock is no longer the open one */
export const liftLock = defineCommand({
  name: 'deployments.lift-lock',
  access: 'environments.unlock',
  input: liftLockInput,
  handle: async (tx, input): Promise<void> => {
    environmentConfig(tx, input);
    await holdEnvironment(tx, input);
    const open = await findOpenLock(tx, input);
    if (open?.id !== input.lockId) {
      throw new AppError(
        'conflict',
        'This lock has been lifted or replaced meanwhile. Nothing was changed.',
        {
          hint: 'Open the page again to see how it stands.',
        },
      );
    }
    await tx.db.$executeRaw`
      UPDATE environment_lock SET lifted_at = clock_timestamp(), lifted_by_id = ${tx.actor.id},
        lifted_by_name = ${tx.actor.name}, lift_reason = ${input.reason}
      WHERE id = ${open.id}::uuid`;
    await recordAudit(tx, {
      action: 'environments.lift-lock',
      target: {
        type: 'environment',
        id: `${input.service}/${input.environment}`,
        label: `${input.service}/${input.environment}`,
      },
      service: input.service,
      environment: input.environment,
      reason: input.reason,
      details: { lockId: open.id, lockReason: open.reason },
    });
    await notify(tx.db, { kind: 'environment', service: input.service, environment: input.environment });
  },
});

/** The same lock that requests for runs take, so that a lock and a deploy cannot pass each other. */
async function holdEnvironment(tx: Ctx, key: { service: string; environment: string }): Promise<void> {
  await tx.db
    .$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`run:${key.service}/${key.environment}`}, 0))`;
}

async function notifyService(tx: Ctx, service: string): Promise<void> {
  for (const environment of Object.keys(tx.use(OPS_CONFIG).config.services[service]?.environments ?? {})) {
    await notify(tx.db, { kind: 'environment', service, environment });
  }
}
