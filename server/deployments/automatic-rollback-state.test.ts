import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRollback, type Facts } from '#server/deployments/automatic-rollback-state';

const MINUTE = 60_000;
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12) + minute * MINUTE);

const FACTS: Facts = {
  settings: { enabled: true, attributionMinutes: 60, cooldownMinutes: 30 },
  now: at(12),
  alertId: 'a',
  alertState: 'firing',
  breachedSince: at(10),
  toleranceMs: 3_000,
  current: { tag: 'v2', direction: 'deploy', switchedAt: at(5), runId: 'deploy-2' },
  attempt: null,
  lastAttemptAt: null,
  inMaintenance: false,
  activeRun: null,
  target: { kind: 'target', tag: 'v1', compatible: true },
};

const decide = (change: Partial<Facts>) => decideRollback({ ...FACTS, ...change });
const run = (kind: 'deploy' | 'rollback' | 'other', id = 'other') => ({
  id,
  number: 7,
  title: 'A run',
  kind,
});

describe('an automatic rollback', () => {
  it('happens when a release that has just gone live breaches', () => {
    expect(decide({})).toEqual({ go: true, from: 'v2', to: 'v1' });
    expect(decide({ activeRun: run('deploy', 'deploy-2') }).go).toBe(true);
    expect(decide({ activeRun: run('other') }).go).toBe(true);
    // Told once more for the same alert.
    expect(decide({ attempt: { alertId: 'a', at: at(11) }, lastAttemptAt: at(11) }).go).toBe(true);
  });

  it.each<[string, Partial<Facts>, RegExp]>([
    ['where it is switched off', { settings: { ...FACTS.settings, enabled: false } }, /switched off/],
    ['for an alert that is over', { alertState: 'resolved' }, /over before it could be decided/],
    ['for an alert that is gone', { alertState: null }, /over before it could be decided/],
    ['where nothing is live', { current: null }, /nothing has been deployed/],
    [
      'from a rollback',
      { current: { tag: 'v1', direction: 'rollback', switchedAt: at(5), runId: 'r' } },
      /came here by a rollback/,
    ],
    ['for what began before the release', { breachedSince: at(4) }, /before v2 went live at 12:05:00 UTC/],
    ['for what began long after it', { breachedSince: at(66), now: at(67) }, /live for 61 minutes/],
    ['a second time for a release', { attempt: { alertId: 'b', at: at(6) } }, /one attempt/],
    ['within the cooldown', { lastAttemptAt: at(0) }, /30 minutes after/],
    ['in maintenance', { inMaintenance: true }, /maintenance mode/],
    ['while a rollback runs', { activeRun: run('rollback') }, /#7 .* rolling back already/],
    ['while another release is on its way', { activeRun: run('deploy') }, /may be the remedy/],
    [
      'to nowhere',
      { target: { kind: 'none', reason: 'No good one.' } },
      /nothing to go back to. No good one/,
    ],
    [
      'to what does not fit the database',
      { target: { kind: 'target', tag: 'v1', compatible: false } },
      /A person must decide/,
    ],
  ])('does not happen %s', (_name, change, why) => {
    const verdict = decide(change);
    expect(verdict).toMatchObject({ go: false, why: expect.stringMatching(why) });
  });

  it('takes a breach for one after the switch when its beginning is not known better than that', () => {
    expect(decide({ breachedSince: new Date(at(5).getTime() - 2_000) }).go).toBe(true);
    expect(decide({ breachedSince: new Date(at(5).getTime() - 4_000) }).go).toBe(false);
  });

  it('never goes back and forth between bad releases, however many alerts there are and whatever people deploy', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('alert' as const), minutes: fc.integer({ min: 0, max: 90 }) }),
      fc.record({
        kind: fc.constant('deploy' as const),
        release: fc.integer({ min: 1, max: 4 }),
        minutes: fc.integer({ min: 0, max: 90 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let minute = 100;
        let live = { release: 0, direction: 'deploy' as 'deploy' | 'rollback', since: 0 };
        let before = 0;
        const attempts = new Map<number, number>();
        for (const [index, each] of events.entries()) {
          minute += each.minutes;
          if (each.kind === 'deploy') {
            before = live.release;
            live = { release: each.release, direction: 'deploy', since: minute };
            continue;
          }
          const attemptedAt = attempts.get(live.release);
          const newest = attempts.size > 0 ? Math.max(...attempts.values()) : null;
          const verdict = decideRollback({
            ...FACTS,
            now: at(minute),
            alertId: `alert-${index}`,
            breachedSince: at(minute),
            current: {
              tag: `v${live.release}`,
              direction: live.direction,
              switchedAt: at(live.since),
              runId: `run-${live.since}`,
            },
            attempt: attemptedAt === undefined ? null : { alertId: 'earlier', at: at(attemptedAt) },
            lastAttemptAt: newest === null ? null : at(newest),
            target: { kind: 'target', tag: `v${before}`, compatible: true },
          });
          if (!verdict.go) continue;
          expect(live.direction).toBe('deploy');
          expect(attempts.has(live.release)).toBe(false);
          if (newest !== null) expect(minute - newest).toBeGreaterThanOrEqual(30);
          attempts.set(live.release, minute);
          live = { release: before, direction: 'rollback', since: minute };
        }
        // Five releases, so at most five rollbacks in all.
        expect(attempts.size).toBeLessThanOrEqual(5);
      }),
    );
  });
});
