import { mayAct } from '#server/auth/conditions';
import { can, ROLES } from '#server/auth/contract';
import { authorize, defineCommand } from '#server/auth/guard';
import { incidentName } from '#server/incidents/words/contract';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import {
  movePostmortemInput,
  type PostmortemDetail,
  returnPostmortemInput,
} from '#server/postmortems/contract';
import { readDetail, readSections } from '#server/postmortems/read-detail';
import {
  assertVersion,
  auditPostmortem,
  type Held,
  holdPostmortem,
  tellTeam,
} from '#server/postmortems/records';
import { type Move, mayApprove, missingSections, permissionFor, stateAfter } from '#server/postmortems/state';
import {
  type DecisionKind,
  POSTMORTEM_STATE_LABELS,
  SECTION_TITLES,
} from '#server/postmortems/words/contract';

/** A notification mentions so many at most. */
const MENTIONS_MAX = 20;

/**
 * Asks others to look at a post-mortem, and tells the team; who may approve it is mentioned by their Slack handle.
 * @throws AppError `not_found`; `conflict` when somebody was quicker; `unprocessable` when it is no draft, or lacks a section
 */
export const submitPostmortem = defineCommand({
  name: 'postmortems.submit',
  access: 'postmortems.manage',
  input: movePostmortemInput,
  handle: async (tx, { number, version }): Promise<PostmortemDetail> => {
    const held = await holdFor(tx, number, version, 'submit');
    const missing = missingSections(await readSections(tx, held.id, held.revision));
    if (missing.length > 0) {
      const titles = missing.map((key) => SECTION_TITLES[key]).join(', ');
      throw new AppError('unprocessable', `Nothing is written yet under: ${titles}. Nothing was changed.`, {
        hint: 'Write these sections, then submit it.',
      });
    }
    await tellTeam(
      tx,
      held,
      'review',
      'waits for a review',
      `${tx.actor.name} asks for it. Somebody who has not written it alone approves it.`,
      await handlesOfReviewers(tx),
    );
    return move(tx, held, 'submit', 'submitted');
  },
});

/**
 * Approves the text as it is. Two people stand behind it: nobody approves what they alone have written.
 * @throws AppError `not_found`; `conflict` when somebody was quicker; `unprocessable` when it is not in review, or for its
 * only author
 */
export const approvePostmortem = defineCommand({
  name: 'postmortems.approve',
  access: 'postmortems.approve',
  input: movePostmortemInput,
  handle: async (tx, { number, version }): Promise<PostmortemDetail> => {
    const held = await holdFor(tx, number, version, 'approve');
    const authors = await tx.db.postmortemRevision.findMany({
      where: { postmortemId: held.id },
      distinct: ['authorId'],
      select: { authorId: true },
    });
    const allowed = mayApprove(
      authors.map(({ authorId }) => authorId),
      tx.actor.id,
    );
    if (!allowed)
      throw new AppError('unprocessable', 'You alone have written this post-mortem. Nothing was changed.', {
        hint: 'Ask somebody else to look at it and approve it.',
      });
    return move(tx, held, 'approve', 'approved');
  },
});

/**
 * Tells the team of an approved post-mortem.
 * @throws AppError `not_found`; `conflict` when somebody was quicker; `unprocessable` when it is not approved
 */
export const publishPostmortem = defineCommand({
  name: 'postmortems.publish',
  access: 'postmortems.approve',
  input: movePostmortemInput,
  handle: async (tx, { number, version }): Promise<PostmortemDetail> => {
    const held = await holdFor(tx, number, version, 'publish');
    const { internalMessage, summary } = await readSections(tx, held.id, held.revision);
    const what = held.publishedRevision === null ? 'is published' : 'is published anew';
    await tellTeam(tx, held, 'published', what, internalMessage.trim() || summary);
    return move(tx, held, 'publish', 'published');
  },
});

/**
 * Makes a post-mortem a draft again, with a reason; what was approved is to be approved anew, and only who may approve takes
 * it back. A published revision stays published until another takes its place.
 * @throws AppError `not_found`; `conflict` when somebody was quicker; `unprocessable` when it is a draft; `forbidden` for who
 * may not approve, when it is approved or published
 */
export const returnPostmortem = defineCommand({
  name: 'postmortems.return',
  access: 'postmortems.manage',
  input: returnPostmortemInput,
  handle: async (tx, { number, version, reason }): Promise<PostmortemDetail> => {
    const held = await holdFor(tx, number, version, 'return');
    authorize(tx, permissionFor('return', held.state), 'postmortems.return');
    return move(tx, held, 'return', 'returned', reason);
  },
});

/** Of all who may approve but the caller, by name. */
async function handlesOfReviewers(tx: Ctx): Promise<string[]> {
  const roles = ROLES.filter((role) => can({ type: 'user', role }, 'postmortems.approve'));
  const people = await tx.db.$queryRaw<{ handle: string }[]>`
    SELECT u.slack_handle AS handle FROM app_user u
    WHERE u.role::text = ANY (${roles}::text[]) AND u.slack_handle IS NOT NULL
      AND u.id IS DISTINCT FROM ${tx.actor.id}::uuid AND ${mayAct(tx)}
    ORDER BY u.name, u.email LIMIT ${MENTIONS_MAX}`;
  return people.map(({ handle }) => handle);
}

async function holdFor(tx: Ctx, number: number, version: number, way: Move): Promise<Held> {
  const held = await holdPostmortem(tx, number);
  assertVersion(held, version);
  if (stateAfter(held.state, way) !== null) return held;
  const state = POSTMORTEM_STATE_LABELS[held.state].toLowerCase();
  throw new AppError(
    'unprocessable',
    `The post-mortem of ${incidentName(number)} is ${state}: there is no way to ${way} it. Nothing was changed.`,
  );
}

async function move(
  tx: Ctx,
  held: Held,
  way: Move,
  kind: DecisionKind,
  reason: string | null = null,
): Promise<PostmortemDetail> {
  const after = stateAfter(held.state, way);
  await tx.db.$executeRaw`
    UPDATE postmortem SET state = ${after}, version = version + 1, changed_at = clock_timestamp(),
      published_at = CASE WHEN ${after} = 'published' THEN clock_timestamp() ELSE published_at END,
      published_revision = CASE WHEN ${after} = 'published' THEN revision ELSE published_revision END
    WHERE id = ${held.id}::uuid`;
  await tx.db.postmortemDecision.create({
    data: {
      postmortemId: held.id,
      kind,
      revision: held.revision,
      reason,
      personId: tx.actor.type === 'user' ? tx.actor.id : null,
      personName: tx.actor.name,
    },
    select: { id: true },
  });
  await auditPostmortem(tx, `postmortems.${way}`, held, {
    reason,
    details: { before: held.state, after, revision: held.revision },
  });
  return readDetail(tx, held.number);
}
