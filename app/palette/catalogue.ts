import { GROUPS, type GroupId, type PaletteEntry, type PaletteFacts } from '#app/palette/entry';
import { environmentEntries } from '#app/palette/environment-entries';
import { incidentEntries } from '#app/palette/incident-entries';
import { pageEntries } from '#app/palette/page-entries';
import { runEntries } from '#app/palette/run-entries';

/** Everything that the palette lists, group by group. What cannot be done is listed with the reason. */
export function makeCatalogue(facts: PaletteFacts): PaletteEntry[] {
  const order = Object.keys(GROUPS) as GroupId[];
  return [
    ...incidentEntries(facts),
    ...runEntries(facts),
    ...environmentEntries(facts),
    ...pageEntries(facts),
  ].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
}
