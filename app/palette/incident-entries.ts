import { paths } from '#app/lib/paths';
import type { PaletteEntry, PaletteFacts } from '#app/palette/entry';
import { bar } from '#app/palette/environment-entries';
import { INCIDENT_STATE_LABELS } from '#server/incidents/words/contract';

/** Declaring an incident, and those that are open by number and title. */
export function incidentEntries({ incidents, subject }: PaletteFacts): PaletteEntry[] {
  return [
    ...incidents.map(({ number, name, title, level, state, service, environment }): PaletteEntry => {
      const place = service && environment ? { place: `${service}/${environment}` } : {};
      return {
        ...place,
        id: `incident:${number}`,
        group: 'waiting',
        icon: 'incident',
        title: `${name} ${title}`,
        detail: `level ${level}, ${INCIDENT_STATE_LABELS[state].toLowerCase()}`,
        command: 'incident show',
        keywords: [
          'incident',
          'timeline',
          'resolve',
          'note',
          'playbook',
          'alert critical',
          'assess damage',
          'restore service',
          'workaround',
          'schedule fix',
          `#${number}`,
          service ?? '',
        ],
        blockedBy: bar(subject, 'incidents.read'),
        does: { kind: 'open', href: paths.incident(number) },
      };
    }),
    {
      id: 'incident:declare',
      group: 'act',
      icon: 'incident',
      title: 'Declare an incident',
      command: 'incident start',
      keywords: ['new', 'outage', 'emergency', 'alert critical', 'page somebody'],
      blockedBy: bar(subject, 'incidents.manage'),
      does: { kind: 'open', href: paths.newIncident() },
    },
  ];
}
