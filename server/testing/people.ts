import pg from 'pg';
import { expect } from 'vitest';
import { createToken } from '#server/auth/commands/manage-tokens';
import type { CreatedToken, Permission, Role } from '#server/auth/contract';
import { hashPassword } from '#server/auth/passwords';
import { ANONYMOUS, type App, type Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { randomIds } from '#server/platform/ids';
import type { TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';

export const PASSWORD = 'a long enough password';
let hash: Promise<string> | null = null;
let nextAddress = 0;

/** A visitor of an address of their own, so that limits of tests do not meet. */
export function visitor(app: App): Ctx {
  nextAddress += 1;
  const address = `10.20.${nextAddress >> 8}.${nextAddress & 255}`;
  return app.for(ANONYMOUS, { ipAddress: address, userAgent: 'test' });
}

export interface AddedPerson {
  id: string;
  email: string;
  name: string;
  ctx: Ctx;
}

/** A person with {@link PASSWORD}, or with none when `invited`, and a context of theirs. */
export async function addPerson(
  app: App,
  role: Role,
  options: { invited?: boolean; isDemo?: boolean; name?: string } = {},
): Promise<AddedPerson> {
  hash ??= hashPassword(PASSWORD);
  const id = randomIds.uuid();
  const name = options.name ?? `Person ${id.slice(-6)}`;
  const email = `${id}@people.example`;
  const passwordHash = options.invited ? null : await hash;
  await app.database.client.user.create({
    data: { id, email, name, role, passwordHash, isDemo: options.isDemo ?? false },
  });
  const { ipAddress } = visitor(app).request;
  return {
    id,
    email,
    name,
    ctx: app.for({ type: 'user', id, name, role }, { ipAddress: ipAddress ?? null }),
  };
}

/** A new token of the person of a context, with its secret. */
export async function addToken(
  ctx: Ctx,
  scopes: Permission[],
  days?: number,
): Promise<CreatedToken & { secret: string }> {
  const created = await createToken(ctx, { name: 'Test token', scopes, ...(days ? { days } : {}) });
  if (created.secret === null) throw new Error('The token came without its secret');
  return { ...created, secret: created.secret };
}

/**
 * Does `work` while an administrator's open transaction has done `hold`, and lets go once so many of the app's
 * connections wait for it: what would be a race happens in one order.
 */
export async function whileHeld<T>(
  app: TestApp,
  hold: { sql: string; values?: unknown[] }[],
  waiting: number,
  work: () => Promise<T>,
): Promise<T> {
  const holder = new pg.Client({ connectionString: app.testDatabase.adminUrl });
  // Inside a transaction pg_stat_activity stays as it was first read; the app's role sees nobody's waits.
  const onlooker = new pg.Client({ connectionString: app.testDatabase.adminUrl });
  await Promise.all([holder.connect(), onlooker.connect()]);
  try {
    await holder.query('BEGIN');
    for (const { sql, values } of hold) await holder.query(sql, values);
    const [result] = await Promise.all([
      work(),
      eventually(async () => {
        const { rows } = await onlooker.query(
          `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(rows).toHaveLength(waiting);
      }).finally(() => holder.query('COMMIT')),
    ]);
    return result;
  } finally {
    await Promise.all([holder.end(), onlooker.end()]);
  }
}

/** The expected failure of some work; anything else fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}
