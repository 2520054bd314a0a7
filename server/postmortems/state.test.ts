import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  dueByDefault,
  dueGroup,
  isEnded,
  mayApprove,
  mayWrite,
  missingSections,
  movesFrom,
  permissionFor,
  reminderOf,
  stateAfter,
} from '#server/postmortems/state';
import {
  ACTION_ITEM_STATES,
  POSTMORTEM_STATES,
  SECTION_KEYS,
  type Sections,
} from '#server/postmortems/words/contract';

const state = fc.constantFrom(...POSTMORTEM_STATES);
const move = fc.constantFrom('submit', 'approve', 'publish', 'return' as const);
const day = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));
const item = fc.record({ state: fc.constantFrom(...ACTION_ITEM_STATES), dueOn: day });

describe('the way of a post-mortem', () => {
  it('goes by review and approval to publication, and back to a draft from everywhere', () => {
    expect(movesFrom('draft')).toEqual(['submit']);
    expect(movesFrom('in_review')).toEqual(['approve', 'return']);
    expect(movesFrom('approved')).toEqual(['publish', 'return']);
    expect(movesFrom('published')).toEqual(['return']);
  });

  it('is published only after an approval of what can no longer be written, whatever is tried', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        let now: (typeof POSTMORTEM_STATES)[number] = 'draft';
        let approved = false;
        for (const each of moves) {
          const next = stateAfter(now, each);
          if (next === null) continue;
          if (each === 'approve') approved = true;
          if (each === 'return') approved = false;
          now = next;
          if (now === 'published' || now === 'approved')
            expect([approved, mayWrite(now)]).toEqual([true, false]);
        }
      }),
    );
    fc.assert(fc.property(state, (each) => movesFrom(each).every((way) => stateAfter(each, way) !== each)));
  });

  it('is taken back by whoever writes it until it is approved, and then by who may approve', () => {
    const needs = POSTMORTEM_STATES.map((each) => permissionFor('return', each));
    expect(needs).toEqual([
      'postmortems.manage',
      'postmortems.manage',
      'postmortems.approve',
      'postmortems.approve',
    ]);
    fc.assert(
      fc.property(state, move, (each, way) => {
        // What two stand behind is changed by nobody who only writes.
        if (mayWrite(each) || stateAfter(each, way) === null) return;
        expect(permissionFor(way, each)).toBe('postmortems.approve');
      }),
    );
    expect(permissionFor('submit', 'draft')).toBe('postmortems.manage');
    expect(permissionFor('approve', 'in_review')).toBe('postmortems.approve');
  });

  it('two people stand behind what is approved', () => {
    const person = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.array(fc.option(person)), person, (authors, approver) => {
        const others = authors.filter((author) => author !== null && author !== approver);
        expect(mayApprove(authors, approver)).toBe(others.length > 0);
      }),
    );
    expect(mayApprove(['a', 'a', null], 'a')).toBe(false);
    expect(mayApprove([null], 'a')).toBe(false);
  });

  it('names the sections that a review needs', () => {
    const empty = Object.fromEntries(SECTION_KEYS.map((key) => [key, ' \n'])) as Sections;
    expect(missingSections(empty)).toEqual(['summary', 'impact', 'rootCause', 'resolution']);
    expect(missingSections({ ...empty, summary: 'a', impact: 'b', rootCause: 'c', resolution: 'd' })).toEqual(
      [],
    );
  });
});

describe('action items', () => {
  it('are due in 14 days, over the end of a month and of a year', () => {
    expect(dueByDefault('2026-02-20')).toBe('2026-03-06');
    expect(addDays('2027-12-31', 60)).toBe('2028-02-29');
  });

  it('are overdue from the day after', () => {
    const open = (dueOn: string) => dueGroup({ state: 'open', dueOn }, '2026-03-10');
    expect(['2026-03-09', '2026-03-10', '2026-03-17', '2026-03-18'].map(open)).toEqual([
      'overdue',
      'week',
      'week',
      'later',
    ]);
    expect(dueGroup({ state: 'cancelled', dueOn: '2020-01-01' }, '2026-03-10')).toBe('ended');
  });

  it('are reminded of from 3 days before on, and daily after, as long as they are open', () => {
    const on = (today: string) => reminderOf({ state: 'in_progress', dueOn: '2026-03-10' }, today);
    expect(on('2026-03-06')).toBeNull();
    expect(['2026-03-07', '2026-03-10'].map(on)).toEqual(
      Array(2).fill({ kind: 'before', day: '2026-03-10' }),
    );
    expect(on('2026-03-11')).toEqual({ kind: 'overdue', day: '2026-03-11' });
    expect(reminderOf({ state: 'done', dueOn: '2026-03-10' }, '2026-03-11')).toBeNull();
  });

  it('of any item there is at most one reminder a day, and one for all days before it is due', () => {
    fc.assert(
      fc.property(item, day, (each, first) => {
        const days = Array.from({ length: 40 }, (_, index) => addDays(first, index));
        const found = days.flatMap((today) => reminderOf(each, today) ?? []);
        const before = found.filter(({ kind }) => kind === 'before');
        expect(new Set(before.map(({ day: of }) => of)).size).toBeLessThanOrEqual(1);
        const after = found.filter(({ kind }) => kind === 'overdue').map(({ day: of }) => of);
        expect(new Set(after).size).toBe(after.length);
        if (isEnded(each.state)) expect(found).toEqual([]);
        else expect(after).toEqual(days.filter((today) => today > each.dueOn));
      }),
    );
  });
});
