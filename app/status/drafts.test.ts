import { describe, expect, it } from 'vitest';
import { beginning, draftOf, seenDrafts } from '#app/status/drafts';
import type { StatusComposer, StatusDraftView, StatusIncidentView } from '#server/status/contract';

const AT = '2026-11-22T12:00:00.000Z';
const told = (number: number, more: Partial<StatusIncidentView> = {}): StatusIncidentView => ({
  number,
  title: `Trouble ${number}`,
  incident: null,
  state: 'identified',
  impacts: [],
  openedAt: AT,
  resolvedAt: null,
  nextUpdateAt: null,
  version: 3,
  updates: [],
  ...more,
});
const kept = (id: string, more: Partial<StatusDraftView> = {}): StatusDraftView => ({
  id,
  ownerName: 'Ana',
  isOwn: true,
  number: null,
  incident: null,
  title: `Title of ${id}`,
  state: 'monitoring',
  text: `Text of ${id}`,
  impacts: [{ component: 'shop', impact: 'degraded' }],
  nextUpdateMinutes: 0,
  taken: null,
  keptAt: AT,
  version: 2,
  ...more,
});
const composer = (more: Partial<StatusComposer>): StatusComposer => ({
  components: [],
  open: [],
  recent: [],
  maintenance: [],
  proposals: [],
  drafts: [],
  places: [],
  ...more,
});
const begin = (given: StatusComposer, asked = '') => beginning(given, new URLSearchParams(asked));

describe('an update begins', () => {
  it("with the person's own draft of the same, and no other", () => {
    const drafts = [
      kept('theirs', { isOwn: false }),
      kept('new'),
      kept('inside', { incident: 42 }),
      kept('public', { number: 7, title: '' }),
    ];
    const given = composer({ drafts, open: [told(7), told(8)] });
    expect(begin(given)).toMatchObject({
      title: 'Title of new',
      state: 'monitoring',
      text: 'Text of new',
      impacts: { shop: 'degraded' },
      nextUpdateMinutes: '0',
      draftId: 'new',
      draftVersion: '2',
      from: 'own',
    });
    expect(begin(given, 'incident=42')).toMatchObject({ draftId: 'inside', incident: '42', number: '' });
    expect(begin(given, 'number=7')).toMatchObject({ draftId: 'public', title: 'Trouble 7', version: '3' });
    expect(begin(given, 'number=8')).toMatchObject({ draftId: '', from: '', state: 'identified' });
    expect(begin(given, 'incident=43')).toMatchObject({
      draftId: '',
      from: '',
      text: expect.stringMatching(/^We are/),
    });
  });

  it('with other words where a state is asked for; the draft is still there to be replaced', () => {
    const given = composer({ drafts: [kept('new', { taken: { draftId: 'theirs', version: 1 } })] });
    const begun = begin(given, 'state=resolved');
    expect(begun).toMatchObject({ state: 'resolved', title: '', draftId: 'new', from: '' });
    // Words of somebody else that are not in the form are not posted.
    expect(seenDrafts(begun)).toEqual({
      own: { draftId: 'new', version: '2' },
      taken: undefined,
    });
  });

  it('with the draft of somebody else that is taken over, beside the own one of the same', () => {
    const theirs = kept('theirs', { isOwn: false, number: 7, version: 5 });
    const given = composer({ drafts: [theirs, kept('mine', { number: 7 }), kept('new')], open: [told(7)] });
    const begun = begin(given, 'draft=theirs');
    expect(begun).toMatchObject({ number: '7', text: 'Text of theirs', from: 'taken' });
    expect(seenDrafts(begun)).toEqual({
      own: { draftId: 'mine', version: '2' },
      taken: { draftId: 'theirs', version: '5' },
    });
    // What is gone meanwhile leaves the subject that the address names.
    expect(begin(given, 'number=7&draft=gone')).toMatchObject({ number: '7', draftId: 'mine' });
  });

  it('about what its draft is for by now: told to the public meanwhile, or resolved', () => {
    const drafts = [kept('inside', { incident: 42 }), kept('over', { number: 9, title: '' })];
    const recent = [told(9, { state: 'resolved', resolvedAt: AT })];
    const given = composer({ drafts, open: [told(7, { incident: 42 })], recent });
    expect(begin(given, 'incident=42')).toMatchObject({ number: '7', draftId: 'inside', incident: '' });
    expect(begin(given, 'draft=inside')).toMatchObject({ number: '7', title: 'Trouble 7' });
    expect(begin(given, 'draft=over')).toMatchObject({
      number: '9',
      title: 'Trouble 9',
      text: 'Text of over',
    });
    const both = composer({ ...given, drafts: [...drafts, kept('public', { number: 7 })] });
    expect(begin(both, 'incident=42')).toMatchObject({ draftId: 'public' });
    // So old that nobody shows it: its words become something new.
    expect(begin(composer({ drafts }), 'draft=over')).toMatchObject({ number: '', text: 'Text of over' });
  });
});

it('a form brings back what it was sent with', () => {
  const fields = {
    number: '7',
    version: '3',
    incident: '',
    title: 'T',
    state: 'monitoring',
    text: ' typed ',
  };
  const kept = { draftId: 'a', draftVersion: '2', takenId: 'b', takenVersion: '5', from: 'taken' };
  const rest = { nextUpdateMinutes: '45' };
  expect(draftOf({ ...fields, ...kept, ...rest, 'impact.shop': 'degraded', 'impact.x': 'nonsense' })).toEqual(
    {
      ...fields,
      ...kept,
      ...rest,
      impacts: { shop: 'degraded' },
    },
  );
});
