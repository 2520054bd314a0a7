import { type Html, html, Html as Raw } from '#server/status/render/html';
import { STYLES } from '#server/status/render/styles';
import type { ComponentState, PublicState } from '#server/status/words/contract';

export type Tone = 'ok' | 'warning' | 'critical' | 'info' | 'unknown';

export const STATE_TONES: Record<ComponentState, Tone> = {
  operational: 'ok',
  unknown: 'unknown',
  maintenance: 'info',
  degraded: 'warning',
  partial_outage: 'warning',
  major_outage: 'critical',
};

export const INCIDENT_TONES: Record<PublicState, Tone> = {
  investigating: 'critical',
  identified: 'warning',
  monitoring: 'info',
  resolved: 'ok',
};

const SHAPES: Record<Tone, string> = {
  ok: '<circle cx="8" cy="8" r="7"/><path d="m5 8.2 2.2 2.2L11.2 6"/>',
  warning: '<path d="M8 1.6 15 14H1z"/><path d="M8 6.4v3.4M8 11.9v.1"/>',
  critical: '<circle cx="8" cy="8" r="7"/><path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8"/>',
  info: '<circle cx="8" cy="8" r="7"/><path d="M8 4.4V8l2.4 1.6"/>',
  unknown: '<circle cx="8" cy="8" r="7" stroke-dasharray="2.2 2.2"/>',
};

/** The mark of a tone; the words beside it say the same. */
export function mark(tone: Tone): Html {
  return new Raw(
    `<svg class="${tone}" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${SHAPES[tone]}</svg>`,
  );
}

const DATE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });

export function dateWords(iso: string): string {
  return DATE.format(new Date(iso));
}

export function monthWords(iso: string): string {
  return MONTH.format(new Date(iso));
}

/** A time of UTC with its date. */
export function time(iso: string): Html {
  return html`<time datetime="${iso}">${dateWords(iso)}, ${iso.slice(11, 16)}&nbsp;UTC</time>`;
}

/** From one time of UTC to another, with a date that is the same said once. */
export function fromTo(from: string, to: string): Html {
  if (from.slice(0, 10) !== to.slice(0, 10)) return html`${time(from)} to ${time(to)}`;
  return html`<time datetime="${from}">${dateWords(from)}, ${from.slice(11, 16)}</time> to <time datetime="${to}">${to.slice(11, 16)}&nbsp;UTC</time>`;
}

/** A share that is below 100 % is never rounded up to it. */
export function percentWords(percent: number): string {
  return percent === 100 ? '100 %' : `${(Math.floor(percent * 100) / 100).toFixed(2)} %`;
}

/** A length of time in words, whole minutes at least. */
export function lengthWords(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** When what is shown was read, and how long ago where that is longer than it should be. */
export interface Freshness {
  at: Date;
  isStale: boolean;
  now: Date;
}

/** A whole page. `title` is of the page; nothing in it runs scripts. */
export function frame(title: string, path: string, freshness: Freshness, content: Html): string {
  const at = freshness.at.toISOString();
  const links = [
    ['/status', 'Now'],
    ['/status/history', 'History'],
  ] as const;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="alternate" type="application/rss+xml" title="Status updates" href="/status.rss">
<style>${new Raw(STYLES)}</style>
</head>
<body>
<div class="frame">
<header><b>HerbisVeritas status</b><nav aria-label="Status">${links.map(
    ([to, words]) =>
      html`<a href="${to}"${to === path ? new Raw(' aria-current="page"') : null}>${words}</a>`,
  )}</nav></header>
<main>
${
  freshness.isStale &&
  html`<p class="notice" role="status">This page could not be brought up to date for ${lengthWords(
    freshness.now.getTime() - freshness.at.getTime(),
  )}. It shows what was so at ${time(at)}.</p>`
}
${content}
</main>
<footer class="quiet"><span>As of ${time(at)}. All times are UTC.</span><span><a href="/status.rss">RSS</a> · <a href="/status.json">JSON</a></span></footer>
</div>
</body>
</html>
`;
  return page.text;
}
