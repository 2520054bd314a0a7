import fc from 'fast-check';
import { expect, it } from 'vitest';
import { goOn, sectionsOf } from '#app/postmortems/go-on';
import { SECTION_KEYS, type Sections } from '#server/postmortems/words/contract';

const text = fc.constantFrom('', 'a', 'b', 'c');
const sections = fc.record(
  Object.fromEntries(SECTION_KEYS.map((key) => [key, text])),
) as fc.Arbitrary<Sections>;

it('what either wrote is in the fields or beside them, and nobody’s text is taken for another’s', () => {
  fc.assert(
    fc.property(sections, sections, sections, (base, typed, theirs) => {
      const { sections: shown, clashes } = goOn(base, typed, theirs);
      for (const key of SECTION_KEYS) {
        const there = [shown[key], clashes[key]];
        if (typed[key] !== base[key]) expect(there).toContain(typed[key]);
        if (theirs[key] !== base[key]) expect(there).toContain(theirs[key]);
        const both = typed[key] !== base[key] && theirs[key] !== base[key] && typed[key] !== theirs[key];
        expect(key in clashes).toBe(both);
      }
    }),
  );
});

it('reads the sections of a form', () => {
  const read = sectionsOf({ summary: 'a\r\nb', impact: ['x', 'y'] });
  expect([read.summary, read.impact, read.lucky]).toEqual(['a\nb', '', '']);
});
