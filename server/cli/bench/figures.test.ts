import { describe, expect, it } from 'vitest';
import { percentile, summary } from '#server/cli/bench/figures';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_each, at) => 100 - at);

  it('is the value below which the share lies, whatever the order', () => {
    expect(percentile(hundred, 0.95)).toBe(96);
    expect(percentile(hundred, 0.5)).toBe(51);
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
  });

  it('does not hide the slowest of few, and compares numbers as numbers', () => {
    expect(percentile([9, 100, 20], 0.95)).toBe(100);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.95)).toBe(7);
  });

  it('leaves its values as they were and refuses to make a figure of none', () => {
    const values = [2, 1];
    percentile(values, 0.5);
    expect(values).toEqual([2, 1]);
    expect(() => percentile([], 0.95)).toThrow('Nothing was measured');
  });
});

describe('summary', () => {
  it('is one line of JSON with both figures and their ratio', () => {
    const line = summary('pages', 48.26, 32.04, { allowed: 60 });
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      bench: 'pages',
      ours: 48.3,
      baseline: 32,
      unit: 'ms',
      ratio: 1.506,
      allowed: 60,
    });
  });
});
