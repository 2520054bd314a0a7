import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '#server/deployments/contract';
import {
  chooseRollbackTarget,
  findCurrent,
  type HistoryEntry,
  positionOf,
  releaseIdOf,
} from '#server/deployments/state';

function deploy(
  sequence: number,
  tag: string,
  change: Partial<HistoryEntry> & { verdict?: Verdict; schema?: number } = {},
): HistoryEntry {
  const { verdict = 'none', schema = 1, ...rest } = change;
  return {
    deploymentId: `d${sequence}`,
    sequence,
    direction: 'deploy',
    status: 'replaced',
    restoresSequence: null,
    tookVisitors: true,
    validated: true,
    release: { id: tag, tag, commitSha: tag, title: tag, schemaVersion: schema, verdict, isMissing: false },
    ...rest,
  };
}

const live = { status: 'live' } as const;

describe('chooseRollbackTarget', () => {
  it('offers nothing before a second good release exists', () => {
    expect(chooseRollbackTarget([], 0)).toMatchObject({
      kind: 'none',
      reason: 'Nothing has been deployed here yet.',
    });
    expect(chooseRollbackTarget([deploy(1, 'v1', live)], 0)).toMatchObject({ kind: 'none' });
  });

  it('takes the validated release before the current one', () => {
    const history = [deploy(3, 'v3', live), deploy(2, 'v2'), deploy(1, 'v1')];
    expect(chooseRollbackTarget(history, 0)).toMatchObject({
      kind: 'target',
      entry: { sequence: 2 },
      compatible: true,
    });
  });

  it('passes over faulty, missing, unvalidated and never-switched releases', () => {
    const missing = deploy(5, 'v5');
    missing.release.isMissing = true;
    const history = [
      deploy(6, 'v6', { status: 'invalid', validated: false }),
      missing,
      deploy(4, 'v4', { verdict: 'faulty' }),
      deploy(3, 'v3', { validated: false }),
      deploy(2, 'v2', { validated: true, tookVisitors: false, status: 'failed' }),
      deploy(1, 'v1'),
    ];
    expect(chooseRollbackTarget(history, 0)).toMatchObject({ kind: 'target', entry: { sequence: 1 } });
  });

  it('accepts a release that a person marked stable although it was not validated', () => {
    const history = [deploy(2, 'v2', live), deploy(1, 'v1', { validated: false, verdict: 'stable' })];
    expect(chooseRollbackTarget(history, 0)).toMatchObject({ kind: 'target', entry: { sequence: 1 } });
  });

  it('goes further back, never forward, after a rollback', () => {
    const history = [
      deploy(4, 'v2', { direction: 'rollback', restoresSequence: 2, ...live }),
      deploy(3, 'v3'),
      deploy(2, 'v2'),
      deploy(1, 'v1'),
    ];
    expect(chooseRollbackTarget(history, 0)).toMatchObject({ kind: 'target', entry: { sequence: 1 } });
  });

  it('offers an incompatible release only when no compatible one is left', () => {
    const history = [
      deploy(3, 'v3', { ...live, schema: 3 }),
      deploy(2, 'v2', { schema: 2 }),
      deploy(1, 'v1', { schema: 1 }),
    ];
    expect(chooseRollbackTarget(history, 3)).toMatchObject({
      kind: 'target',
      entry: { sequence: 2 },
      compatible: false,
    });
    expect(chooseRollbackTarget(history, 1)).toMatchObject({
      kind: 'target',
      entry: { sequence: 2 },
      compatible: true,
    });
  });

  it('says why a named release is none to go back to', () => {
    const history = [deploy(2, 'v2', live), deploy(1, 'v1', { verdict: 'faulty' })];
    expect(chooseRollbackTarget(history, 0, 'v1')).toMatchObject({ kind: 'none' });
  });

  it('holds its promises for any history', () => {
    const entry = fc.record({
      tag: fc.integer({ min: 1, max: 6 }).map((n) => `v${n}`),
      verdict: fc.constantFrom<Verdict>('stable', 'faulty', 'none'),
      validated: fc.boolean(),
      tookVisitors: fc.boolean(),
      isMissing: fc.boolean(),
      back: fc.integer({ min: 0, max: 4 }),
      schema: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 4 }),
        (items, oldest) => {
          const verdicts = new Map(items.map((item) => [item.tag, item]));
          const history = items.map((item, index) => {
            const isRollback = item.back > 0 && index - item.back >= 0;
            const made = deploy(index + 1, item.tag, {
              validated: item.validated,
              tookVisitors: item.tookVisitors,
              direction: isRollback ? 'rollback' : 'deploy',
              restoresSequence: isRollback ? index + 1 - item.back : null,
              status: index === items.length - 1 ? 'live' : 'replaced',
              verdict: verdicts.get(item.tag)?.verdict,
              schema: verdicts.get(item.tag)?.schema,
            });
            made.release.isMissing = verdicts.get(item.tag)?.isMissing ?? false;
            return made;
          });
          const current = findCurrent(history) as HistoryEntry;
          const choice = chooseRollbackTarget(history, oldest);
          const shuffled = chooseRollbackTarget([...history].reverse(), oldest);
          expect(shuffled).toEqual(choice);
          if (choice.kind === 'none') return;
          expect(choice.entry.sequence).toBeLessThan(positionOf(current));
          expect(choice.entry.release.id).not.toBe(current.release.id);
          expect(choice.entry.release.verdict).not.toBe('faulty');
          expect(choice.entry.release.isMissing).toBe(false);
          expect(choice.entry.tookVisitors).toBe(true);
          expect(choice.entry.validated || choice.entry.release.verdict === 'stable').toBe(true);
          expect(choice.compatible).toBe(choice.entry.release.schemaVersion >= oldest);
        },
      ),
    );
  });
});

describe('releaseIdOf', () => {
  it('is a UUID that depends on every part', () => {
    const id = releaseIdOf('shop', 'v1', 'abc');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(
      new Set([
        id,
        releaseIdOf('shop', 'v1', 'abd'),
        releaseIdOf('shop', 'v2', 'abc'),
        releaseIdOf('blog', 'v1', 'abc'),
      ]).size,
    ).toBe(4);
  });
});
