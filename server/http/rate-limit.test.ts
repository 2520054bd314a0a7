import type { Response } from 'express';
import { describe, expect, it } from 'vitest';
import { createRateLimits, networkOf } from '#server/http/rate-limit';
import type { Actor, Ctx } from '#server/platform/context';

const ANYBODY: Actor = { type: 'anonymous', id: null, name: 'anonymous', role: null };
const person = (id: string, tokenId?: string): Actor => ({
  type: 'user',
  id,
  name: id,
  role: 'viewer',
  ...(tokenId ? { token: { id: tokenId, name: tokenId, scopes: [] } } : {}),
});

/** Counts one request; what it comes to. */
async function count(limits: ReturnType<typeof createRateLimits>, actor: Actor, ipAddress = '192.0.2.1') {
  const headers: Record<string, string> = {};
  const res = { setHeader: (name: string, value: string) => (headers[name] = value) } as unknown as Response;
  const refusal = await limits.count({ actor, request: { ipAddress } } as Ctx, res).then(
    () => null,
    (error: { kind: string; retryAfterSeconds: number }) => error,
  );
  return { refusal, headers };
}

describe('rate limits', () => {
  it('let through as many as allowed and refuse the next, saying when to go on', async () => {
    const limits = createRateLimits({ signedIn: 3, anonymous: 1 });
    for (const left of [2, 1, 0]) {
      const { refusal, headers } = await count(limits, person('one', 'token'));
      expect(refusal).toBeNull();
      expect(headers['RateLimit-Policy']).toBe('"caller";q=3;w=60');
      expect(headers.RateLimit).toMatch(new RegExp(`^"caller";r=${left};t=\\d+$`));
    }
    const { refusal } = await count(limits, person('one', 'token'));
    expect(refusal).toMatchObject({ kind: 'rate_limited' });
    expect(refusal?.retryAfterSeconds).toBeGreaterThan(0);
    expect(refusal?.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('are each token’s, each person’s in a browser and each network’s own', async () => {
    const limits = createRateLimits({ signedIn: 1, anonymous: 1 });
    const callers: [Actor, string][] = [
      [person('one', 'first'), '192.0.2.1'],
      [person('one', 'second'), '192.0.2.1'],
      [person('one'), '192.0.2.1'],
      [person('two'), '192.0.2.1'],
      [ANYBODY, '192.0.2.1'],
      [ANYBODY, '2001:db8:1:2::1'],
    ];
    for (const [actor, address] of callers) expect((await count(limits, actor, address)).refusal).toBeNull();
    for (const [actor, address] of callers) {
      expect((await count(limits, actor, address)).refusal).toMatchObject({ kind: 'rate_limited' });
    }
    const sameNetwork = await count(limits, ANYBODY, '2001:db8:1:2:ffff::9');
    expect(sameNetwork.refusal).toMatchObject({ kind: 'rate_limited' });
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:1:2::1', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
