import { randomBytes } from 'node:crypto';

/** Makes identifiers; injected so that tests can predict them. */
export interface Ids {
  /** A UUID version 7 (RFC 9562): random, and ordered by creation time in milliseconds. */
  uuid(): string;
}

/** A UUID version 7 of the given time (RFC 9562, section 5.7). */
function uuidV7(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const randomIds: Ids = { uuid: () => uuidV7(Date.now()) };
