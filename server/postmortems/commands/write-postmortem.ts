import { defineCommand } from '#server/auth/guard';
import { getIncident } from '#server/incidents/queries';
import { incidentName } from '#server/incidents/words/contract';
import { systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { begin } from '#server/postmortems/begin';
import { type PostmortemDetail, postmortemInput, savePostmortemInput } from '#server/postmortems/contract';
import { readDetail, readSections } from '#server/postmortems/read-detail';
import { addRevision, assertVersion, auditPostmortem, holdPostmortem } from '#server/postmortems/records';
import { mayWrite } from '#server/postmortems/state';
import { POSTMORTEM_STATE_LABELS, SECTION_KEYS, type Sections } from '#server/postmortems/words/contract';

/**
 * Begins the post-mortem of a resolved incident of any level.
 * @throws AppError `not_found`; `conflict` when it has one; `unprocessable` for an open incident or a merged one
 */
export const createPostmortem = defineCommand({
  name: 'postmortems.create',
  access: 'postmortems.manage',
  input: postmortemInput,
  handle: async (tx, { number }): Promise<PostmortemDetail> => {
    // Who may write a post-mortem reads its incident in it.
    const incident = await getIncident(tx.as(systemActor('The console')), { number });
    const name = incidentName(number);
    if (incident.number !== number)
      throw new AppError('unprocessable', `${name} was merged into ${incident.name}. Nothing was changed.`, {
        hint: `Begin the post-mortem of ${incident.name}.`,
      });
    if (incident.state !== 'resolved')
      throw new AppError('unprocessable', `${name} is not resolved yet. Nothing was changed.`, {
        hint: 'Resolve it first: its length and its end are part of the draft.',
      });
    if (!(await begin(tx, incident)))
      throw new AppError('conflict', `${name} has a post-mortem already. Nothing was changed.`, {
        hint: 'Go on in that one.',
      });
    return readDetail(tx, number);
  },
});

/**
 * Keeps another text as a revision, and the kind of its root cause. What is not given stays as it is.
 * @throws AppError `not_found`; `conflict` when somebody was quicker; `unprocessable` when it is approved, or nothing is
 * different
 */
export const savePostmortem = defineCommand({
  name: 'postmortems.save',
  access: 'postmortems.manage',
  input: savePostmortemInput,
  handle: async (tx, { number, version, rootCauseKind, ...given }): Promise<PostmortemDetail> => {
    const held = await holdPostmortem(tx, number);
    assertVersion(held, version);
    if (!mayWrite(held.state))
      throw new AppError(
        'unprocessable',
        `This post-mortem is ${POSTMORTEM_STATE_LABELS[held.state].toLowerCase()}, so its text stays as it is. Nothing was changed.`,
        { hint: 'Take it back to a draft first, and say why.' },
      );
    const before = await readSections(tx, held.id, held.revision);
    const sections = Object.fromEntries(
      SECTION_KEYS.map((key) => [key, given[key] ?? before[key]]),
    ) as Sections;
    const changed = SECTION_KEYS.filter((key) => sections[key] !== before[key]);
    const kind = rootCauseKind ?? held.rootCauseKind;
    if (changed.length === 0 && kind === held.rootCauseKind)
      throw new AppError('unprocessable', 'The text is as it was. Nothing was changed.');
    const revision = held.revision + (changed.length === 0 ? 0 : 1);
    if (changed.length > 0)
      await addRevision(tx, held.id, revision, sections, tx.actor.type === 'user' ? tx.actor.id : null);
    await tx.db.$executeRaw`
      UPDATE postmortem SET version = version + 1, revision = ${revision}, root_cause_kind = ${kind},
        changed_at = clock_timestamp()
      WHERE id = ${held.id}::uuid`;
    const details = {
      revision,
      sections: changed,
      ...(kind === held.rootCauseKind ? {} : { rootCauseKind: kind }),
    };
    await auditPostmortem(tx, 'postmortems.save', held, { details });
    return readDetail(tx, number);
  },
});
