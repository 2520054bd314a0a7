import { type Ctx, defineToken } from '#server/platform/context';

/** Keeps the bytes of what is attached to entries. What is kept never changes. */
export interface AttachmentStore {
  /** Keeps them under an id that nothing is kept under yet, with the caller's transaction where it can. */
  put(tx: Ctx, id: string, bytes: Uint8Array): Promise<void>;
  /** Null where nothing is kept under the id. */
  get(ctx: Ctx, id: string): Promise<Uint8Array | null>;
}

export const ATTACHMENT_STORE = defineToken<AttachmentStore>('attachment store');
