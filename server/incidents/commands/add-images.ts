import { createHash } from 'node:crypto';
import type * as z from 'zod/mini';
import { defineCommand } from '#server/auth/guard';
import { addIncidentImagesInput, type IncidentEntryView } from '#server/incidents/contract';
import { ATTACHMENT_STORE } from '#server/incidents/drivers/attachment-store';
import { type ImageFacts, imageFacts } from '#server/incidents/images';
import { pastMoment } from '#server/incidents/moments';
import { addEntry, auditIncident, holdIncident } from '#server/incidents/records';
import { readEntry } from '#server/incidents/timeline';
import { INCIDENT_IMAGES_BYTES } from '#server/incidents/words/contract';
import { AppError } from '#server/platform/errors';

type Given = z.output<typeof addIncidentImagesInput>['images'][number];

interface Checked extends ImageFacts {
  fileName: string;
  bytes: Uint8Array;
  sha256: string;
}

/**
 * Adds images to the timeline, with what there is to say about them, of now or of a time before.
 * @throws AppError `not_found`, `conflict` for a merged incident, `invalid_input` for a time that has not come yet, for what is no
 * image by its content, and for images that are too large
 */
export const addIncidentImages = defineCommand({
  name: 'incidents.add-images',
  access: 'incidents.manage',
  input: addIncidentImagesInput,
  prepare: async (_ctx, { images }) => {
    const total = images.reduce((sum, { base64 }) => sum + Buffer.byteLength(base64, 'base64'), 0);
    if (total > INCIDENT_IMAGES_BYTES) {
      const names = images.map(nameOf).join(', ');
      throw refusal(
        `${names}: ${megabytes(total)} MB are too much. Images have at most ${megabytes(INCIDENT_IMAGES_BYTES)} MB, all together.`,
        'Send fewer at once, crop them, or save them smaller.',
      );
    }
    return images.map(checked);
  },
  handle: async (tx, input, images): Promise<IncidentEntryView> => {
    const { number, text, kind, alt } = input;
    const occurredAt = pastMoment(tx, 'occurredAt', input.occurredAt);
    const incident = await holdIncident(tx, number);
    const names = images.map(({ fileName }) => fileName).join(', ');
    const entryId = (await addEntry(tx, incident.id, {
      kind: kind === 'note' ? 'evidence' : kind,
      text: text || `${images.length === 1 ? 'An image' : 'Images'}: ${names}`,
      occurredAt,
    })) as bigint;
    const store = tx.use(ATTACHMENT_STORE);
    for (const { bytes, ...image } of images) {
      const id = tx.ids.uuid();
      await tx.db.incidentAttachment.create({
        data: { id, entryId, ...image, sizeBytes: bytes.byteLength, alt: alt || image.fileName },
        select: { id: true },
      });
      await store.put(tx, id, bytes);
    }
    await auditIncident(tx, 'incidents.add-images', incident, {
      details: {
        entryId: String(entryId),
        images: images.map(({ fileName, sha256 }) => ({ fileName, sha256 })),
      },
    });
    return readEntry(tx, entryId);
  },
});

function checked(image: Given): Checked {
  const fileName = nameOf(image);
  const bytes = Buffer.from(image.base64, 'base64');
  if (bytes.toString('base64') !== image.base64)
    throw refusal(
      `${fileName} is not in base64.`,
      'Encode its bytes as RFC 4648 says, padded and in one line.',
    );
  const facts = imageFacts(bytes);
  if (!facts)
    throw refusal(
      `${fileName} is no image that can be shown here: it has to be a PNG, JPEG, WebP or GIF by its content, whatever it is called.`,
      'Take a screenshot, or save it as PNG.',
    );
  return { ...facts, fileName, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A name without signs that no file has; what is pasted often has none at all. */
function nameOf({ fileName }: Given): string {
  return (
    fileName
      .replace(/[\p{C}/\\]+/gu, ' ')
      .trim()
      .slice(0, 100) || 'image'
  );
}

function refusal(problem: string, hint: string): AppError {
  return new AppError('invalid_input', `${problem} Nothing was changed.`, {
    hint,
    fields: { images: [`${problem} ${hint}`] },
  });
}

function megabytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(1).replace(/\.0$/, '');
}
