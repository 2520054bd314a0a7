import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  durationMs,
  levelChangeWords,
  momentProblem,
  moveOf,
  needsPostMortem,
} from '#server/incidents/state';
import {
  INCIDENT_LEVEL_CONSEQUENCES,
  INCIDENT_LEVELS,
  INCIDENT_STATES,
  type IncidentState,
} from '#server/incidents/words/contract';

const state = fc.constantFrom(...INCIDENT_STATES);
const level = fc.constantFrom(...INCIDENT_LEVELS);
const date = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
const NOW = new Date('2026-11-27T12:00:00Z');
const MINUTE = 60_000;

describe('moveOf', () => {
  it('refuses what changes nothing, and leads out of resolved only to be investigated again', () => {
    const refused = INCIDENT_STATES.flatMap((from) =>
      INCIDENT_STATES.filter((to) => moveOf(from, to) === null).map((to) => `${from} ${to}`),
    );
    expect(refused).toEqual([
      'investigating investigating',
      'identified identified',
      'monitoring monitoring',
      'resolved identified',
      'resolved monitoring',
      'resolved resolved',
    ]);
    expect(moveOf('resolved', 'investigating')).toBe('reopen');
  });

  it('whatever is tried, ends resolved exactly when the last move that went was the resolution', () => {
    fc.assert(
      fc.property(fc.array(state, { maxLength: 30 }), (wishes) => {
        let at: IncidentState = 'investigating';
        let resolutions = 0;
        let reopenings = 0;
        for (const wish of wishes) {
          const move = moveOf(at, wish);
          if (move === null) continue;
          expect(move === 'resolve').toBe(wish === 'resolved');
          resolutions += move === 'resolve' ? 1 : 0;
          reopenings += move === 'reopen' ? 1 : 0;
          at = wish;
        }
        expect(resolutions - reopenings).toBe(at === 'resolved' ? 1 : 0);
      }),
    );
  });
});

describe('levels', () => {
  it('say which way they went and what the new one asks for', () => {
    fc.assert(
      fc.property(level, level, (from, to) => {
        fc.pre(from !== to);
        const words = levelChangeWords(from, to);
        expect(words.startsWith(to < from ? 'Raised' : 'Lowered')).toBe(true);
        expect(words).toContain(INCIDENT_LEVEL_CONSEQUENCES[to]);
        expect(/A post-mortem follows/.test(words)).toBe(needsPostMortem(to));
      }),
    );
  });
});

describe('durationMs', () => {
  it('is never negative, ends with the resolution, and grows with the clock until then', () => {
    fc.assert(
      fc.property(date, fc.option(date), date, fc.nat(), (startedAt, resolvedAt, now, more) => {
        const first = durationMs({ startedAt, resolvedAt }, now);
        const later = durationMs({ startedAt, resolvedAt }, new Date(now.getTime() + more));
        expect(first).toBeGreaterThanOrEqual(0);
        if (resolvedAt) expect(later).toBe(first);
        else if (now >= startedAt) expect(later - first).toBe(more);
      }),
    );
  });
});

describe('momentProblem', () => {
  it('takes what is past, and a clock a little ahead for now', () => {
    for (const minutes of [0, -1, -60 * 24 * 365, 1])
      expect(momentProblem(new Date(NOW.getTime() + minutes * MINUTE), NOW)).toBeNull();
  });

  it('refuses what has not come yet, and another year', () => {
    expect(momentProblem(new Date(NOW.getTime() + MINUTE + 1), NOW)).toContain('not come yet');
    expect(momentProblem(new Date(NOW.getTime() - 367 * 24 * 60 * MINUTE), NOW)).toContain('a year ago');
  });
});
