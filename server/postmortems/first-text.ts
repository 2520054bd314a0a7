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
export function firstText(incident: IncidentDetail, evidence: Evidence): Sections {
  const { name, title, level, service, environment, startedAt, resolvedAt, durationMs } = incident;
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
    impact: `Lasted ${durationWords(Math.round(durationMs / 1_000))}, from ${minuteUtc(startedAt)} to ${resolvedAt ? minuteUtc(resolvedAt) : 'now'}.`,
    resolution: evidence.resolution ? plainMarkdown(evidence.resolution) : '',
  };
}
