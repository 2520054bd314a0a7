import type * as z from 'zod/mini';
import { defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import type { StatusDraft } from '#server/platform/generated/prisma/client';
import { discardStatusDraftInput, keepStatusDraftInput, type StatusDraftView } from '#server/status/contract';
import { aboutOf, auditStatus, incidentBehind, keptImpacts, toDraftView } from '#server/status/records';

type Input = z.output<typeof keepStatusDraftInput>;

/**
 * Keeps what somebody has begun to write to the public: one draft of each person and subject, in the place of their last. The
 * public sees nothing of it, and the audit not its words.
 * @throws AppError `not_found` for a public incident that there is not; `conflict` when the person has kept another draft of
 * the same than they looked at; `unprocessable` for whoever is no person or an incident that there is not; `invalid_input`
 */
export const keepStatusDraft = defineCommand({
  name: 'status.keep-draft',
  access: 'status.manage',
  input: keepStatusDraftInput,
  handle: async (tx, input): Promise<StatusDraftView> => {
    const ownerId = tx.actor.id;
    if (ownerId === null)
      throw new AppError('unprocessable', 'Only a person keeps drafts. Nothing was changed.');
    if (input.title === '' && input.text.trim() === '')
      throw new AppError('invalid_input', 'text: There is nothing to keep yet. Nothing was changed.', {
        fields: { text: ['There is nothing to keep yet.'] },
      });
    const about = await subjectOf(tx, input);
    const before = await holdOwn(tx, ownerId, about, input.seen);
    const { title, state, text, taken } = input;
    const data = {
      ownerName: tx.actor.name,
      about,
      title,
      state,
      text,
      impacts: keptImpacts(input.impacts),
      nextUpdateMinutes: input.nextUpdateMinutes ?? null,
      takenId: taken?.draftId ?? null,
      takenVersion: taken?.version ?? null,
      keptAt: tx.clock.now(),
    };
    const row = before
      ? await tx.db.statusDraft.update({
          where: { id: before.id },
          data: { ...data, version: { increment: 1 } },
        })
      : await tx.db.statusDraft
          .create({ data: { ...data, id: tx.ids.uuid(), ownerId } })
          .catch((error: unknown) => {
            throw isUniqueViolation(error) ? keptOther(null) : error;
          });
    await auditStatus(tx, 'status.keep-draft', targetOf(row), {
      version: row.version,
      ...(taken ? { takenFrom: taken.draftId } : {}),
    });
    return toDraftView(tx, row);
  },
});

/**
 * Throws one's own draft away.
 * @throws AppError `forbidden` for somebody else's, `conflict` when it is gone or was kept again since
 */
export const discardStatusDraft = defineCommand({
  name: 'status.discard-draft',
  access: 'status.manage',
  input: discardStatusDraftInput,
  handle: async (tx, { draftId, version }): Promise<StatusDraftView> => {
    const before = await hold(tx, draftId);
    if (!before)
      throw new AppError(
        'conflict',
        'This draft is gone: it was posted or thrown away. Nothing was changed.',
      );
    if (before.ownerId !== tx.actor.id)
      throw new AppError('forbidden', `This draft is ${before.ownerName}’s. Nothing was changed.`, {
        hint: 'Take it over, if you go on with it.',
      });
    if (before.version !== version) throw keptOther(before);
    await tx.db.statusDraft.delete({ where: { id: draftId }, select: { id: true } });
    await auditStatus(tx, 'status.discard-draft', targetOf(before), { version });
    return toDraftView(tx, before);
  },
});

/** What a draft is for, as its key. @throws AppError `not_found`, `unprocessable` */
async function subjectOf(tx: Ctx, { number, incident }: Input): Promise<string> {
  if (number === undefined) return aboutOf({ number: null, incident: await incidentBehind(tx, incident) });
  if ((await tx.db.statusIncident.count({ where: { number } })) === 0)
    throw new AppError('not_found', `There is no public incident ${number}. Nothing was changed.`, {
      hint: 'Choose one of those that are open, or keep it for a new one.',
    });
  return aboutOf({ number, incident: null });
}

/**
 * The draft that is put another in the place of, held: that which was looked at, or none where there is none of the subject.
 * One whose subject became another meanwhile, because its incident is public by now, goes along.
 */
async function holdOwn(
  tx: Ctx,
  ownerId: string,
  about: string,
  seen: Input['seen'],
): Promise<StatusDraft | null> {
  const [same] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM status_draft WHERE owner_id = ${ownerId}::uuid AND about = ${about} FOR UPDATE`;
  const id = same?.id ?? seen?.draftId;
  const before = id === undefined ? null : await hold(tx, id);
  // What was looked at is gone by now: these words are kept anew.
  if (!before || before.ownerId !== ownerId) return null;
  if (before.id === seen?.draftId && before.version === seen.version) return before;
  throw keptOther(before);
}

async function hold(tx: Ctx, id: string): Promise<StatusDraft | null> {
  await tx.db.$queryRaw`SELECT FROM status_draft WHERE id = ${id}::uuid FOR UPDATE`;
  return tx.db.statusDraft.findUnique({ where: { id } });
}

function targetOf({ id, about, ownerName }: StatusDraft) {
  return { type: 'status_draft', id, label: `Draft of ${ownerName}, ${about}` };
}

function keptOther(other: StatusDraft | null): AppError {
  const at = other ? ` at ${other.keptAt.toISOString().slice(11, 16)} UTC` : '';
  return new AppError(
    'conflict',
    `You have kept another draft of this${at}, since you opened this one. Nothing was changed.`,
    {
      hint: 'Keep this one again to put it in the place of that one, or open that one in the list of drafts.',
    },
  );
}
