import type { PublicComponent, PublicIncident, PublicMaintenance, UptimeDay } from '#server/status/contract';
import type { CopiedStatus } from '#server/status/copy';
import { type Html, html } from '#server/status/render/html';
import {
  dateWords,
  type Freshness,
  frame,
  fromTo,
  INCIDENT_TONES,
  lengthWords,
  mark,
  monthWords,
  percentWords,
  STATE_TONES,
  type Tone,
  time,
} from '#server/status/render/parts';
import {
  COMPONENT_STATE_LABELS,
  type ComponentState,
  IMPACT_LABELS,
  MAINTENANCE_STATUS_LABELS,
  PUBLIC_STATE_LABELS,
} from '#server/status/words/contract';

/** Incidents on one page of the history. */
export const HISTORY_PAGE = 25;
/** Incidents that were resolved within so many days are on the first page. */
const RECENT_DAYS = 7;
/** At most; the others are in the history. */
const RECENT = 10;
const DAY_MS = 86_400_000;

const OVERALL: Record<ComponentState, string> = {
  operational: 'Everything works',
  unknown: 'Not measured at the moment',
  maintenance: 'Maintenance is under way',
  degraded: 'Something is slow or unreliable',
  partial_outage: 'Something is partly down',
  major_outage: 'There is an outage',
};

/** `/status`: how everything is now. */
export function statusPage({ status, at, isStale }: CopiedStatus, now: Date): string {
  const open = status.incidents.filter(({ state }) => state !== 'resolved');
  const since = now.getTime() - RECENT_DAYS * DAY_MS;
  const recent = status.incidents
    .filter(({ resolvedAt }) => resolvedAt !== null && Date.parse(resolvedAt) >= since)
    .slice(0, RECENT);
  const coming = status.maintenance.filter(
    (each) => each.status === 'planned' || each.status === 'under_way',
  );
  // What is open is told even where it affects no component that is shown.
  const isOnlyTold = (status.overall === 'operational' || status.overall === 'unknown') && open.length > 0;
  const words = isOnlyTold ? 'We are dealing with a problem' : OVERALL[status.overall];
  const tone: Tone = isOnlyTold ? 'warning' : STATE_TONES[status.overall];
  return frame(
    `${words} · HerbisVeritas status`,
    '/status',
    { at, isStale, now },
    html`<div class="lead ${tone}">${mark(tone)}<div><h1>${words}</h1></div></div>
${open.length > 0 && html`<h2>What we are working on</h2>${open.map(incidentCard)}`}
${coming.length > 0 && html`<h2>Maintenance</h2>${coming.map(maintenanceCard)}`}
<h2>Components</h2>
${
  status.components.length > 0
    ? componentCards(status.components)
    : html`<p class="empty">Nothing is shown here.</p>`
}
<h2>Lately</h2>
${
  recent.length > 0
    ? recent.map(incidentCard)
    : html`<p class="empty">No incident was resolved in the last ${RECENT_DAYS} days.</p>`
}
<p><a class="more" href="/status/history">Everything before</a></p>`,
  );
}

/** `/status/history`: what was told, month by month. @param page from 1 */
export function historyPage({ status, at, isStale }: CopiedStatus, now: Date, page: number): string {
  const first = (page - 1) * HISTORY_PAGE;
  const shown = status.incidents.slice(first, first + HISTORY_PAGE);
  const months = [...new Set(shown.map(({ openedAt }) => monthWords(openedAt)))];
  const isMore = status.incidents.length > first + HISTORY_PAGE;
  const past = page === 1 ? status.maintenance.filter((each) => each.status === 'over').reverse() : [];
  return frame(
    'History · HerbisVeritas status',
    '/status/history',
    { at, isStale, now },
    html`<h1>History</h1>
${shown.length === 0 && html`<p class="empty">${page === 1 ? 'No incident was ever told of here.' : 'There is nothing older.'}</p>`}
${months.map(
  (month) =>
    html`<h2>${month}</h2>${shown.filter(({ openedAt }) => monthWords(openedAt) === month).map(summaryCard)}`,
)}
${past.length > 0 && html`<h2>Maintenance of the last 30 days</h2>${past.map(maintenanceCard)}`}
<p class="row">${page > 1 && html`<a class="more" href="/status/history?page=${page - 1}">Newer</a>`}${isMore && html`<a class="more" href="/status/history?page=${page + 1}">Older</a>`}</p>`,
  );
}

/** `/status/incidents/:number`: all that was told of one incident. */
export function incidentPage({ at, isStale }: CopiedStatus, now: Date, incident: PublicIncident): string {
  const freshness: Freshness = { at, isStale, now };
  return frame(
    `${incident.title} · HerbisVeritas status`,
    `/status/incidents/${incident.number}`,
    freshness,
    html`<div class="row"><h1>${incident.title}</h1>${stateOf(incident)}</div>
<p class="quiet">${spanOf(incident)}</p>
<div class="card stem-card" style="margin-top:16px">${body(incident)}</div>`,
  );
}

/** A page that says why there is nothing else to see. */
export function emptyPage(title: string, words: string, freshness: Freshness): string {
  return frame(
    `${title} · HerbisVeritas status`,
    '',
    freshness,
    html`<h1>${title}</h1><p class="quiet" style="margin-top:8px">${words}</p><p><a class="more" href="/status">How everything is now</a></p>`,
  );
}

function state(tone: Tone, words: string): Html {
  return html`<span class="state ${tone}">${mark(tone)}${words}</span>`;
}

function stateOf({ state: is }: PublicIncident): Html {
  return state(INCIDENT_TONES[is], PUBLIC_STATE_LABELS[is]);
}

function spanOf({ openedAt, resolvedAt }: PublicIncident): Html {
  if (resolvedAt === null) return html`Since ${time(openedAt)}`;
  return html`${time(openedAt)}, for ${lengthWords(Date.parse(resolvedAt) - Date.parse(openedAt))}`;
}

function incidentCard(incident: PublicIncident): Html {
  return html`<article class="card"><div class="row"><h3><a href="/status/incidents/${incident.number}">${incident.title}</a></h3>${stateOf(incident)}</div>
<p class="quiet">${spanOf(incident)}</p>${body(incident)}</article>`;
}

function body(incident: PublicIncident): Html {
  const { affected, nextUpdateAt, updates } = incident;
  return html`${
    affected.length > 0 &&
    html`<p class="quiet">Affected: ${affected.map(({ name, impact }, at) => `${at > 0 ? '; ' : ''}${name} (${IMPACT_LABELS[impact].toLowerCase()})`)}</p>`
  }${nextUpdateAt !== null && html`<p class="quiet">Next update by ${time(nextUpdateAt)}</p>`}
<ol class="stem">${updates.map(
    (update) =>
      html`<li><time class="quiet" datetime="${update.at}">${dateWords(update.at)}, ${update.at.slice(11, 16)}&nbsp;UTC</time>${mark(INCIDENT_TONES[update.state])}<div><b>${PUBLIC_STATE_LABELS[update.state]}</b><p class="text">${update.text}</p></div></li>`,
  )}</ol>`;
}

function summaryCard(incident: PublicIncident): Html {
  const [last] = incident.updates;
  return html`<article class="card"><div class="row"><h3><a href="/status/incidents/${incident.number}">${incident.title}</a></h3>${stateOf(incident)}</div>
<p class="quiet">${spanOf(incident)}</p>${last ? html`<p class="text">${last.text}</p>` : null}</article>`;
}

function maintenanceCard(work: PublicMaintenance): Html {
  const tone: Tone = work.status === 'under_way' ? 'info' : 'unknown';
  return html`<article class="card"><div class="row"><h3>${work.title}</h3>${state(tone, MAINTENANCE_STATUS_LABELS[work.status])}</div>
<p class="quiet">${fromTo(work.startsAt, work.endsAt)}${work.components.length > 0 && `. Concerns ${work.components.join(', ')}`}</p>
<p class="text">${work.text}</p></article>`;
}

/** Components by their headings, in the order in which each comes first; those without one lead. */
function componentCards(components: readonly PublicComponent[]): Html[] {
  const headings = [...new Set(components.map(({ group }) => group).filter((group) => group !== ''))];
  const under = (heading: string) => components.filter(({ group }) => group === heading);
  return [
    ...under('').map((each) => componentCard(each, html`<h3>${each.name}</h3>`)),
    ...headings.map(
      (heading) =>
        html`<h3 class="group">${heading}</h3>${under(heading).map((each) => componentCard(each, html`<h4>${each.name}</h4>`))}`,
    ),
  ];
}

function componentCard(component: PublicComponent, heading: Html): Html {
  const { description, days, uptimePercent } = component;
  const bad = days.filter(({ percent }) => percent !== null && percent < 100);
  const looked = days.filter(({ percent }) => percent !== null).length;
  const label =
    uptimePercent === null
      ? 'Uptime: nobody has looked yet'
      : `Uptime of the last ${days.length} days: ${percentWords(uptimePercent)}, measured on ${looked} of them, with trouble on ${bad.length}`;
  return html`<article class="card"><div class="row">${heading}${state(STATE_TONES[component.state], COMPONENT_STATE_LABELS[component.state])}</div>
${description !== '' && html`<p class="quiet">${description}</p>`}
<div class="bars" role="img" aria-label="${label}">${days.map(bar)}</div>
<div class="scale quiet"><span>${days.length} days ago</span><span>${uptimePercent === null ? 'Not measured yet' : `${percentWords(uptimePercent)} well`}</span><span>Today</span></div>
${
  bad.length > 0 &&
  html`<details><summary>Days with trouble: ${bad.length}</summary><ul class="days quiet">${bad.map(
    ({ date, percent }) => html`<li>${date}: ${percentWords(percent ?? 0)}</li>`,
  )}</ul></details>`
}</article>`;
}

function bar({ date, percent }: UptimeDay): Html {
  const tone = toneOf(percent);
  const words = percent === null ? 'not measured' : percentWords(percent);
  return html`<i class="${tone}" title="${date}: ${words}"></i>`;
}

/** A day is told by colour and by height. */
function toneOf(percent: number | null): Tone {
  if (percent === null) return 'unknown';
  if (percent >= 99.9) return 'ok';
  return percent >= 97 ? 'warning' : 'critical';
}
