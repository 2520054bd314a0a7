import type { AttachmentStore } from '#server/incidents/drivers/attachment-store';

/** Keeps attachments in the database, so that a copy of it is whole. */
export const postgresAttachments: AttachmentStore = {
  put: async (tx, id, bytes) => {
    await tx.db.incidentAttachmentContent.create({
      data: { id, bytes: new Uint8Array(bytes) },
      select: { id: true },
    });
  },
  get: async (ctx, id) => {
    const found = await ctx.db.incidentAttachmentContent.findUnique({
      where: { id },
      select: { bytes: true },
    });
    return found?.bytes ?? null;
  },
};
