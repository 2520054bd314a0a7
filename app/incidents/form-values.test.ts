import { describe, expect, it } from 'vitest';
import { numberOf, placeOf, utcMomentOf } from '#app/incidents/form-values';

describe('what the forms of incidents hold', () => {
  it('is a service, one of its environments, or none', () => {
    expect(placeOf('shop')).toEqual({ service: 'shop' });
    expect(placeOf('shop/production')).toEqual({ service: 'shop', environment: 'production' });
    expect(placeOf('')).toEqual({});
    expect(placeOf(undefined)).toEqual({});
  });

  it('is a time of UTC unless it says otherwise', () => {
    expect(utcMomentOf('2026-03-01T14:05')).toBe('2026-03-01T14:05:00Z');
    expect(utcMomentOf('2026-03-01T14:05+02:00')).toBe('2026-03-01T14:05:00+02:00');
    expect(utcMomentOf('2026-03-01T14:05:09')).toBe('2026-03-01T14:05:09Z');
    expect(utcMomentOf('2026-03-01T14:05:00+02:00')).toBe('2026-03-01T14:05:00+02:00');
    expect(utcMomentOf(' ')).toBeUndefined();
  });

  it('is a number as people write it, and what it is not stays as it was', () => {
    expect(['42', 'INC-42', ' inc-42', '#42'].map(numberOf)).toEqual(['42', '42', '42', '42']);
    expect(numberOf('the other one')).toBe('the other one');
  });
});
