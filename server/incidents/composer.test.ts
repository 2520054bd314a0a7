import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Composed, parseComposed } from '#server/incidents/composer';
import { COMPOSER_EXAMPLES, INCIDENT_STATES } from '#server/incidents/words/contract';

const NOW = new Date('2026-03-01T15:30:00.000Z');
const parse = (text: string, now = NOW): Composed => parseComposed(text, now);

describe('a note', () => {
  it('is what was written, also where it begins with a space and a slash', () => {
    expect(parse('The queue is full')).toEqual({ kind: 'note', text: 'The queue is full', occurredAt: null });
    expect(parse(' /var/log is full')).toMatchObject({ kind: 'note', text: '/var/log is full' });
    expect(parse('/note\tFirst line\n\nthird')).toMatchObject({ text: 'First line\n\nthird' });
  });

  it.each([
    ['/note 14:05 Restarted', '2026-03-01T14:05:00.000Z'],
    ['/note 9:07 Restarted', '2026-03-01T09:07:00.000Z'],
    ['/note 14:05:09 Restarted', '2026-03-01T14:05:09.000Z'],
    ['/note 2026-02-28 23:10 Restarted', '2026-02-28T23:10:00.000Z'],
    ['/note 2026-02-28T23:10Z Restarted', '2026-02-28T23:10:00.000Z'],
    ['/note 2026-03-01T14:05+02:00 Restarted', '2026-03-01T12:05:00.000Z'],
  ])('has the time in front of it: %s', (text, at) => {
    expect(parse(text)).toEqual({ kind: 'note', text: 'Restarted', occurredAt: new Date(at) });
  });

  it('is of yesterday evening after midnight, and never of a time that has not come', () => {
    const midnight = new Date('2026-03-02T00:10:00.000Z');
    expect(parse('/note 23:55 It began', midnight)).toMatchObject({
      occurredAt: new Date('2026-03-01T23:55:00.000Z'),
    });
    expect(parse('/note 16:00 It began')).toMatchObject({
      kind: 'problem',
      problem: '16:00 UTC has not come yet.',
    });
  });

  it.each([
    ['/note', 'A note says something.'],
    ['/note 14:05', 'A note says something.'],
    ['/note 25:00 x', '"25:00" is no time.'],
    ['/note 24:00 x', '"24:00" is no time.'],
    ['/note 2026-02-31 10:00 x', '"2026-02-31 10:00" is no time.'],
    ['/note 2026-02-28 noon', '"2026-02-28 noon" is no time.'],
  ])('is refused with what to write: %s', (text, problem) => {
    expect(parse(text)).toMatchObject({
      kind: 'problem',
      problem,
      hint: expect.stringContaining('/note 14:05'),
    });
  });
});

describe('a command', () => {
  it('is one of state, level or role', () => {
    expect(parse('/status identified The provider is down')).toEqual({
      kind: 'state',
      state: 'identified',
      note: 'The provider is down',
    });
    expect(parse('/STATUS res')).toEqual({ kind: 'state', state: 'resolved', note: null });
    expect(parse('/level 2 because few can pay')).toEqual({
      kind: 'level',
      level: 2,
      reason: 'few can pay',
    });
    expect(parse('/assign commander ana@people.example')).toEqual({
      kind: 'role',
      role: 'commander',
      email: 'ana@people.example',
    });
    expect(parse('/assign scribe me')).toMatchObject({ role: 'scribe', email: null });
    expect(parse('/leave scribe')).toEqual({ kind: 'leave', role: 'scribe', email: null });
    expect(parse('/title  Nobody can pay ')).toEqual({ kind: 'title', title: 'Nobody can pay' });
    const id = '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c40';
    expect(parse('/evidence run #42 It began here')).toEqual({
      kind: 'evidence',
      of: 'run',
      id: '42',
      text: 'It began here',
    });
    expect(parse(`/evidence https://ops.example/alerts/${id}?tab=1 It fired`)).toMatchObject({
      of: 'alert',
      id,
      text: 'It fired',
    });
    expect(parse(`/evidence run ${id}`)).toMatchObject({ of: 'run', id, text: 'See this run.' });
    expect(parse('/action 14:05 Restarted')).toEqual({
      kind: 'action',
      text: 'Restarted',
      occurredAt: new Date('2026-03-01T14:05:00.000Z'),
    });
  });

  it.each([
    ['/status', /Say which state/],
    ['/status open', /Say which state: investigating, .*; not "open"/],
    ['/level 5 because', /from 1 to 4; not "5"/],
    ['/level 2', /Say why/],
    ['/assign comm', /Say which role/],
    ['/assign scribe ana and bob', /e-mail address; not "ana and bob"/],
    ['/evidence', /Say of what/],
    ['/evidence run now', /by its number; not "now"/],
    ['/evidence alert 12', /link to its page; not "12"/],
    ['/leave', /Say which role/],
    ['/title', /Say what it is called/],
    ['/action 14:05', /Say what was done/],
    ['/', /There is no command \//],
    ['/resolve', /There is no command \/resolve/],
  ])('that means nothing is refused with what to write: %s', (text, problem) => {
    const result = parse(text);
    expect(result).toMatchObject({ kind: 'problem', problem: expect.stringMatching(problem) });
    expect((result as { hint: string }).hint).not.toBe('');
  });

  it('is shown by examples that are all understood', () => {
    for (const example of Object.values(COMPOSER_EXAMPLES))
      expect(parse(example).kind, example).not.toBe('problem');
  });
});

describe('whatever is written', () => {
  const moment = fc.date({
    min: new Date('2000-01-01T00:00:00Z'),
    max: new Date('2099-12-31T00:00:00Z'),
    noInvalidDate: true,
  });

  it('is a note to the letter unless it begins with a slash', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), moment, (text, now) => {
        fc.pre(!text.startsWith('/'));
        expect(parse(text, now)).toEqual({ kind: 'note', text: text.trim(), occurredAt: null });
      }),
    );
  });

  it('has an answer, and loses no word of a note', () => {
    const word = fc.constantFrom('note', 'status', 'level', 'assign', 'x', '');
    fc.assert(
      fc.property(word, fc.string({ unit: 'binary' }), moment, (command, rest, now) => {
        const result = parse(`/${command} ${rest}`, now);
        if (result.kind === 'note') expect(rest.trimEnd().endsWith(result.text)).toBe(true);
        if (result.kind === 'state') expect(INCIDENT_STATES).toContain(result.state);
        if (result.kind === 'level') expect(result.reason.length).toBeGreaterThanOrEqual(3);
      }),
    );
  });

  it('takes a clock for the last half day or for today, and says so back to the second', () => {
    const clock = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
    fc.assert(
      fc.property(clock, moment, ([hour, minute], now) => {
        const written = `${hour}:${String(minute).padStart(2, '0')}`;
        const result = parse(`/note ${written} x`, now);
        if (result.kind === 'problem') {
          expect(result.problem).toBe(`${written} UTC has not come yet.`);
          return;
        }
        const at = (result as { occurredAt: Date }).occurredAt;
        expect([at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]).toEqual([hour, minute, 0]);
        expect(at.getTime()).toBeLessThanOrEqual(now.getTime() + 60_000);
        const isToday = at.toISOString().slice(0, 10) === now.toISOString().slice(0, 10);
        expect(isToday || now.getTime() - at.getTime() <= 12 * 3_600_000).toBe(true);
      }),
    );
  });
});
