import { recordAudit } from '#server/audit/commands';
import {
  type MeView,
  type PersonView,
  setOwnSlackHandleInput,
  setSlackHandleInput,
} from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import { holdPerson, personView } from '#server/auth/person';
import { getMe } from '#server/auth/queries';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** Says what Slack's messages call the caller. @throws AppError `unprocessable` for the console itself */
export const setOwnSlackHandle = defineCommand({
  name: 'auth.set-own-slack-handle',
  access: 'account.manage',
  input: setOwnSlackHandleInput,
  handle: async (tx, { slackHandle }): Promise<MeView> => {
    if (tx.actor.type !== 'user' || tx.actor.id === null)
      throw new AppError('unprocessable', 'The console itself is no person. Nothing was changed.');
    const { email } = await getMe(tx, {});
    await change(tx, { id: tx.actor.id, email }, slackHandle);
    return getMe(tx, {});
  },
});

/** Says what Slack's messages call a person. @throws AppError `not_found` */
export const setSlackHandle = defineCommand({
  name: 'auth.set-slack-handle',
  access: 'people.manage',
  input: setSlackHandleInput,
  handle: async (tx, { userId, slackHandle }): Promise<PersonView> => {
    await change(tx, await holdPerson(tx, userId), slackHandle);
    return personView(tx, userId);
  },
});

async function change(
  tx: Ctx,
  { id, email }: { id: string; email: string },
  slackHandle: string,
): Promise<void> {
  const [row] = await tx.db.$queryRaw<{ before: string | null }[]>`
    SELECT slack_handle AS before FROM app_user WHERE id = ${id}::uuid FOR UPDATE`;
  const after = slackHandle || null;
  await tx.db.user.update({ where: { id }, data: { slackHandle: after }, select: { id: true } });
  await recordAudit(tx, {
    action: 'auth.person.slack-handle-changed',
    target: { type: 'user', id, label: email },
    details: { before: row?.before ?? null, after },
  });
}
