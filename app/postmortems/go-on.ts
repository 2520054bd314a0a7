import { SECTION_KEYS, type SectionKey, type Sections } from '#server/postmortems/words/contract';

/** What the form goes on with after somebody else was quicker. */
export interface GoingOn {
  /** What to show in the fields: theirs where only they wrote, what was typed elsewhere. */
  sections: Sections;
  /** Theirs where both wrote: nothing decides between them but a person. */
  clashes: Partial<Record<SectionKey, string>>;
}

/**
 * Brings together what was typed and what somebody else has saved meanwhile. @param base what both began with
 */
export function goOn(base: Sections, typed: Sections, theirs: Sections): GoingOn {
  const sections = { ...typed };
  const clashes: GoingOn['clashes'] = {};
  for (const key of SECTION_KEYS) {
    if (typed[key] === theirs[key] || theirs[key] === base[key]) continue;
    if (typed[key] === base[key]) sections[key] = theirs[key];
    else clashes[key] = theirs[key];
  }
  return { sections, clashes };
}

/** The sections of a form; browsers send the ends of lines in two characters. */
export function sectionsOf(form: Record<string, unknown>): Sections {
  return Object.fromEntries(
    SECTION_KEYS.map((key) => {
      const text = form[key];
      return [key, typeof text === 'string' ? text.replaceAll('\r\n', '\n') : ''];
    }),
  ) as Sections;
}
