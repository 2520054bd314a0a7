import { createHash, randomBytes } from 'node:crypto';

/** A secret of 256 random bits, base64url: what a cookie or a one-time link carries. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What the database keeps of a token: SHA-256, hex. The token itself has enough entropy to need no slow hash. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
