import { describe, expect, it } from 'vitest';
import { practiceLast, theOnlyOne } from '#app/lib/places';

const production = { name: 'production', isPractice: false };
const staging = { name: 'staging', isPractice: false };
const practice = { name: 'practice', isPractice: true };

describe('theOnlyOne', () => {
  it('passes practice environments over', () => {
    expect(theOnlyOne([practice, production])).toBe(production);
    expect(theOnlyOne([production, practice, staging])).toBeNull();
  });

  it('takes a practice environment only where there is nothing else', () => {
    expect(theOnlyOne([practice])).toBe(practice);
    expect(theOnlyOne([practice, { ...practice }])).toBeNull();
    expect(theOnlyOne([])).toBeNull();
  });
});

describe('practiceLast', () => {
  it('keeps the order otherwise', () => {
    expect(practiceLast([practice, staging, production])).toEqual([staging, production, practice]);
  });
});
