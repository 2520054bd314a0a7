import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { can, PERMISSIONS, type Permission, ROLES } from '#server/auth/contract';
import { type Plan, RUN_STATUSES } from '#server/runs/contract';
import { createRedactor } from '#server/runs/redact';
import {
  decisionBar,
  fencingToken,
  hashPlan,
  isCancellable,
  isResumable,
  mayFollow,
  statusAfterCancel,
} from '#server/runs/state';

const plan: Plan = {
  procedure: 'deployments.deploy',
  title: 'Deploy v2',
  service: 'shop',
  environment: 'production',
  from: null,
  to: { id: 'a', tag: 'v2', commitSha: 'b', title: 'c' },
  steps: [{ key: 'switch', title: 'Switch', detail: '' }],
  params: { tag: 'v2', commitSha: 'b' },
  skips: [],
  budgetMs: 90_000,
};

describe('run states', () => {
  it('lets nothing follow an end but a resume', () => {
    for (const to of RUN_STATUSES) {
      expect(mayFollow('succeeded', to)).toBe(false);
      expect(mayFollow('cancelled', to)).toBe(false);
      expect(mayFollow('failed', to)).toBe(to === 'queued');
    }
  });

  it('agrees with itself about cancelling and resuming', () => {
    for (const status of RUN_STATUSES) {
      if (isCancellable(status)) expect(mayFollow(status, statusAfterCancel(status))).toBe(true);
      expect(isResumable(status)).toBe(status !== 'awaiting_approval' && mayFollow(status, 'queued'));
    }
  });
});

describe('deciding about a run', () => {
  const permissions = Object.keys(PERMISSIONS) as Permission[];
  const subjects = fc.record({
    type: fc.constantFrom('user', 'system', 'anonymous'),
    id: fc.constantFrom('ann', 'ben', null),
    role: fc.constantFrom(...ROLES, 'owner', null),
    token: fc.option(fc.record({ scopes: fc.subarray(permissions) })),
  });

  it('is for another person than who asked, who may approve and may ask for the same', () => {
    fc.assert(
      fc.property(
        subjects,
        fc.constantFrom('ann', 'ben', null),
        fc.constantFrom(...permissions),
        (subject, requestedById, permission) => {
          const isSecond = subject.type === 'user' && subject.id !== null && subject.id !== requestedById;
          const may = can(subject, 'runs.approve') && can(subject, permission);
          expect(decisionBar(subject, { requestedById, permission }) === null).toBe(isSecond && may);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('hashPlan', () => {
  it('does not depend on the order of keys', () => {
    const turned = Object.fromEntries(Object.entries(plan).reverse()) as unknown as Plan;
    expect(hashPlan(turned)).toBe(hashPlan(plan));
  });

  it('changes with whatever would be done', () => {
    const hashes = [
      plan,
      { ...plan, from: plan.to },
      { ...plan, environment: 'staging' },
      { ...plan, params: { ...plan.params, commitSha: 'c' } },
      { ...plan, steps: [] },
    ].map(hashPlan);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('fencingToken', () => {
  it('grows as text with run number, then fence', () => {
    const pair = fc.tuple(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e5 }));
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const isLater = a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
        expect(fencingToken(...a) > fencingToken(...b)).toBe(isLater);
      }),
    );
  });
});

describe('createRedactor', () => {
  it('leaves no known value, whatever stands around it', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9/+=!@#$%^&*]{8,40}$/);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        expect(createRedactor([value])(`${before}${value}${after}`)).not.toContain(value);
      }),
    );
  });

  it.each([
    ['postgres://shop:hunter2secret@127.0.0.1:5432/shop', 'hunter2secret'],
    ['Authorization: Bearer abcdefghijklmnop', 'abcdefghijklmnop'],
    ['using sk_live_51H8abcdefgh now', 'sk_live_51H8abcdefgh'],
    ['password=correcthorse battery', 'correcthorse'],
    ['{"token": "abcdef123456"}', 'abcdef123456'],
    ['xoxb-1234567890-abcdef', 'xoxb-1234567890-abcdef'],
  ])('hides the secret of %s', (line, value) => {
    expect(createRedactor([])(line)).not.toContain(value);
  });

  it('leaves ordinary lines alone', () => {
    expect(createRedactor(['abc'])('GET /shop 200 in 4 ms (abc)')).toBe('GET /shop 200 in 4 ms (abc)');
  });
});
