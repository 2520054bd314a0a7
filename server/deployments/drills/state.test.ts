import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseDrill, type DrillCandidate } from '#server/deployments/drills/state';
import { chooseRollbackTarget, findCurrent, type HistoryEntry } from '#server/deployments/state';

function entry(sequence: number, id: string, change: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    deploymentId: `d${sequence}`,
    sequence,
    direction: 'deploy',
    status: 'replaced',
    restoresSequence: null,
    release: {
      id,
      tag: id,
      commitSha: id,
      title: id,
      schemaVersion: 1,
      verdict: 'none',
      isMissing: false,
      ...change.release,
    },
    tookVisitors: true,
    validated: true,
    ...Object.fromEntries(Object.entries(change).filter(([key]) => key !== 'release')),
  };
}

const good = (id: string, change: Partial<DrillCandidate> = {}): DrillCandidate => ({
  id,
  tag: id,
  schemaVersion: 1,
  oldestCompatibleSchemaVersion: 1,
  isGood: true,
  ...change,
});

const live = entry(1, 'v1', { status: 'live' });

describe('what a drill does', () => {
  it('deploys the newest other good release and comes back to what is live', () => {
    const candidates = [good('v4', { isGood: false }), good('v3'), good('v2'), good('v1')];
    expect(chooseDrill([live], live, candidates, 1)).toMatchObject({
      kind: 'drill',
      released: { tag: 'v3' },
      restored: { tag: 'v1' },
    });
    const newest = entry(7, 'v3', { status: 'live' });
    expect(chooseDrill([newest], newest, candidates, 1)).toMatchObject({
      released: { tag: 'v2' },
      restored: { tag: 'v3' },
    });
  });

  it('leaves out a release that the database, or the way back, does not allow', () => {
    const candidates = [
      good('v4', { schemaVersion: 3, oldestCompatibleSchemaVersion: 3 }),
      good('v3', { schemaVersion: 0 }),
      good('v2', { schemaVersion: 2 }),
    ];
    expect(chooseDrill([live], live, candidates, 1)).toMatchObject({ released: { tag: 'v2' } });
  });

  it('says in words why there is none', () => {
    const reasonFor = (current: HistoryEntry | null, candidates = [good('v2')], oldest = 1): string => {
      const choice = chooseDrill(current ? [current] : [], current, candidates, oldest);
      return choice.kind === 'none' ? choice.reason : 'a drill';
    };
    const release = live.release;
    expect(reasonFor(live)).toBe('a drill');
    expect(reasonFor(null)).toMatch(/Nothing is live/);
    expect(reasonFor(entry(1, 'v1', { status: 'invalid' }))).toMatch(/has not passed validation/);
    expect(reasonFor(entry(1, 'v1', { status: 'live', validated: false }))).toMatch(/has not passed/);
    expect(reasonFor(entry(1, 'v1', { status: 'live', release: { ...release, verdict: 'faulty' } }))).toMatch(
      /marked faulty/,
    );
    expect(reasonFor(entry(1, 'v1', { status: 'live', release: { ...release, isMissing: true } }))).toMatch(
      /no longer has it/,
    );
    expect(reasonFor(live, [good('v2')], 2)).toMatch(/does not fit the database/);
    expect(reasonFor(live, [good('v1'), good('v2', { isGood: false })])).toMatch(/no second good release/);
  });

  it('always leaves a way back that the rollback rules agree with, drill after drill', () => {
    const releases = ['v1', 'v2', 'v3'];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...releases), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 6 }),
        (deployed, drills) => {
          let history = deployed.map((id, index) => entry(index + 1, id)).reverse();
          history[0] = { ...(history[0] as HistoryEntry), status: 'live' };
          const candidates = releases.map((id) => good(id)).reverse();
          for (let drill = 0; drill < drills; drill += 1) {
            const current = findCurrent(history) as HistoryEntry;
            const choice = chooseDrill(history, current, candidates, 1);
            if (choice.kind !== 'drill') throw new Error(choice.reason);
            expect(choice.restored.id).toBe(current.release.id);
            const sequence = (history[0]?.sequence ?? 0) + 1;
            const during = entry(sequence, choice.released.id, { status: 'live' });
            history = [during, ...history.map((each) => ({ ...each, status: 'replaced' as const }))];
            const back = chooseRollbackTarget(history, 1, choice.restored.tag);
            if (back.kind !== 'target') throw new Error(back.reason);
            const rollback = entry(sequence + 1, choice.restored.id, {
              status: 'live',
              direction: 'rollback',
              restoresSequence: back.entry.sequence,
            });
            history = [rollback, { ...during, status: 'replaced' as const }, ...history.slice(1)];
          }
        },
      ),
    );
  });
});
