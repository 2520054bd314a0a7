import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import { createFreezeInput, endFreezeInput, type FreezeView } from '#server/deployments/freezes/contract';
import { ruleOf } from '#server/deployments/freezes/rules';
import { databaseNow, type FreezeRow, toFreezeView } from '#server/deployments/freezes/views';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { notify } from '#server/platform/notify';
import { environmentConfig, OPS_CONFIG } from '#server/services/queries';

interface Scope {
  service: string | null;
  environment: string | null;
}

/**
 * Refuses deploys while it applies; never a rollback, a check or a validation. Runs under way go on.
 * @throws AppError `unprocessable` with the fields that cannot be, `not_found` for a place that is not configured
 */
export const createFreeze = defineCommand({
  name: 'deployments.create-freeze',
  access: 'freezes.manage',
  input: createFreezeInput,
  handle: async (tx, input): Promise<FreezeView> => {
    const scope: Scope = { service: input.service ?? null, environment: input.environment ?? null };
    assertConfigured(tx, scope);
    const now = await databaseNow(tx);
    const made = ruleOf(input, now);
    if ('fields' in made) {
      const [first] = Object.values(made.fields).flat();
      throw new AppError('unprocessable', `This freeze cannot be: ${first} Nothing was changed.`, {
        fields: made.fields,
      });
    }
    const row = await tx.db.freezeWindow.create({
      data: {
        id: tx.ids.uuid(),
        ...scope,
        ...made.rule,
        reason: input.reason,
        createdById: tx.actor.id,
        createdByName: tx.actor.name,
      },
    });
    const { startsAt, endsAt, ...rest } = made.rule;
    await recordAudit(tx, {
      action: 'deployments.freeze.created',
      target: { type: 'freeze', id: row.id, label: labelOf(scope) },
      ...scope,
      reason: input.reason,
      details: { startsAt: startsAt?.toISOString() ?? null, endsAt: endsAt?.toISOString() ?? null, ...rest },
    });
    await notifyScope(tx, scope);
    return toFreezeView(row, now);
  },
});

/** Takes a freeze away before its time. @throws AppError `conflict` when it is over or somebody has ended it */
export const endFreeze = defineCommand({
  name: 'deployments.end-freeze',
  access: 'freezes.manage',
  input: endFreezeInput,
  handle: async (tx, input): Promise<FreezeView> => {
    const found = await tx.db.freezeWindow.findUnique({ where: { id: input.freezeId } });
    if (!found) throw new AppError('not_found', 'This freeze does not exist. Nothing was changed.');
    const changed = await tx.db.$executeRaw`
      UPDATE freeze_window SET ended_at = clock_timestamp(), ended_by_name = ${tx.actor.name},
        end_reason = ${input.reason}
      WHERE id = ${found.id}::uuid AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > clock_timestamp())`;
    const row = await tx.db.freezeWindow.findUniqueOrThrow({ where: { id: found.id } });
    if (changed === 0) throw alreadyOver(row);
    await recordAudit(tx, {
      action: 'deployments.freeze.ended',
      target: { type: 'freeze', id: row.id, label: labelOf(row) },
      service: row.service,
      environment: row.environment,
      reason: input.reason,
      details: { freezeReason: row.reason },
    });
    await notifyScope(tx, row);
    return toFreezeView(row, await databaseNow(tx));
  },
});

function alreadyOver(row: FreezeRow): AppError {
  const how = row.endedByName ? `${row.endedByName} has ended this freeze already` : 'This freeze is over';
  return new AppError('conflict', `${how}. Nothing was changed.`, {
    hint: 'Open the page again to see how it stands.',
  });
}

function assertConfigured(ctx: Ctx, { service, environment }: Scope): void {
  const { services } = ctx.use(OPS_CONFIG).config;
  if (service && environment) {
    environmentConfig(ctx, { service, environment });
    return;
  }
  const isKnown =
    (service === null || Object.hasOwn(services, service)) &&
    (environment === null ||
      Object.values(services).some(({ environments }) => Object.hasOwn(environments, environment)));
  if (isKnown) return;
  throw new AppError(
    'not_found',
    `There is no ${service ? `service "${service}"` : `environment "${environment}"`}. Nothing was changed.`,
    { hint: 'Services and environments are named in the configuration file.' },
  );
}

function labelOf({ service, environment }: Scope): string {
  return `${service ?? 'every service'} / ${environment ?? 'every environment'}`;
}

async function notifyScope(tx: Ctx, scope: Scope): Promise<void> {
  for (const [service, { environments }] of Object.entries(tx.use(OPS_CONFIG).config.services)) {
    if (scope.service !== null && scope.service !== service) continue;
    for (const environment of Object.keys(environments)) {
      if (scope.environment !== null && scope.environment !== environment) continue;
      await notify(tx.db, { kind: 'environment', service, environment });
    }
  }
}
