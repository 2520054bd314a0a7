import { defaultFilter } from 'cmdk';
import { paths } from '#app/lib/paths';
import { GROUPS, type GroupId, type PaletteEntry } from '#app/palette/entry';

/** What is shown under one heading. */
export interface RankedGroup {
  title: string;
  entries: PaletteEntry[];
}

export interface RankOptions {
  /** Ids of what was used last, the newest first. */
  recent: readonly string[];
  /** `service/environment` of the page that is open. */
  place: string | null;
}

const RECENT_SHOWN = 5;
const FOUND_SHOWN = 40;
/** Scores under this are letters that only happen to be there. */
const LEAST_SCORE = 0.02;
/** The same, as a part of the best score. */
const LEAST_PART = 0.12;
/** Of a group while nothing is typed; what is not named is shown whole. */
const SHOWN_UNASKED: Partial<Record<GroupId, number>> = { act: 12, releases: 4, runs: 5 };

/** What the palette shows for what was typed: the last used first, then by how well it fits. */
export function rank(
  entries: readonly PaletteEntry[],
  typed: string,
  { recent, place }: RankOptions,
): RankedGroup[] {
  const query = typed.trim().toLowerCase();
  if (query === '') return unasked(entries, recent, place);
  const found = entries
    .map((entry) => ({ entry, score: scoreOf(entry, query, { recent, place }) }))
    .filter(({ score }) => score >= LEAST_SCORE)
    .sort((a, b) => b.score - a.score)
    .filter(({ score }, _index, [best]) => score >= (best?.score ?? 0) * LEAST_PART)
    .slice(0, FOUND_SHOWN)
    .map(({ entry }) => entry);
  return [
    ...(found.length > 0 ? [{ title: 'Found', entries: found }] : []),
    { title: 'Elsewhere', entries: [searchRuns(typed.trim())] },
  ];
}

function unasked(
  entries: readonly PaletteEntry[],
  recent: readonly string[],
  place: string | null,
): RankedGroup[] {
  const used = recent.flatMap((id) => entries.find((entry) => entry.id === id) ?? []).slice(0, RECENT_SHOWN);
  const rest = entries.filter((entry) => !used.includes(entry));
  const groups = (Object.keys(GROUPS) as GroupId[]).map((group) => {
    const own = rest.filter((entry) => entry.group === group);
    // What concerns the page at hand is nearer.
    const sorted = [
      ...own.filter((entry) => entry.place === place),
      ...own.filter((entry) => entry.place !== place),
    ];
    return { title: GROUPS[group], entries: sorted.slice(0, SHOWN_UNASKED[group]) };
  });
  return [{ title: 'Recently used', entries: used }, ...groups].filter((group) => group.entries.length > 0);
}

/** How well an entry fits, about 0 to 3; what cannot be done now counts a little less than what can. */
function scoreOf(entry: PaletteEntry, query: string, { recent, place }: RankOptions): number {
  const used = recent.indexOf(entry.id);
  const nearness =
    (used < 0 ? 1 : 1 + 0.3 * (1 - used / recent.length)) *
    (entry.place !== undefined && entry.place === place ? 1.1 : 1) *
    (entry.blockedBy ? 0.92 : 1) *
    // What can be done goes before what was done, unless a number is asked for.
    (entry.group === 'runs' && !/^#?\d/.test(query) ? 0.88 : 1);
  return fitOf(entry, query) * nearness;
}

function fitOf(entry: PaletteEntry, query: string): number {
  const command = entry.command?.toLowerCase();
  // `deploy production`, `deploy:production` and `ops deploy:production` are one command.
  const asCommand = query.replace(/^(npm run )?ops /, '').replaceAll(/[ :]+/g, ':');
  if (command && command.replaceAll(' ', ':') === asCommand) return 3;
  const whole = Math.max(
    closeness(entry.title, query),
    command ? closeness(command, query) : 0,
    0.8 * closeness(entry.title, query, [command ?? '', ...entry.keywords]),
  );
  const words = query.split(/\s+/);
  if (words.length < 2) return whole;
  const title = entry.title.toLowerCase();
  if (words.every((word) => title.includes(word))) return 1;
  // In whatever order: every word must be somewhere.
  const all = [entry.title, entry.detail, command, ...entry.keywords].filter((text) => text !== undefined);
  const each = words.map((word) => Math.max(...all.map((text) => closeness(text, word))));
  return Math.max(whole, 0.85 * Math.min(...each));
}

/** The score of cmdk; asked only where every letter is there in order, because it takes its time. */
function closeness(text: string, query: string, keywords: string[] = []): number {
  const lower = [text, ...keywords].join(' ').toLowerCase().replaceAll(/[\s-]/g, ' ');
  let at = 0;
  for (const letter of query.replaceAll(/[\s-]/g, ' ')) {
    at = lower.indexOf(letter, at) + 1;
    if (at === 0) return 0;
  }
  return defaultFilter(text, query, keywords);
}

function searchRuns(typed: string): PaletteEntry {
  const number = /^#?(\d{1,9})$/.exec(typed)?.[1];
  const search = number ? `#${number}` : typed;
  return {
    id: 'search-runs',
    group: 'runs',
    icon: 'run',
    title: number ? `Find run #${number}` : `Search all runs for “${typed}”`,
    keywords: [],
    blockedBy: null,
    does: { kind: 'open', href: paths.runs({ search }) },
  };
}
