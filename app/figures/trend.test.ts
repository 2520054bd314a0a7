import { describe, expect, it } from 'vitest';
import { trendOf } from '#app/figures/trend';

const WORDS = { more: 'longer', less: 'shorter' };
const trend = (now: number | null, before: number | null) =>
  trendOf(now, before, WORDS, (value) => `${value} min`);

describe('a figure beside the one before', () => {
  it.each([
    [12, 10, 'up', '20 % longer than before (10 min)'],
    [5, 10, 'down', '50 % shorter than before (10 min)'],
    [10.2, 10, 'up', '2 % longer than before (10 min)'],
    [10.01, 10, 'level', 'as before: 10 min'],
    [0, 0, 'level', 'as before: 0 min'],
    [4, 0, 'up', '0 min in the time before'],
    [0, 4, 'down', '100 % shorter than before (4 min)'],
  ] as const)('%d after %d', (now, before, turn, words) =>
    expect(trend(now, before)).toEqual({ turn, words }),
  );

  it('is compared with nothing where nothing was, which is not zero', () => {
    expect(trend(5, null)).toEqual({ turn: 'none', words: 'nothing to compare with in the time before' });
    expect(trend(null, 5)).toEqual({ turn: 'none', words: '5 min in the time before' });
  });
});
