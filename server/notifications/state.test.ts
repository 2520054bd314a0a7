import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, mentionText, reasonOf, retryAfterMs, utcTime } from '#server/notifications/state';

describe('backoffMs', () => {
  it('grows to the longest, is never below half of its step, and never above the longest', () => {
    const settings = { baseMs: 1_000, maxMs: 60_000 };
    expect([1, 2, 3, 6, 7, 40].map((failures) => backoffMs(failures, settings, 1))).toEqual([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const ms = backoffMs(failures, settings, random);
          expect(ms).toBeGreaterThanOrEqual(500);
          expect(ms).toBeLessThanOrEqual(60_000);
        },
      ),
    );
  });
});

describe('retryAfterMs', () => {
  const now = new Date('2026-01-01T12:00:00Z');
  it.each([
    ['30', 30_000],
    [' 1.5 ', 1_500],
    ['Thu, 01 Jan 2026 12:00:10 GMT', 10_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['999999999', 3_600_000],
    ['soon', null],
    ['-5', 0],
    ['', null],
    [null, null],
  ])('takes %j as %j ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});

it('a time that is told is never before the real one', () => {
  expect(utcTime(new Date('2026-01-01T12:03:09.001Z'))).toBe('12:03:10 UTC');
  expect(utcTime(new Date('2026-01-01T12:03:10.000Z'))).toBe('12:03:10 UTC');
});

it('a handle rings a member, a group, or nobody', () => {
  expect(mentionText('tech-lead', 'U123ABC')).toBe('<@U123ABC>');
  expect(mentionText('devops', 'S123ABC')).toBe('<!subteam^S123ABC>');
  expect(mentionText('nobody', null)).toBe('@nobody');
});

describe('reasonOf', () => {
  const now = new Date('2026-01-01T12:00:00Z');
  const before = new Date(now.getTime() - 11_000);
  const after = new Date(now.getTime() + 1_000);
  const plain = {
    state: 'pending' as const,
    reason: null,
    nextAttemptAt: now,
    earlierSequence: null,
    holdUntil: null,
    holdReason: null,
  };
  it('says what a waiting one waits for, the nearest cause first', () => {
    expect(reasonOf(plain, now)).toBeNull();
    expect(reasonOf({ ...plain, nextAttemptAt: before }, now)).toContain('No worker');
    expect(reasonOf({ ...plain, reason: 'Slack answered 500.', nextAttemptAt: after }, now)).toBe(
      'Slack answered 500.',
    );
    const held = { ...plain, holdUntil: after, holdReason: 'Slack asks to wait.' };
    expect(reasonOf(held, now)).toBe('Slack asks to wait.');
    expect(reasonOf({ ...held, earlierSequence: 2 }, now)).toContain('number 2');
    expect(reasonOf({ ...held, holdUntil: before }, now)).toBeNull();
  });
  it('keeps the reason of what has ended, whatever the channel does', () => {
    const skipped = { ...plain, state: 'skipped' as const, reason: 'No webhook.' };
    expect(reasonOf({ ...skipped, holdUntil: after, holdReason: 'other' }, now)).toBe('No webhook.');
  });
});
