import { recordAudit } from '#server/audit/commands';
import type { SignedIn } from '#server/auth/commands/sign-in';
import { acceptInvitationInput, type Viewer } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import { clearFailures } from '#server/auth/login-limit';
import { hashPassword } from '#server/auth/passwords';
import { actorOf, closeInvitations } from '#server/auth/person';
import { checkInvitation } from '#server/auth/queries';
import { endSessions, openSession } from '#server/auth/session';
import { hashToken } from '#server/auth/tokens';
import { AppError } from '#server/platform/errors';

function linkRefused(): AppError {
  return new AppError(
    'not_found',
    'This link does not open: it was used, it has ended, or a newer one was made. Nothing was changed.',
    { hint: 'Ask an admin for a new link.' },
  );
}

/**
 * Sets the password of the person whom the link was made for and signs them in. It closes the person's other links and
 * ends their sessions.
 * @throws AppError `not_found` when the link does not open
 */
export const acceptInvitation = defineCommand({
  name: 'auth.accept-invitation',
  access: 'anyone',
  input: acceptInvitationInput,
  prepare: async (ctx, input) => {
    // Hashing is slow on purpose, so it is done only for those who hold a link.
    if (!(await checkInvitation(ctx, { token: input.token })).isOpen) throw linkRefused();
    return hashPassword(input.password);
  },
  handle: async (tx, input, passwordHash): Promise<SignedIn> => {
    const linkId = hashToken(input.token);
    // The person first and the link after, in the order of everything that changes people.
    const [viewer] = await tx.db.$queryRaw<Viewer[]>`
      UPDATE app_user SET password_hash = ${passwordHash}
      WHERE id = (SELECT user_id FROM setup_link WHERE id = ${linkId}) AND disabled_at IS NULL AND NOT is_demo
      RETURNING id, name, email, role::text AS role`;
    const used = await tx.db.$executeRaw`
      UPDATE setup_link SET used_at = clock_timestamp()
      WHERE id = ${linkId} AND user_id IS NOT NULL AND used_at IS NULL AND expires_at > clock_timestamp()`;
    if (!viewer || used !== 1) throw linkRefused();
    await closeInvitations(tx, viewer.id);
    await clearFailures(tx, viewer.email);
    const endedSessions = await endSessions(tx, viewer.id);
    const token = await openSession(tx, viewer.id);
    await recordAudit(tx.as(actorOf(viewer)), {
      action: 'auth.invitation.accepted',
      target: { type: 'user', id: viewer.id, label: viewer.email },
      details: { endedSessions },
    });
    return { token, viewer };
  },
});
