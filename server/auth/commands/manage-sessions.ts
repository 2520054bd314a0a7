import { recordAudit } from '#server/audit/commands';
import { can, type EndedSessions, endSessionInput, nothingInput, personInput } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import { endSessions } from '#server/auth/session';
import { AppError } from '#server/platform/errors';

/**
 * Ends one session: one's own, or with `people.manage` anybody's.
 * @throws AppError `not_found` when it has ended already, or is another person's
 */
export const endSession = defineCommand({
  name: 'auth.end-session',
  access: 'account.manage',
  input: endSessionInput,
  handle: async (tx, { sessionId }): Promise<EndedSessions> => {
    const session = await tx.db.session.findUnique({
      where: { id: sessionId },
      select: { userId: true, user: { select: { email: true } } },
    });
    const isAllowed = session && (session.userId === tx.actor.id || can(tx.actor, 'people.manage'));
    const { count } = isAllowed ? await tx.db.session.deleteMany({ where: { id: sessionId } }) : { count: 0 };
    if (!session || count === 0) {
      throw new AppError('not_found', 'There is no such session, or it has ended. Nothing was changed.');
    }
    await recordAudit(tx, {
      action: 'auth.session.ended',
      target: { type: 'user', id: session.userId, label: session.user.email },
      details: { sessionId },
    });
    return { ended: count };
  },
});

/** Ends the caller's sessions but the one that asks; through a token, all of them. */
export const endOtherSessions = defineCommand({
  name: 'auth.end-other-sessions',
  access: 'account.manage',
  input: nothingInput,
  audit: 'none',
  handle: async (tx): Promise<EndedSessions> => {
    if (!tx.actor.id) throw new AppError('unprocessable', 'Only a person has sessions. Nothing was changed.');
    const ended = await endSessions(tx, tx.actor.id, tx.request.sessionId);
    if (ended > 0) {
      await recordAudit(tx, {
        action: 'auth.sessions.ended',
        target: { type: 'user', id: tx.actor.id, label: tx.actor.name },
        details: { ended },
      });
    }
    return { ended };
  },
});

/** Ends every session of a person. @throws AppError `not_found` for an unknown person */
export const endSessionsOf = defineCommand({
  name: 'auth.end-sessions-of',
  access: 'people.manage',
  input: personInput,
  audit: 'none',
  handle: async (tx, { userId }): Promise<EndedSessions> => {
    const person = await tx.db.user.findUnique({ where: { id: userId }, select: { email: true } });
    if (!person) throw new AppError('not_found', 'There is no such person. Nothing was changed.');
    const ended = await endSessions(tx, userId);
    if (ended > 0) {
      await recordAudit(tx, {
        action: 'auth.sessions.ended',
        target: { type: 'user', id: userId, label: person.email },
        details: { ended },
      });
    }
    return { ended };
  },
});
