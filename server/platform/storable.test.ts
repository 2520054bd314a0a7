import fc from 'fast-check';
import { expect, it } from 'vitest';
import { storable } from '#server/platform/storable';

it('every text becomes one that can be kept', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 0xffff })),
      fc.integer({ min: 2, max: 30 }),
      (units, max) => {
        const kept = storable(`${String.fromCharCode(...units)}\0\uD800`, max);
        expect(kept.length).toBeLessThanOrEqual(max);
        expect(kept).not.toMatch(/\0|\p{Surrogate}/u);
      },
    ),
  );
  expect(storable('plain', 5)).toBe('plain');
});
