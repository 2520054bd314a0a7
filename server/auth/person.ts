import { mayAct } from '#server/auth/conditions';
import type { PersonView, Role, SetupLink, Viewer } from '#server/auth/contract';
import { hashToken, newToken } from '#server/auth/tokens';
import { personViews } from '#server/auth/views';
import type { Actor, Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { Prisma } from '#server/platform/generated/prisma/client';

/** How long an invitation opens, hours. */
const INVITATION_HOURS = 72;

/** The person as who acts. */
export function actorOf({ id, name, role }: Viewer): Actor {
  return { type: 'user', id, name, role };
}

export interface HeldPerson {
  id: string;
  name: string;
  email: string;
  role: Role;
  isDemo: boolean;
  disabledAt: Date | null;
}

/**
 * Lets one change to people happen at a time, and proves under that lock that who asks still has the role that they
 * asked with: of two admins who disable each other at once, the second is none any more.
 * @throws AppError `forbidden` when they have not
 */
export async function holdPeople(tx: Ctx): Promise<void> {
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('people', 0))`;
  if (tx.actor.type !== 'user') return;
  const [asker] = await tx.db.$queryRaw<{ role: string }[]>`
    SELECT u.role::text AS role FROM app_user u WHERE u.id = ${tx.actor.id}::uuid AND ${mayAct(tx)}`;
  if (asker?.role === tx.actor.role) return;
  throw new AppError('forbidden', 'What you may do has changed just now. This was not done.', {
    hint: 'Sign in again to see what you may do.',
  });
}

/** {@link holdPeople}, and the person whom it is about. @throws AppError also `not_found` for an unknown person */
export async function holdPerson(tx: Ctx, userId: string): Promise<HeldPerson> {
  await holdPeople(tx);
  const [row] = await tx.db.$queryRaw<
    { id: string; name: string; email: string; role: Role; is_demo: boolean; disabled_at: Date | null }[]
  >`
    SELECT id, name, email, role::text AS role, is_demo, disabled_at
    FROM app_user WHERE id = ${userId}::uuid FOR UPDATE`;
  if (!row) throw new AppError('not_found', 'There is no such person. Nothing was changed.');
  const { id, name, email, role } = row;
  return { id, name, email, role, isDemo: row.is_demo, disabledAt: row.disabled_at };
}

/**
 * Proves, after a change under {@link holdPerson}, that somebody is left who can sign in and manage people. Demo admins
 * count where they may sign in.
 * @throws AppError `conflict` otherwise, which takes the change back
 */
export async function assertAdminRemains(tx: Ctx, name: string): Promise<void> {
  const [row] = await tx.db.$queryRaw<{ remains: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM app_user u
                   WHERE u.role = 'admin' AND u.password_hash IS NOT NULL AND ${mayAct(tx)}) AS remains`;
  if (row?.remains) return;
  throw new AppError('conflict', `${name} is the last admin who can sign in. Nothing was changed.`, {
    hint: 'Make somebody else an admin first; they count from when they have chosen a password.',
  });
}

/** Makes the one-time link by which a person chooses a password; it closes the person's older ones. */
export async function openInvitation(tx: Ctx, userId: string): Promise<SetupLink> {
  await closeInvitations(tx, userId);
  const token = newToken();
  const [row] = await tx.db.$queryRaw<{ expires_at: Date }[]>`
    INSERT INTO setup_link (id, user_id, created_at, expires_at)
    VALUES (${hashToken(token)}, ${userId}::uuid, clock_timestamp(),
            clock_timestamp() + make_interval(hours => ${INVITATION_HOURS}))
    RETURNING expires_at`;
  if (!row) throw new Error('The invitation was not stored');
  return { path: `/join/${token}`, expiresAt: row.expires_at.toISOString() };
}

/** Makes a person's unused links open no more. */
export async function closeInvitations(tx: Ctx, userId: string): Promise<void> {
  await tx.db.$executeRaw`DELETE FROM setup_link WHERE user_id = ${userId}::uuid AND used_at IS NULL`;
}

/** @throws Error when there is no such person */
export async function personView(ctx: Ctx, userId: string): Promise<PersonView> {
  const [person] = await personViews(ctx, Prisma.sql`u.id = ${userId}::uuid`);
  if (!person) throw new Error(`Person ${userId} is gone`);
  return person;
}
