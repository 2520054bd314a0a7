import type { FormValues } from '#app/http/form.server';
import { addIncidentImages } from '#server/incidents/commands/add-images';
import { assignIncidentRole } from '#server/incidents/commands/assign-role';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { changeIncidentTitle } from '#server/incidents/commands/change-title';
import { leaveIncidentRole } from '#server/incidents/commands/leave-role';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import { parseComposed } from '#server/incidents/composer';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { findRunByNumber } from '#server/runs/queries';

/**
 * Does what a person wrote into the line of a timeline.
 * @param files images that go with it
 * @throws AppError `invalid_input` for a command that means nothing or takes no images, and what the commands throw
 */
export async function compose(
  ctx: Ctx,
  number: string,
  { text, version, alt }: FormValues,
  files: File[],
): Promise<void> {
  const meant = parseComposed(typeof text === 'string' ? text : '', ctx.clock.now());
  const isNote = meant.kind === 'note' || meant.kind === 'action';
  if (files.length > 0 && !isNote && meant.kind !== 'problem') {
    const problem = 'Images go with a note or with /action.';
    throw new AppError('invalid_input', `${problem} Nothing was changed.`, {
      hint: 'Send the command without them, and the images by themselves.',
      fields: { images: [problem] },
    });
  }
  switch (meant.kind) {
    case 'problem':
      throw new AppError('invalid_input', `${meant.problem} Nothing was changed.`, {
        hint: meant.hint,
        fields: { text: [`${meant.problem} ${meant.hint}`] },
      });
    case 'note':
    case 'action': {
      const { kind, text: words } = meant;
      const occurredAt = meant.occurredAt?.toISOString();
      if (files.length === 0) await addIncidentNote(ctx, { number, text: words, kind, occurredAt });
      else {
        const images = await Promise.all(files.map(readFile));
        await addIncidentImages(ctx, { number, text: words, kind, occurredAt, alt, images });
      }
      return;
    }
    case 'state':
      await changeIncidentState(ctx, { number, version, state: meant.state, note: meant.note ?? undefined });
      return;
    case 'level':
      await changeIncidentLevel(ctx, { number, version, level: meant.level, reason: meant.reason });
      return;
    case 'role':
      await assignIncidentRole(ctx, { number, version, role: meant.role, email: meant.email ?? undefined });
      return;
    case 'leave':
      await leaveIncidentRole(ctx, { number, version, role: meant.role, email: meant.email ?? undefined });
      return;
    case 'evidence': {
      const { of, id, text: words } = meant;
      const what = of === 'alert' ? { alertId: id } : { runId: await runIdOf(ctx, id) };
      await addIncidentNote(ctx, { number, text: words, ...what });
      return;
    }
    case 'title':
      await changeIncidentTitle(ctx, { number, version, title: meant.title });
  }
}

async function readFile(file: File): Promise<{ fileName: string; base64: string }> {
  return { fileName: file.name, base64: Buffer.from(await file.arrayBuffer()).toString('base64') };
}

/** The run of a number, or of an id. @throws AppError `unprocessable` where there is none, so that what was written stays */
async function runIdOf(ctx: Ctx, given: string): Promise<string> {
  if (!/^\d+$/.test(given)) return given;
  try {
    return (await findRunByNumber(ctx, { number: given })).id;
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'not_found') throw error;
    throw new AppError('unprocessable', `There is no run #${given}. Nothing was changed.`, {
      hint: 'Open the list of runs to see its number.',
    });
  }
}
