import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import { incidentInput } from '#server/incidents/contract';
import { ATTACHMENT_STORE } from '#server/incidents/drivers/attachment-store';
import { AppError } from '#server/platform/errors';

interface IncidentImage {
  fileName: string;
  contentType: string;
  bytes: Uint8Array;
}

const imageInput = z.extend(incidentInput, { imageId: z.uuid('This image does not exist.') });

/** An image of the timeline of the incident in which it was written. @throws AppError `not_found` */
export const getIncidentImage = defineQuery({
  name: 'incidents.get-image',
  access: 'incidents.read',
  input: imageInput,
  handle: async (ctx, { number, imageId: id }): Promise<IncidentImage> => {
    const found = await ctx.db.incidentAttachment.findFirst({
      where: { id, entry: { incident: { number } } },
      select: { fileName: true, contentType: true },
    });
    const bytes = found && (await ctx.use(ATTACHMENT_STORE).get(ctx, id));
    if (!bytes) throw new AppError('not_found', 'This incident has no such image.');
    return { ...found, bytes };
  },
});
