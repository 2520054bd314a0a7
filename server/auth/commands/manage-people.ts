import { recordAudit } from '#server/audit/commands';
import {
  can,
  changeRoleInput,
  createPersonInput,
  disablePersonInput,
  type InvitedPerson,
  mayGrant,
  type PersonView,
  permissionsOf,
  personInput,
  ROLE_LABELS,
  type Role,
  whyNot,
} from '#server/auth/contract';
import { demoPeopleAllowed } from '#server/auth/demo';
import { defineCommand } from '#server/auth/guard';
import {
  assertAdminRemains,
  closeInvitations,
  type HeldPerson,
  holdPeople,
  holdPerson,
  openInvitation,
  personView,
} from '#server/auth/person';
import { endSessions } from '#server/auth/session';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';

/**
 * Adds a person without a password, and the link by which they choose one within 72 hours.
 * @throws AppError `invalid_input` for a taken e-mail address, `forbidden` through a token that lacks what the role has
 */
export const createPerson = defineCommand({
  name: 'auth.create-person',
  access: 'people.manage',
  input: createPersonInput,
  handle: async (tx, input): Promise<InvitedPerson> => {
    await holdPeople(tx);
    assertMayGrant(tx, input.role);
    const id = tx.ids.uuid();
    await tx.db.user.create({ data: { ...input, id }, select: { id: true } }).catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError('invalid_input', 'This e-mail address is taken. Nothing was changed.', {
        fields: { email: ['This e-mail address is taken.'] },
      });
    });
    const link = await openInvitation(tx, id);
    await recordAudit(tx, {
      action: 'auth.person.created',
      target: { type: 'user', id, label: input.email },
      details: { name: input.name, role: input.role, linkExpiresAt: link.expiresAt },
    });
    return { person: await personView(tx, id), link };
  },
  stored: (result) => ({ ...result, link: null }),
});

/**
 * Gives a person another role, which counts at once: their sessions end, and their tokens are narrowed to it.
 * @throws AppError `unprocessable` for oneself, `conflict` when they have it already or are the last admin,
 * `forbidden` through a token that lacks what the role has
 */
export const changeRole = defineCommand({
  name: 'auth.change-role',
  access: 'people.manage',
  input: changeRoleInput,
  handle: async (tx, { userId, role }): Promise<PersonView> => {
    const person = await holdPerson(tx, userId);
    assertNotOneself(tx, person, 'change your own role');
    assertMayGrant(tx, role);
    if (person.role === role) {
      throw new AppError(
        'conflict',
        `${person.name} has the role ${ROLE_LABELS[role]} already. Nothing was changed.`,
      );
    }
    await tx.db.user.update({ where: { id: userId }, data: { role }, select: { id: true } });
    if (person.role === 'admin') await assertAdminRemains(tx, person.name);
    const endedSessions = await endSessions(tx, userId);
    await recordAudit(tx, {
      action: 'auth.person.role-changed',
      target: { type: 'user', id: userId, label: person.email },
      details: { from: person.role, to: role, endedSessions },
    });
    return personView(tx, userId);
  },
});

/**
 * Keeps a person out from now on: their sessions end, their links close and their tokens open nothing while they are
 * disabled.
 * @throws AppError `unprocessable` for oneself, `conflict` when they are disabled already or the last admin
 */
export const disablePerson = defineCommand({
  name: 'auth.disable-person',
  access: 'people.manage',
  input: disablePersonInput,
  handle: async (tx, { userId, reason }): Promise<PersonView> => {
    const person = await holdPerson(tx, userId);
    assertNotOneself(tx, person, 'disable yourself');
    if (person.disabledAt) {
      throw new AppError('conflict', `${person.name} is disabled already. Nothing was changed.`);
    }
    await tx.db.$executeRaw`UPDATE app_user SET disabled_at = clock_timestamp() WHERE id = ${userId}::uuid`;
    if (person.role === 'admin') await assertAdminRemains(tx, person.name);
    await closeInvitations(tx, userId);
    const endedSessions = await endSessions(tx, userId);
    await recordAudit(tx, {
      action: 'auth.person.disabled',
      target: { type: 'user', id: userId, label: person.email },
      reason,
      details: { endedSessions },
    });
    return personView(tx, userId);
  },
});

/**
 * Lets a disabled person in again, with their password and the tokens that have not ended.
 * @throws AppError `conflict` when they are not disabled
 */
export const enablePerson = defineCommand({
  name: 'auth.enable-person',
  access: 'people.manage',
  input: personInput,
  handle: async (tx, { userId }): Promise<PersonView> => {
    const person = await holdPerson(tx, userId);
    if (!person.disabledAt) {
      throw new AppError('conflict', `${person.name} is not disabled. Nothing was changed.`, {
        ...(person.isDemo && !demoPeopleAllowed(tx.env)
          ? { hint: 'Demo people may sign in only at a console that nobody but its machine reaches.' }
          : {}),
      });
    }
    await tx.db.$executeRaw`UPDATE app_user SET disabled_at = NULL WHERE id = ${userId}::uuid`;
    // A login that began before they were disabled may have left one.
    await endSessions(tx, userId);
    await recordAudit(tx, {
      action: 'auth.person.enabled',
      target: { type: 'user', id: userId, label: person.email },
      details: { role: person.role },
    });
    return personView(tx, userId);
  },
});

/**
 * Makes a new link by which a person chooses a password, for an invitation that ended or a password that was lost. The
 * old password stays until the link is used; the person's older links close.
 * @throws AppError `unprocessable` for oneself and for demo people, `conflict` for a disabled person, `forbidden`
 * through a token that lacks what the person's role has
 */
export const renewLink = defineCommand({
  name: 'auth.renew-link',
  access: 'people.manage',
  input: personInput,
  handle: async (tx, { userId }): Promise<InvitedPerson> => {
    const person = await holdPerson(tx, userId);
    assertNotOneself(tx, person, 'choose a new password without the old one');
    assertMayGrant(tx, person.role);
    if (person.isDemo) {
      throw new AppError(
        'unprocessable',
        'Demo people keep the password that everybody knows. Nothing was changed.',
      );
    }
    if (person.disabledAt) {
      throw new AppError('conflict', `${person.name} is disabled. Nothing was changed.`, {
        hint: 'Enable them first.',
      });
    }
    const link = await openInvitation(tx, userId);
    await recordAudit(tx, {
      action: 'auth.person.link-renewed',
      target: { type: 'user', id: userId, label: person.email },
      details: { linkExpiresAt: link.expiresAt },
    });
    return { person: await personView(tx, userId), link };
  },
  stored: (result) => ({ ...result, link: null }),
});

function assertNotOneself(tx: Ctx, person: HeldPerson, what: string): void {
  if (person.id !== tx.actor.id) return;
  throw new AppError('unprocessable', `You cannot ${what}. Nothing was changed.`, {
    hint: 'Ask another admin.',
  });
}

/** A link or a role opens all that the role may do, so a token needs all of it to hand it out. */
function assertMayGrant(tx: Ctx, role: Role): void {
  if (mayGrant(tx.actor, role)) return;
  const missing = permissionsOf({ type: 'user', role }).find((permission) => !can(tx.actor, permission));
  throw new AppError(
    'forbidden',
    `Nobody hands out more than they have, and the role ${ROLE_LABELS[role]} has more. Nothing was changed.`,
    missing ? { hint: whyNot(missing, tx.actor) } : {},
  );
}
