import { command } from '#server/cli/ops/command';
import { INCIDENT_LEVELS, INCIDENT_ROLES, INCIDENT_STATES } from '#server/incidents/words/contract';

const INCIDENT = { name: '<incident>', text: 'its number, like INC-42 or 42' } as const;
const LEVELS = INCIDENT_LEVELS.map(String);
const group = 'Incidents';
const loadChanges = () => import('#server/cli/ops/commands/incident-changes');
const load = () => import('#server/cli/ops/commands/incidents');

/** What goes wrong, who deals with it, and how it went. */
export const INCIDENTS = [
  command({
    path: 'incident start',
    group,
    summary: 'Declare an incident, which you command from then on',
    args: [{ name: '[title...]', text: 'what is wrong, in a few words; absent: you are asked' }],
    options: [
      {
        flags: '--level <level>',
        text: '1 is critical, 4 trivial; 2 unless told. If unsure, the higher level',
        choices: LEVELS,
      },
      { flags: '--environment <environment>', text: 'where, as service/environment or a service alone' },
      { flags: '--at <time>', text: 'when it began: 14:05 of today in UTC, or 2026-03-01T14:05Z' },
    ],
    calls: ['declareIncident'],
    run: async (ops, input) => (await load()).startIncident(ops, input),
  }),
  command({
    path: 'incident note',
    group,
    summary: 'Add a note to the timeline',
    args: [INCIDENT, { name: '[text...]', text: 'what happened; with images it may be absent' }],
    options: [
      { flags: '--at <time>', text: 'when: 14:05 of today in UTC, or 2026-03-01T14:05Z' },
      { flags: '--image <file...>', text: 'PNG, JPEG, WebP or GIF files that show it' },
      { flags: '--alt <text>', text: 'what the images show, for who cannot see them' },
    ],
    calls: ['addIncidentNote', 'addIncidentImages'],
    run: async (ops, input) => (await load()).noteIncident(ops, input),
  }),
  command({
    path: 'incident update',
    group,
    summary: 'Change the state or the level of an incident',
    details: ['A resolved incident is reopened with --state investigating.'],
    args: [INCIDENT],
    options: [
      { flags: '--state <state>', text: 'how it stands', choices: INCIDENT_STATES },
      { flags: '--level <level>', text: 'how grave it is, with --reason', choices: LEVELS },
      { flags: '--reason <text>', text: 'why, for everybody to see' },
    ],
    calls: ['getIncident', 'changeIncidentState', 'changeIncidentLevel'],
    run: async (ops, input) => (await load()).updateIncident(ops, input),
  }),
  command({
    path: 'incident title',
    group,
    summary: 'Call an incident by what it turned out to be',
    args: [INCIDENT, { name: '<title...>', text: 'what is wrong, in a few words' }],
    options: [{ flags: '--reason <text>', text: 'why, if it does not explain itself' }],
    calls: ['getIncident', 'changeIncidentTitle'],
    run: async (ops, input) => (await loadChanges()).retitleIncident(ops, input),
  }),
  command({
    path: 'incident role',
    group,
    summary: 'Give somebody a role of an incident, hand it over, or end it',
    details: ['The commander of an open incident hands over and cannot leave.'],
    args: [
      INCIDENT,
      { name: '<role>', text: INCIDENT_ROLES.join(', ') },
      { name: '[person]', text: 'by e-mail address; absent: yourself' },
    ],
    options: [{ flags: '--leave', text: 'ends the role, and gives it to nobody' }],
    calls: ['getIncident', 'assignIncidentRole', 'leaveIncidentRole'],
    run: async (ops, input) => (await loadChanges()).setIncidentRole(ops, input),
  }),
  command({
    path: 'incident correct',
    group,
    summary: 'Write how an entry of the timeline should have read',
    details: ['The entry stays as it was written, and the correction stands beside it.'],
    args: [
      INCIDENT,
      { name: '<entry>', text: 'its id, as "incident show" tells it' },
      { name: '<text...>', text: 'how it should have read' },
    ],
    calls: ['correctIncidentEntry'],
    run: async (ops, input) => (await loadChanges()).correctEntry(ops, input),
  }),
  command({
    path: 'incident pin',
    group,
    summary: 'Pin an entry to the top of the timeline, or take it from there',
    args: [INCIDENT, { name: '<entry>', text: 'its id, as "incident show" tells it' }],
    options: [{ flags: '--off', text: 'takes it from the top' }],
    calls: ['pinIncidentEntry', 'unpinIncidentEntry'],
    run: async (ops, input) => (await loadChanges()).pinEntry(ops, input),
  }),
  command({
    path: 'incident merge',
    group,
    summary: 'Merge an incident into the one that it turned out to be',
    details: ['The other goes on with both timelines, and this number leads to it. It cannot be undone.'],
    args: [INCIDENT],
    options: [
      { flags: '--into <incident>', text: 'the one that goes on' },
      { flags: '--reason <text>', text: 'why they are the same' },
    ],
    calls: ['getIncident', 'mergeIncident'],
    confirmation: 'consequential',
    run: async (ops, input) => (await loadChanges()).mergeIncidents(ops, input),
  }),
  command({
    path: 'incident resolve',
    group,
    summary: 'Say that an incident is over',
    args: [INCIDENT],
    options: [
      { flags: '--note <text>', text: 'what ended it' },
      { flags: '--at <time>', text: 'when: 14:05 of today in UTC, or 2026-03-01T14:05Z' },
    ],
    calls: ['getIncident', 'changeIncidentState'],
    run: async (ops, input) => (await load()).resolveIncident(ops, input),
  }),
  command({
    path: 'incident list',
    group,
    summary: 'What goes wrong, and what did',
    options: [
      {
        flags: '--state <state>',
        text: 'only these; open unless told',
        choices: [...INCIDENT_STATES, 'open', 'all'],
      },
      { flags: '--level <level>', text: 'only these', choices: LEVELS },
      { flags: '--service <service>', text: 'only of this one' },
      { flags: '--search <words>', text: 'words of title and timeline' },
      { flags: '--mine', text: 'only those in which you have or had a role' },
      { flags: '--view <name>', text: 'what a saved view shows; the other options change it' },
      { flags: '--limit <rows>', text: 'how many at most, up to 200' },
    ],
    calls: ['listIncidents', 'listViews'],
    run: async (ops, input) => (await load()).listIncidents(ops, input),
  }),
  command({
    path: 'incident show',
    group,
    summary: 'One incident: who deals with it, and what happened',
    args: [INCIDENT],
    options: [
      { flags: '--no-system', text: 'without what the console wrote by itself' },
      { flags: '--limit <rows>', text: 'how many entries at most, the last ones; 50 unless told' },
    ],
    calls: ['getIncident', 'listPinnedEntries', 'listTimeline'],
    run: async (ops, input) => (await load()).showIncident(ops, input),
  }),
  command({
    path: 'incident impact',
    group,
    summary: 'What an incident cost: lost revenue and users affected',
    details: [
      'At its end it is estimated by itself, from the same hours of the four weeks before.',
      'What you say with --revenue or --users counts until somebody says otherwise or estimates again.',
    ],
    args: [INCIDENT],
    options: [
      { flags: '--estimate', text: 'reckon it now from the service’s own orders, payments and visits' },
      { flags: '--revenue <range>', text: 'say yourself what was lost, like 120-340.50, with --reason' },
      { flags: '--currency <code>', text: 'of --revenue, like EUR; the one that is known unless told' },
      { flags: '--users <range>', text: 'say yourself how many were affected, like 12-40, with --reason' },
      { flags: '--reason <text>', text: 'how you know, for everybody to see' },
    ],
    calls: ['getIncidentImpact', 'estimateIncidentImpact', 'overrideIncidentImpact'],
    run: async (ops, input) => (await import('#server/cli/ops/commands/impact')).showImpact(ops, input),
  }),
];
