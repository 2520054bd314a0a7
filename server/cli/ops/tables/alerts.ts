import { command } from '#server/cli/ops/command';
import { ALERT_STATES } from '#server/monitoring/alerts/words/contract';
import { SEVERITIES } from '#server/monitoring/rules/words/contract';

const ALERT = { name: '<alert>', text: 'its id as "ops alerts list" shows it' } as const;
const RULE = { name: '<rule>', text: 'its key as "ops rules list" shows it' } as const;
const group = 'Alerts and rules';
const load = () => import('#server/cli/ops/commands/alerts');

/** What fires, and what makes it fire. */
export const ALERTS = [
  command({
    path: 'alerts list',
    group,
    summary: 'What fires, and what has fired',
    options: [
      {
        flags: '--state <state>',
        text: 'only these; open unless told',
        choices: [...ALERT_STATES, 'open', 'all'],
      },
      { flags: '--severity <severity>', text: 'only these', choices: SEVERITIES },
      { flags: '--limit <rows>', text: 'how many at most, up to 200' },
    ],
    calls: ['listAlerts'],
    run: async (ops, input) => (await load()).listAlerts(ops, input),
  }),
  command({
    path: 'alerts show',
    group,
    summary: 'One alert: why it fired and what became of it',
    args: [ALERT],
    calls: ['listAlerts', 'getAlert'],
    run: async (ops, input) => (await load()).showAlert(ops, input),
  }),
  command({
    path: 'alerts ack',
    group,
    summary: 'Say that you deal with an alert',
    args: [ALERT],
    options: [
      { flags: '--note <text>', text: 'what you do, for everybody to see' },
      { flags: '--minutes <minutes>', text: 'for how long; 60 unless told' },
    ],
    calls: ['listAlerts', 'acknowledgeAlert'],
    run: async (ops, input) => (await load()).acknowledge(ops, input),
  }),
  command({
    path: 'alerts resolve',
    group,
    summary: 'End an alert by hand; what goes on breaching fires again',
    args: [ALERT],
    options: [{ flags: '--reason <text>', text: 'why it is over', required: true }],
    calls: ['listAlerts', 'resolveAlert'],
    run: async (ops, input) => (await load()).resolve(ops, input),
  }),
  command({
    path: 'rules list',
    group,
    summary: 'Rules, and how they stand',
    calls: ['listRules'],
    run: async (ops) => (await load()).listRules(ops),
  }),
  command({
    path: 'rules test',
    group,
    summary: 'What a rule sees now, and would have done in the last days',
    args: [RULE],
    options: [{ flags: '--days <days>', text: 'how far back; 7 unless told' }],
    calls: ['testRule'],
    run: async (ops, input) => (await load()).testRule(ops, input),
  }),
  command({
    path: 'rules switch',
    group,
    summary: 'Switch a rule on or off',
    details: ['Off and real ask first; --yes answers.'],
    args: [RULE, { name: '<to>', text: 'on, off, dry (its action is only noted) or real' }],
    options: [{ flags: '--reason <text>', text: 'why, for the audit log' }],
    confirmation: 'consequential',
    calls: ['switchRule'],
    run: async (ops, input) => (await load()).switchRule(ops, input),
  }),
];
