import { createHash, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Response } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

const WINDOW_SECONDS = 60;
/** Addresses share so many counters, so that however many call, the memory stays the same (about 20 MB at most). */
const ADDRESS_COUNTERS = 65_536;

export interface RateLimits {
  /** Counts a request of whom the context acts as, and tells the standing in the headers. @throws AppError `rate_limited` */
  count(ctx: Ctx, res: Response): Promise<void>;
}

/** Limits a minute, counted in this process: for each token, for each person in a browser, and for each address of nobody. */
export function createRateLimits(limits: { signedIn: number; anonymous: number }): RateLimits {
  const signedIn = limiter('caller', limits.signedIn);
  const anonymous = limiter('address', limits.anonymous);
  // Unknown to callers, so that nobody can choose an address that shares another's counter.
  const salt = randomBytes(16);
  const counterOf = (address: string): string => {
    const digest = createHash('sha256').update(salt).update(networkOf(address)).digest();
    return String(digest.readUInt32BE(0) % ADDRESS_COUNTERS);
  };
  return {
    count: (ctx, res) => {
      const { actor, request } = ctx;
      if (actor.type === 'anonymous') return take(anonymous, counterOf(request.ipAddress ?? ''), res);
      return take(signedIn, actor.token ? `token:${actor.token.id}` : `${actor.type}:${actor.id}`, res);
    },
  };
}

function limiter(keyPrefix: string, points: number): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix, points, duration: WINDOW_SECONDS });
}

/** Headers of draft-ietf-httpapi-ratelimit-headers. */
async function take(limiter: RateLimiterMemory, key: string, res: Response): Promise<void> {
  const standing = await limiter.consume(key).catch((refusal: unknown) => {
    if (refusal instanceof RateLimiterRes) return refusal;
    throw refusal;
  });
  const seconds = Math.max(1, Math.ceil(standing.msBeforeNext / 1_000));
  res.setHeader('RateLimit-Policy', `"${limiter.keyPrefix}";q=${limiter.points};w=${WINDOW_SECONDS}`);
  res.setHeader('RateLimit', `"${limiter.keyPrefix}";r=${standing.remainingPoints};t=${seconds}`);
  if (standing.consumedPoints <= limiter.points) return;
  throw new AppError(
    'rate_limited',
    `More than ${limiter.points} requests within a minute. Nothing was changed.`,
    { hint: `Go on in ${seconds} s.`, retryAfterSeconds: seconds },
  );
}

/** What one subscriber has: an IPv4 address, or the first half of an IPv6 one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').toLowerCase().split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, missing)).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
