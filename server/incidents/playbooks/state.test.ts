import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DamageAt } from '#server/incidents/playbooks/contract';
import {
  damageWords,
  doneOf,
  keyOf,
  restoreWords,
  settleProblem,
  stepsToAdd,
} from '#server/incidents/playbooks/state';

const KEYS = ['alert-critical', 'start', 'assess-damage', 'workaround', 'schedule-fix'];
const template = fc.record({
  level: fc.integer({ min: 1, max: 4 }),
  key: fc.constantFrom(...KEYS),
  position: fc.integer({ min: 1, max: 9 }),
  isActive: fc.boolean(),
});
const templates = fc.uniqueArray(template, { selector: ({ level, key }) => `${level} ${key}` });
const level = fc.integer({ min: 1, max: 4 });

describe('which steps an incident gets', () => {
  it('are those of its level that are in use, in their order', () => {
    const all = [
      { level: 1, key: 'start', position: 2, isActive: true },
      { level: 1, key: 'alert-critical', position: 1, isActive: true },
      { level: 1, key: 'old', position: 3, isActive: false },
      { level: 2, key: 'workaround', position: 1, isActive: true },
    ];
    expect(stepsToAdd(all, 1, new Set()).map(({ key }) => key)).toEqual(['alert-critical', 'start']);
    expect(stepsToAdd(all, 1, new Set(['start'])).map(({ key }) => key)).toEqual(['alert-critical']);
    expect(stepsToAdd(all, 3, new Set())).toEqual([]);
  });

  it('never come twice, never leave one out, and are nobody else’s', () => {
    fc.assert(
      fc.property(templates, level, fc.subarray(KEYS), (all, at, has) => {
        const added = stepsToAdd(all, at, new Set(has));
        const keys = added.map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
        for (const each of added) {
          expect(each).toMatchObject({ level: at, isActive: true });
          expect(has).not.toContain(each.key);
        }
        const due = all.filter((each) => each.level === at && each.isActive).map(({ key }) => key);
        expect(new Set([...has, ...keys])).toEqual(new Set([...has, ...due]));
        const positions = added.map(({ position }) => position);
        expect(positions).toEqual([...positions].sort((a, b) => a - b));
      }),
    );
  });

  it('are none once it has them: to go through levels and back adds each step once', () => {
    fc.assert(
      fc.property(templates, fc.array(level, { maxLength: 8 }), (all, levels) => {
        const has: string[] = [];
        for (const at of levels) {
          const added = stepsToAdd(all, at, new Set(has)).map(({ key }) => key);
          has.push(...added);
          expect(stepsToAdd(all, at, new Set(has))).toEqual([]);
        }
        expect(new Set(has).size).toBe(has.length);
      }),
    );
  });
});

describe('settling', () => {
  it('tells why not', () => {
    expect(settleProblem('open', 'done', undefined)).toBeNull();
    expect(settleProblem('failed', 'open', undefined)).toBeNull();
    expect(settleProblem('done', 'done', undefined)).toContain('already');
    expect(settleProblem('open', 'skipped', '')).toContain('Say why');
    expect(settleProblem('open', 'skipped', 'Not ours')).toBeNull();
    expect(settleProblem('running', 'done', undefined)).toContain('wait');
  });

  it('counts what needs nobody any more', () => {
    const states = ['open', 'running', 'done', 'skipped', 'failed'] as const;
    expect(doneOf(states.map((state) => ({ state })))).toBe(2);
  });
});

it('a key is made of a title, and is nobody else’s', () => {
  expect(keyOf('Call the provider (Stripe)!', new Set())).toBe('call-the-provider-stripe');
  expect(keyOf('Prévenir l’équipe', new Set(['pre-venir-l-e-quipe']))).toMatch(/^pre/);
  expect(keyOf('Look', new Set(['look', 'look-2']))).toBe('look-3');
  expect(keyOf('***', new Set())).toBe('step');
});

it('an assessment says what was measured, and what was not and why', () => {
  const place: DamageAt = {
    service: 'shop',
    environment: 'production',
    health: 'failed',
    checks: ['Health', 'Basket', 'Checkout', 'Search'].map((title) => ({
      checkId: title,
      title,
      target: 'http://127.0.0.1/',
      state: 'failed',
      since: null,
      message: null,
    })),
    checksTotal: 6,
    checksFailing: 4,
    errorPercent: 12.3456,
    latencyP95Ms: null,
    requestsPerSecond: 140.2,
    endpoints: [{ route: '/checkout', errorPercent: 66.67, requestsPerSecond: 2 }],
    alerts: [],
    changes: [],
    notMeasured: ['response time: no metrics of it came in the last 5 minutes.'],
  };
  expect(damageWords({ places: [place], notMeasured: [] }).split('\n')).toEqual([
    'Damage assessed.',
    'shop/production: 4 of 6 checks fail: Health, Basket, Checkout and 1 more. Of the last 5 minutes: errors 12.3 %, 140 requests/s. Errors by endpoint: /checkout 66.7 %. No alert is open. Nothing was changed in the last 24 hours.',
    'Not measured: response time: no metrics of it came in the last 5 minutes.',
  ]);
});

it('a proposal says what is possible, and why the rest is not', () => {
  const path = '/shop/production/rollback';
  const options = [
    { way: 'rollback' as const, isPossible: true, words: 'v1.1.0 to v1.0.0', path },
    { way: 'restart' as const, isPossible: false, words: 'Nothing is live', path },
  ];
  const places = [{ service: 'shop', environment: 'production', options }];
  expect(restoreWords({ places, notMeasured: [] })).toBe(
    'Looked at what could restore it; nothing was started.\nshop/production: possible now: roll back (v1.1.0 to v1.0.0); not possible: restart (Nothing is live).',
  );
});
