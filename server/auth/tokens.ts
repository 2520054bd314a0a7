import { createHash, randomBytes } from 'node:crypto';

/** A secret of 256 random bits, base64url: what a cookie or a one-time link carries. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What the database keeps of a token: SHA-256, hex. The token itself has enough entropy to need no slow hash. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** What an API token begins with, so that people and scanners of leaked secrets know it when they see it. */
const API_TOKEN_PREFIX = 'hvo_';

/** The secret of a new API token: the prefix and 256 random bits. */
export function newApiToken(): string {
  return API_TOKEN_PREFIX + newToken();
}

/** True for what {@link newApiToken} could have made. */
export function looksLikeApiToken(text: string): boolean {
  return text.startsWith(API_TOKEN_PREFIX) && /^[\w-]{43}$/.test(text.slice(API_TOKEN_PREFIX.length));
}
