import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import type { CheckDefinition } from '#server/monitoring/checks/configured';
import {
  type CheckView,
  changeCheckInput,
  checkInput,
  createCheckInput,
  pauseCheckInput,
} from '#server/monitoring/checks/contract';
import { BEGIN_AFRESH, findCheck, toCheckView } from '#server/monitoring/checks/records';
import { hostOf, targetOf } from '#server/monitoring/checks/state';
import { mayAsk, rowOf } from '#server/monitoring/checks/sync';
import {
  CHECK_INTERVAL_DEFAULT,
  CHECK_TIMEOUT_DEFAULT,
  type CheckKind,
} from '#server/monitoring/checks/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { MonitorCheck } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentConfig } from '#server/services/queries';

/** Checks that one environment may have. */
const CHECKS_MAX = 2_000;

/**
 * Adds a check of a person's own; it runs at once. @throws AppError `not_found`, `conflict` when the key is taken,
 * `unprocessable` when the configuration does not let that host be asked
 */
export const createCheck = defineCommand({
  name: 'checks.create',
  access: 'checks.manage',
  input: createCheckInput,
  handle: async (tx, input): Promise<CheckView> => {
    environmentConfig(tx, input);
    const { kind, key, title } = input;
    const row = rowOf(input, {
      key,
      title,
      kind,
      ...ofKind(kind, input),
      intervalMs: Math.round((input.intervalSeconds ?? CHECK_INTERVAL_DEFAULT) * 1_000),
      timeoutMs: input.timeoutMs ?? CHECK_TIMEOUT_DEFAULT,
    });
    assertAllowed(tx, row, row.target);
    const { service, environment } = row;
    const count = await tx.db.monitorCheck.count({ where: { service, environment, removedAt: null } });
    if (count >= CHECKS_MAX)
      throw new AppError(
        'unprocessable',
        `An environment has at most ${CHECKS_MAX} checks. Nothing was added.`,
      );
    const id = tx.ids.uuid();
    const data = { ...row, id, source: 'own', createdByName: tx.actor.name };
    const made = await tx.db.monitorCheck.createMany({ data: [data], skipDuplicates: true });
    if (made.count === 0) {
      throw new AppError(
        'conflict',
        `There is a check "${key}" in ${service}/${environment} already. Nothing was added.`,
        {
          fields: { key: ['Choose another key.'] },
        },
      );
    }
    return told(tx, id, 'checks.create', { target: row.target });
  },
});

/**
 * Changes a check of a person's own; it runs at once, and a look that is under way brings nothing: it asks what is asked no
 * longer. With another address it begins afresh. @throws AppError `not_found`, `conflict` for one of the
 * configuration, `unprocessable` when the configuration does not let that host be asked
 */
export const changeCheck = defineCommand({
  name: 'checks.change',
  access: 'checks.manage',
  input: changeCheckInput,
  handle: async (tx, input): Promise<CheckView> => {
    const before = await holdOwn(tx, input.checkId);
    const kind = before.kind as CheckKind;
    const given = {
      url: input.url ?? before.url ?? undefined,
      host: input.host ?? before.host ?? undefined,
      port: input.port ?? before.port ?? undefined,
      expectStatus: input.expectStatus ?? before.expectStatus ?? undefined,
      bodyIncludes: input.bodyIncludes ?? before.bodyIncludes ?? undefined,
    };
    const next = {
      title: input.title ?? before.title,
      ...ofKind(kind, given),
      intervalMs:
        input.intervalSeconds === undefined ? before.intervalMs : Math.round(input.intervalSeconds * 1_000),
      timeoutMs: input.timeoutMs ?? before.timeoutMs,
    };
    const changes = Object.fromEntries(
      Object.entries(next).filter(([name, value]) => before[name as keyof MonitorCheck] !== value),
    );
    if (Object.keys(changes).length === 0)
      throw new AppError('conflict', 'This is how it is already. Nothing was changed.');
    const target = targetOf({ kind, ...next });
    assertAllowed(tx, { ...before, url: next.url }, target);
    await tx.db.monitorCheck.update({
      where: { id: before.id },
      data: { ...next, target },
      select: { id: true },
    });
    if ('url' in changes || 'host' in changes || 'port' in changes)
      await tx.db.$executeRaw`UPDATE monitor_check SET ${BEGIN_AFRESH} WHERE id = ${before.id}::uuid`;
    if (!before.pausedAt) {
      await tx.db.$executeRaw`
        UPDATE monitor_check SET next_at = clock_timestamp(), lease_until = NULL, lease_token = NULL
        WHERE id = ${before.id}::uuid`;
    }
    return told(tx, before.id, 'checks.change', changes);
  },
});

/** Takes a check of a person's own away; what it brought stays. Throws like {@link changeCheck}. */
export const removeCheck = defineCommand({
  name: 'checks.remove',
  access: 'checks.manage',
  input: checkInput,
  handle: async (tx, { checkId }): Promise<void> => {
    const check = await holdOwn(tx, checkId);
    await tx.db.$executeRaw`
      UPDATE monitor_check SET removed_at = clock_timestamp(), next_at = NULL, lease_until = NULL, lease_token = NULL
      WHERE id = ${check.id}::uuid`;
    await record(tx, check, 'checks.remove');
  },
});

/** Lets a check rest until somebody resumes it: rules hear nothing of it. @throws AppError `not_found`, `conflict` */
export const pauseCheck = defineCommand({
  name: 'checks.pause',
  access: 'checks.manage',
  input: pauseCheckInput,
  handle: async (tx, { checkId, reason }): Promise<CheckView> => {
    const check = await hold(tx, checkId);
    if (check.pausedAt) throw new AppError('conflict', 'It is paused already. Nothing was changed.');
    await tx.db.$executeRaw`
      UPDATE monitor_check SET paused_at = clock_timestamp(), paused_by_name = ${tx.actor.name}, pause_reason = ${reason},
        next_at = NULL, lease_until = NULL, lease_token = NULL
      WHERE id = ${check.id}::uuid`;
    return told(tx, check.id, 'checks.pause', {}, reason);
  },
});

/** Has it run again, at once and afresh: failures before the pause no longer count. @throws AppError as above */
export const resumeCheck = defineCommand({
  name: 'checks.resume',
  access: 'checks.manage',
  input: checkInput,
  handle: async (tx, { checkId }): Promise<CheckView> => {
    const check = await hold(tx, checkId);
    if (!check.pausedAt) throw new AppError('conflict', 'It is not paused. Nothing was changed.');
    await tx.db.$executeRaw`
      UPDATE monitor_check SET paused_at = NULL, paused_by_name = NULL, pause_reason = NULL,
        next_at = clock_timestamp(), last_outcome = NULL, outcome_since = NULL, consecutive_failures = 0,
        failing_since = NULL
      WHERE id = ${check.id}::uuid`;
    return told(tx, check.id, 'checks.resume');
  },
});

/** Has it run now, whenever it would be due. @throws AppError `not_found`, `conflict` while it is paused */
export const runCheckNow = defineCommand({
  name: 'checks.run-now',
  access: 'checks.manage',
  input: checkInput,
  handle: async (tx, { checkId }): Promise<CheckView> => {
    const check = await hold(tx, checkId);
    if (check.pausedAt)
      throw new AppError('conflict', 'It is paused. Nothing was started.', { hint: 'Resume it first.' });
    // One that is under way is due at its next beat, as ever.
    await tx.db
      .$executeRaw`UPDATE monitor_check SET next_at = clock_timestamp() WHERE id = ${check.id}::uuid`;
    return told(tx, check.id, 'checks.run-now');
  },
});

/** What an id names, held until the end of the transaction. @throws AppError `not_found` */
async function hold(tx: Ctx, checkId: string): Promise<MonitorCheck> {
  await tx.db.$queryRaw`SELECT id FROM monitor_check WHERE id = ${checkId}::uuid FOR UPDATE`;
  return findCheck(tx, checkId);
}

async function holdOwn(tx: Ctx, checkId: string): Promise<MonitorCheck> {
  const check = await hold(tx, checkId);
  if (check.source !== 'own') {
    throw new AppError('conflict', 'This check comes from the configuration. Nothing was changed.', {
      hint: 'Change it in the configuration file, or pause it.',
    });
  }
  return check;
}

type Asked = Pick<CheckDefinition, 'url' | 'host' | 'port' | 'expectStatus' | 'bodyIncludes'>;

/** What a kind needs, with nothing that another kind has. @throws AppError `invalid_input` when something is missing */
function ofKind(kind: CheckKind, given: { [K in keyof Asked]?: Asked[K] | undefined }): Asked {
  const { url, host, port, expectStatus, bodyIncludes } = given;
  const fields: Record<string, string[]> = {};
  if (kind === 'tcp') {
    if (!host) fields.host = ['Say which host.'];
    if (!port) fields.port = ['Say which port.'];
  } else if (!url) fields.url = ['Say which address.'];
  if (Object.keys(fields).length > 0)
    throw new AppError('invalid_input', 'Something is missing. Nothing was changed.', { fields });
  const isTcp = kind === 'tcp';
  const isHttp = kind === 'http';
  return {
    url: isTcp ? null : (url ?? null),
    host: isTcp ? (host ?? null) : null,
    port: isTcp ? (port ?? null) : null,
    expectStatus: isHttp ? (expectStatus ?? 200) : null,
    bodyIncludes: isHttp ? bodyIncludes || null : null,
  };
}

/** Requests go to configured hosts only. */
function assertAllowed(ctx: Ctx, key: EnvironmentKey & { url?: string | null }, target: string): void {
  const { username, password } = key.url ? new URL(key.url) : { username: '', password: '' };
  const field = key.url ? 'url' : 'host';
  if (username || password) {
    const message = 'An address with a user name or a password cannot be used. Nothing was changed.';
    throw new AppError('unprocessable', message, { fields: { url: ['Leave out name and password.'] } });
  }
  if (mayAsk(ctx, key, target)) return;
  throw new AppError(
    'unprocessable',
    `The configuration of ${key.service}/${key.environment} does not let checks ask ${hostOf(target)}. Nothing was changed.`,
    {
      hint: 'Add the host to `checkHosts` of the environment in the configuration file.',
      fields: { [field]: ['This host is not in the configuration.'] },
    },
  );
}

async function told(
  tx: Ctx,
  id: string,
  action: string,
  details: Record<string, unknown> = {},
  reason?: string,
): Promise<CheckView> {
  const row = await findCheck(tx, id);
  await record(tx, row, action, details, reason);
  return toCheckView(row, tx.clock.now());
}

async function record(
  tx: Ctx,
  { id, service, environment, title, key }: MonitorCheck,
  action: string,
  details: Record<string, unknown> = {},
  reason?: string,
): Promise<void> {
  await recordAudit(tx, {
    action,
    target: { type: 'check', id, label: title },
    service,
    environment,
    reason: reason ?? null,
    details: { key, ...details },
  });
  await notify(tx.db, { kind: 'environment', service, environment });
}
