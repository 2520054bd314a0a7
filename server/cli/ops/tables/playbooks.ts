import { command } from '#server/cli/ops/command';

const INCIDENT = { name: '<incident>', text: 'its number, like INC-42 or 42' } as const;
const PLACE = {
  name: '[environment]',
  text: 'as service/environment or environment; absent: the only one that is not for practice',
} as const;
const group = 'Incidents';
const load = () => import('#server/cli/ops/commands/playbooks');

/** What the playbooks of incidents ask for. */
export const PLAYBOOKS = [
  command({
    path: 'incident alert-critical',
    group,
    summary: 'Tell CRITICAL of an incident, once',
    args: [INCIDENT],
    calls: ['runIncidentAction'],
    run: async (ops, input) => (await load()).alertCritical(ops, input),
  }),
  command({
    path: 'incident assess',
    group,
    summary: 'Measure now what an incident damages, and write it down',
    args: [INCIDENT],
    calls: ['runIncidentAction'],
    run: async (ops, input) => (await load()).assessIncident(ops, input),
  }),
  command({
    path: 'incident workaround',
    group,
    summary: 'Write down what people can do meanwhile',
    args: [INCIDENT, { name: '<text...>', text: 'what they can do' }],
    calls: ['noteWorkaround'],
    run: async (ops, input) => (await load()).noteWorkaround(ops, input),
  }),
  command({
    path: 'incident schedule-fix',
    group,
    summary: 'Say who fixes it for good, and by when',
    details: ['With a post-mortem it becomes an action item there; without one the timeline keeps it.'],
    args: [INCIDENT, { name: '<text...>', text: 'what is to be done' }],
    options: [
      { flags: '--due <day>', text: 'by when, like 2026-12-24; absent: in 14 days' },
      { flags: '--owner <email>', text: 'who does it; absent: you' },
    ],
    calls: ['scheduleIncidentFix'],
    run: async (ops, input) => (await load()).scheduleFix(ops, input),
  }),
  command({
    path: 'emergency assess-damage',
    group,
    summary: 'Measure now what is damaged, whether or not an incident is open',
    details: ['Written into the open incident of that environment, where there is one.'],
    args: [PLACE],
    calls: ['listEnvironments', 'assessDamage'],
    run: async (ops, input) => (await load()).assessDamage(ops, input),
  }),
  command({
    path: 'emergency restore-service',
    group,
    summary: 'Say what could restore a service now: rollback, restart, cache clear, maintenance',
    details: ['Starts nothing: each way is confirmed on its page, or with its own command.'],
    args: [PLACE],
    calls: ['listEnvironments', 'proposeRestore'],
    run: async (ops, input) => (await load()).restoreService(ops, input),
  }),
];
