import type { ImpactEntry, IncidentImpact } from '#server/business/contract';
import { moneyWords, revenueWords, usersWords } from '#server/business/words/contract';
import type { IncidentDetail } from '#server/incidents/contract';
import { INCIDENT_LEVEL_LABELS } from '#server/incidents/words/contract';
import { durationWords } from '#server/monitoring/rules/words/contract';
import { SECTION_KEYS, type Sections } from '#server/postmortems/words/contract';

/** What was linked to the incident. */
export interface Evidence {
  alerts: { id: string; title: string }[];
  runs: { id: string; number: number; title: string }[];
  /** What was written when it was resolved. */
  resolution: string | null;
}

/** A text as Markdown shows it to the letter, on one line. */
export function plainMarkdown(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_{}[\]()<>#+!|~&-]/g, '\\$&')
    .replaceAll(/^(\d+)([.)])/g, '$1\\$2');
}

/** A time in UTC, to the minute. */
export function minuteUtc(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** What a post-mortem says before anybody has written: what the incident itself knows, and nothing that would be guessed. */
export function firstText(incident: IncidentDetail, evidence: Evidence, impact: IncidentImpact): Sections {
  const { name, title, level, service, environment } = incident;
  const place = environment ? ` on ${service}/${environment}` : service ? ` on ${service}` : '';
  const opened =
    incident.cause === 'person'
      ? `Declared by ${plainMarkdown(incident.declaredByName)}`
      : `Opened by the console after an ${incident.cause === 'alert' ? 'alert' : 'automatic rollback'}`;
  const commander = incident.commanderName
    ? `; ${plainMarkdown(incident.commanderName)} commanded at its end`
    : '';
  const linked = [
    ...evidence.alerts.map((alert) => `- Alert: [${plainMarkdown(alert.title)}](/alerts/${alert.id})`),
    ...evidence.runs.map((run) => `- Run #${run.number}: [${plainMarkdown(run.title)}](/runs/${run.id})`),
  ];
  const sections = Object.fromEntries(SECTION_KEYS.map((key) => [key, ''])) as Sections;
  return {
    ...sections,
    summary: [
      `${name}: ${plainMarkdown(title)}${plainMarkdown(place)}. Level ${level}, ${INCIDENT_LEVEL_LABELS[level].toLowerCase()}.`,
      `${opened}${commander}.`,
      ...(linked.length > 0 ? [`Seen and done on the way:\n\n${linked.join('\n')}`] : []),
    ].join('\n\n'),
    impact: impactText(incident, impact),
    resolution: evidence.resolution ? plainMarkdown(evidence.resolution) : '',
  };
}

/** How long an incident lasted, whom it affected and what was lost, as far as that is known, as Markdown. */
export function impactText(incident: IncidentDetail, { current, sourceProblem }: IncidentImpact): string {
  const { startedAt, resolvedAt, durationMs } = incident;
  const lasted = `Lasted ${durationWords(Math.round(durationMs / 1_000))}, from ${minuteUtc(startedAt)} to ${resolvedAt ? minuteUtc(resolvedAt) : 'now'}.`;
  if (current === null)
    return sourceProblem === null ? lasted : `${lasted}\n\n${plainMarkdown(costUnknown(sourceProblem))}`;
  const lines = [
    `- Lost revenue: ${plainMarkdown(revenueWords(current))}`,
    `- Users affected: ${plainMarkdown(usersWords(current))}`,
  ];
  return [lasted, lines.join('\n'), plainMarkdown(howKnown(current))].join('\n\n');
}

function costUnknown(problem: string): string {
  return `Lost revenue and users affected are not known. ${problem}`;
}

function howKnown({ kind, authorName, reason, inputs }: ImpactEntry): string {
  if (kind === 'override') return `Said by ${authorName}: ${reason}`;
  if (inputs === null) return 'The console could not read what came in.';
  const { actual, currency, weeks } = inputs;
  const counted = weeks.filter(({ sums }) => sums !== null).length;
  const came = `${actual.orders} orders of ${moneyWords(actual.revenueMinor, currency)} came in, ${actual.failedPayments} of ${actual.payments} payments failed, and ${actual.visitors} visitors were seen.`;
  return `${came} Reckoned from the same hours of the four weeks before, of which ${counted} have data.`;
}
