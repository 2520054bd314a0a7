import type * as z from 'zod/mini';
import { defineCommand } from '#server/auth/guard';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';
import { publish } from '#server/platform/events';
import type { StatusIncident } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import { postStatusUpdateInput, type StatusIncidentView, statusUpdatePosted } from '#server/status/contract';
import {
  assertComponents,
  auditStatus,
  incidentBehind,
  keptImpacts,
  toIncidentView,
  withUpdates,
} from '#server/status/records';
import { mayFollow, promisedMinutes } from '#server/status/state';
import type { PublicState } from '#server/status/words/contract';

type Input = z.output<typeof postStatusUpdateInput>;

/**
 * Tells the public how an incident stands; without a number it opens a public incident. The drafts that it names go with it.
 * @throws AppError `not_found`; `conflict` when somebody was quicker, the incident has a public one already, or the same
 * request was made before; `unprocessable` for what cannot follow or components that there are not; `invalid_input`
 */
export const postStatusUpdate = defineCommand({
  name: 'status.post-update',
  access: 'status.manage',
  input: postStatusUpdateInput,
  handle: async (tx, input): Promise<StatusIncidentView> => {
    const { state, text, requestKey } = input;
    if (requestKey && (await tx.db.statusUpdate.count({ where: { requestKey } })) > 0) throw postedBefore();
    await assertComponents(
      tx,
      input.impacts.map(({ component }) => component),
    );
    const before = input.number === undefined ? null : await holdPublic(tx, input.number, input.version);
    const from = (before?.state ?? null) as PublicState | null;
    if (!mayFollow(from, state))
      throw new AppError(
        'unprocessable',
        `Public incident ${before?.number} is resolved, so it cannot become ${state}. Nothing was changed.`,
        { hint: 'Open it again as investigating, or open another one.' },
      );
    const impacts = state === 'resolved' ? {} : keptImpacts(input.impacts);
    const now = tx.clock.now();
    const minutes = promisedMinutes(input.nextUpdateMinutes, {
      state,
      openedAt: before && from !== 'resolved' ? await beganAt(tx, before) : now,
      now,
    });
    const id = before?.id ?? tx.ids.uuid();
    if (before) await goOn(tx, id, state, impacts, minutes);
    else await open(tx, id, input, impacts, minutes);
    const authorId = tx.actor.type === 'user' ? tx.actor.id : null;
    try {
      await tx.db.$executeRaw`
        INSERT INTO status_update (status_incident_id, state, text, impacts, at, next_update_at, author_id, author_name, request_key)
        SELECT id, state, ${text}, impacts, updated_at, next_update_at, ${authorId}::uuid, ${tx.actor.name}, ${requestKey ?? null}::uuid
        FROM status_incident WHERE id = ${id}::uuid`;
    } catch (error) {
      throw isUniqueViolation(error) ? postedBefore() : error;
    }
    const row = await tx.db.statusIncident.findUniqueOrThrow({ where: { id }, include: withUpdates });
    const drafts = await takeDrafts(tx, input.drafts);
    await auditStatus(
      tx,
      'status.post-update',
      { type: 'status_incident', id, label: `Public incident ${row.number}: ${row.title}` },
      {
        before: from,
        after: state,
        text,
        impacts,
        incident: row.incidentNumber,
        ...(drafts.length > 0 ? { drafts } : {}),
      },
    );
    const [update] = row.updates;
    if (row.incidentNumber !== null && update) {
      await publish(tx, statusUpdatePosted, {
        updateId: String(update.id),
        number: row.number,
        incidentNumber: row.incidentNumber,
        state,
        text,
        at: update.at.toISOString(),
        authorName: tx.actor.name,
      });
    }
    await notify(tx.db, { kind: 'status' });
    return toIncidentView(row);
  },
});

/** When an open public incident was opened, or opened again. */
async function beganAt(tx: Ctx, { id, openedAt }: StatusIncident): Promise<Date> {
  const told = { statusIncidentId: id };
  const over = await tx.db.statusUpdate.aggregate({
    where: { ...told, state: 'resolved' },
    _max: { id: true },
  });
  const { _min } = await tx.db.statusUpdate.aggregate({
    where: { ...told, id: { gt: over._max.id ?? 0 } },
    _min: { at: true },
  });
  return _min.at ?? openedAt;
}

/** Takes away the drafts that are posted, as far as they are as they were read. @returns their ids */
async function takeDrafts(tx: Ctx, seen: Input['drafts']): Promise<string[]> {
  if (seen.length === 0) return [];
  const gone = await tx.db.$queryRaw<{ id: string }[]>`
    DELETE FROM status_draft d USING unnest(${seen.map(({ draftId }) => draftId)}::uuid[], ${seen.map((each) => each.version)}::int[]) AS seen (id, version)
    WHERE d.id = seen.id AND d.version = seen.version RETURNING d.id::text`;
  return gone.map(({ id }) => id);
}

async function holdPublic(tx: Ctx, number: number, seen: number | undefined): Promise<StatusIncident> {
  if (seen === undefined)
    throw new AppError(
      'invalid_input',
      'version: Give the version that you looked at. Nothing was changed.',
      {
        fields: { version: ['Give the version that you looked at.'] },
      },
    );
  const [found] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM status_incident WHERE number = ${number} FOR UPDATE`;
  if (!found)
    throw new AppError('not_found', `There is no public incident ${number}. Nothing was changed.`, {
      hint: 'Choose one of those that are open, or open a new one.',
    });
  const row = await tx.db.statusIncident.findUniqueOrThrow({ where: { id: found.id } });
  if (row.version !== seen)
    throw new AppError(
      'conflict',
      `Somebody has told the public of incident ${number} since you opened it: it is ${row.state} now. Nothing was changed.`,
      { hint: 'Read what was posted, then post what is still missing.' },
    );
  return row;
}

async function open(
  tx: Ctx,
  id: string,
  input: Input,
  impacts: object,
  minutes: number | null,
): Promise<void> {
  if (input.title === undefined)
    throw new AppError(
      'invalid_input',
      'title: Say in a few words what visitors notice. Nothing was changed.',
      { fields: { title: ['Say in a few words what visitors notice.'] } },
    );
  const incidentNumber = await incidentBehind(tx, input.incident);
  try {
    await tx.db.$executeRaw`
      INSERT INTO status_incident (id, title, incident_number, state, impacts, opened_at, updated_at, resolved_at, next_update_at)
      SELECT ${id}::uuid, ${input.title}, ${incidentNumber}::int, ${input.state}, ${JSON.stringify(impacts)}::jsonb, now, now,
        CASE WHEN ${input.state} = 'resolved' THEN now END, now + ${minutes}::int * interval '1 minute'
      FROM (SELECT clock_timestamp() AS now) clock`;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError(
      'conflict',
      `The public has been told of INC-${incidentNumber} already. Nothing was changed.`,
      { hint: 'Go on in that public incident.' },
    );
  }
}

function goOn(tx: Ctx, id: string, state: PublicState, impacts: object, minutes: number | null) {
  return tx.db.$executeRaw`
    UPDATE status_incident SET state = ${state}, impacts = ${JSON.stringify(impacts)}::jsonb, version = version + 1,
      updated_at = now, resolved_at = CASE WHEN ${state} = 'resolved' THEN now END,
      next_update_at = now + ${minutes}::int * interval '1 minute'
    FROM (SELECT clock_timestamp() AS now) clock WHERE id = ${id}::uuid`;
}

function postedBefore(): AppError {
  return new AppError('conflict', 'This update has been posted already. Nothing was changed.', {
    hint: 'Open the page again to see it.',
  });
}
