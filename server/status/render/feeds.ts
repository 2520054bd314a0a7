import type { CopiedStatus } from '#server/status/copy';
import { escapeXml } from '#server/status/render/html';
import { PUBLIC_STATE_LABELS } from '#server/status/words/contract';

/** Updates in the feed, the newest. */
const FEED_ITEMS = 50;

/** `/status.json`: the same as the pages show, for programs. */
export function statusJson({ status, at, isStale }: CopiedStatus): string {
  return `${JSON.stringify({ at: at.toISOString(), isUpToDate: !isStale, ...status }, null, 1)}\n`;
}

/** `/status.rss`: RSS 2.0, one item for each update; of an old copy it says so. @param origin of the links */
export function statusFeed({ status, at, isStale }: CopiedStatus, origin: string): string {
  const items = status.incidents
    .flatMap(({ number, title, updates }) =>
      updates.map((update, index) => ({ number, title, ...update, place: updates.length - index })),
    )
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, FEED_ITEMS)
    .map(({ number, title, state, text, at: postedAt, place }) => {
      const link = escapeXml(`${origin}/status/incidents/${number}`);
      return `<item><title>${escapeXml(`${PUBLIC_STATE_LABELS[state]}: ${title}`)}</title><link>${link}</link><guid isPermaLink="false">${link}#${place}</guid><pubDate>${new Date(postedAt).toUTCString()}</pubDate><description>${escapeXml(text)}</description></item>`;
    });
  const newest = status.incidents.flatMap(({ updates }) => updates.map((update) => update.at)).sort();
  const age = isStale ? `. This could not be brought up to date since ${at.toUTCString()}` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>HerbisVeritas status</title><link>${escapeXml(`${origin}/status`)}</link><description>What we tell of incidents${age}</description><lastBuildDate>${new Date(newest.at(-1) ?? at).toUTCString()}</lastBuildDate>
${items.join('\n')}
</channel></rss>
`;
}
