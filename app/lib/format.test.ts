import { describe, expect, it } from 'vitest';
import {
  formatClock,
  formatCount,
  formatDuration,
  formatInZone,
  formatRelative,
  formatUtc,
  formatUtcTime,
  plural,
  shortSha,
  stripAnsi,
} from '#app/lib/format';

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [84.4, '84 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_499, '59 s'],
    [59_600, '1 min 00 s'],
    [64_000, '1 min 04 s'],
    [3_599_600, '1 h 00 min'],
    [7_500_000, '2 h 05 min'],
    [86_400_000 * 3 + 3_600_000 * 4, '3 d 4 h'],
    [-5, '0 ms'],
  ])('%d ms reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('formatClock', () => {
  it.each([
    [0, '0:00'],
    [7_999, '0:07'],
    [90_000, '1:30'],
    [3_729_000, '1:02:09'],
    [-1, '0:00'],
  ])('%d ms reads %s', (ms, text) => expect(formatClock(ms)).toBe(text));
});

describe('formatRelative', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  it.each([
    [4_000, 'just now'],
    [40_000, '40 s ago'],
    [5 * 60_000 + 59_000, '5 min ago'],
    [3 * 3_600_000, '3 h ago'],
    [47 * 3_600_000, '1 d ago'],
    [31 * 86_400_000, '2026-01-29'],
    [-300_000, 'in 5 min'],
  ])('%d ms before now reads %s', (ms, text) => expect(formatRelative(now - ms, now)).toBe(text));
});

describe('times, counts and text', () => {
  it('shows UTC with its name', () =>
    expect(formatUtc('2026-03-01T09:05:07.123Z')).toBe('2026-03-01 09:05:07 UTC'));
  it('shows milliseconds in log lines', () =>
    expect(formatUtcTime('2026-03-01T09:05:07.120Z')).toBe('09:05:07.120'));
  it('tells a time by the clocks of a zone, summer time included', () => {
    expect(formatInZone('2026-03-06T16:00:00Z', 'Europe/Paris')).toBe('Fri 2026-03-06 17:00');
    expect(formatInZone('2026-07-03T22:30:00Z', 'Europe/Paris')).toBe('Sat 2026-07-04 00:30');
  });
  it('groups thousands', () => expect(formatCount(1_234_567)).toBe('1,234,567'));
  it('agrees in number', () =>
    expect([plural(1, 'run'), plural(2_000, 'run')]).toEqual(['1 run', '2,000 runs']));
  it('shortens commits', () => expect(shortSha('0123456789abcdef')).toBe('0123456'));
  it('removes terminal colours only', () =>
    expect(stripAnsi('\u001b[1;31merror\u001b[0m [0m kept')).toBe('error [0m kept'));
});
