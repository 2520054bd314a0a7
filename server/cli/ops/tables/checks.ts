import { command, type OptionSpec } from '#server/cli/ops/command';
import { CHECK_KINDS, CHECK_STATES } from '#server/monitoring/checks/words/contract';

const CHECK = {
  name: '<check>',
  text: 'its id as "ops checks list" shows it, or its key, with the environment where several have it: production/health',
} as const;
const PLACE = {
  name: '[environment]',
  text: 'as service/environment or environment; absent: the only one that is not for practice',
} as const;
const group = 'Checks';
const load = () => import('#server/cli/ops/commands/checks');
const SETTINGS: readonly OptionSpec[] = [
  { flags: '--address <url>', text: 'what http and health ask' },
  { flags: '--host <host>', text: 'what tcp connects to' },
  { flags: '--port <port>', text: 'and its port' },
  { flags: '--expect-status <status>', text: 'of http; 200 unless told' },
  { flags: '--includes <text>', text: 'what the answer of http must hold' },
  { flags: '--interval <seconds>', text: 'how often; 60 unless told' },
  { flags: '--timeout <milliseconds>', text: 'how long an answer may take; 5000 unless told' },
];

/** What is looked at again and again. */
export const CHECKS = [
  command({
    path: 'status health',
    group,
    summary: 'How a service is: what it needs, thing by thing, and its checks',
    details: ['Exit code 5 when something is not well, or nobody can say.'],
    args: [PLACE],
    calls: ['listEnvironments', 'getServiceHealth'],
    run: async (ops, input) => (await load()).showServiceHealth(ops, input),
  }),
  command({
    path: 'checks list',
    group,
    summary: 'Checks, how they stand, and their uptime',
    options: [
      { flags: '--environment <name>', text: 'only this one, as environment or service/environment' },
      { flags: '--state <state>', text: 'only these', choices: CHECK_STATES },
      { flags: '--limit <rows>', text: 'how many at most, up to 200' },
    ],
    calls: ['listChecks'],
    run: async (ops, input) => (await load()).listChecks(ops, input),
  }),
  command({
    path: 'checks results',
    group,
    summary: 'What each look brought, newest first',
    args: [CHECK],
    options: [{ flags: '--limit <rows>', text: 'how many at most, up to 200' }],
    calls: ['listChecks', 'listCheckResults'],
    run: async (ops, input) => (await load()).listResults(ops, input),
  }),
  command({
    path: 'checks add',
    group,
    summary: 'Look at something else again and again',
    args: [{ name: '<key>', text: 'its short name, such as payment-page' }, PLACE],
    options: [
      { flags: '--title <title>', text: 'its name for people', required: true },
      { flags: '--kind <kind>', text: `how to look: ${CHECK_KINDS.join(', ')}`, required: true },
      ...SETTINGS,
    ],
    calls: ['listEnvironments', 'createCheck'],
    run: async (ops, input) => (await load()).addCheck(ops, input),
  }),
  command({
    path: 'checks change',
    group,
    summary: 'Change a check that somebody added',
    args: [CHECK],
    options: [{ flags: '--title <title>', text: 'its name for people' }, ...SETTINGS],
    calls: ['listChecks', 'changeCheck'],
    run: async (ops, input) => (await load()).changeCheck(ops, input),
  }),
  command({
    path: 'checks remove',
    group,
    summary: 'Take away a check that somebody added',
    args: [CHECK],
    calls: ['listChecks', 'removeCheck'],
    confirmation: 'consequential',
    run: async (ops, input) => (await load()).removeCheck(ops, input),
  }),
  command({
    path: 'checks pause',
    group,
    summary: 'Let a check rest; rules hear nothing of it',
    args: [CHECK],
    options: [{ flags: '--reason <text>', text: 'why, for everybody to see', required: true }],
    calls: ['listChecks', 'pauseCheck'],
    run: async (ops, input) => (await load()).pauseCheck(ops, input),
  }),
  command({
    path: 'checks resume',
    group,
    summary: 'Have it run again, at once and afresh',
    args: [CHECK],
    calls: ['listChecks', 'resumeCheck'],
    run: async (ops, input) => (await load()).resumeCheck(ops, input),
  }),
  command({
    path: 'checks run',
    group,
    summary: 'Have it run now',
    args: [CHECK],
    options: [{ flags: '--wait', text: 'for what it brings; exit code 5 when that is not well' }],
    calls: ['listChecks', 'runCheckNow', 'listCheckResults'],
    run: async (ops, input) => (await load()).runCheck(ops, input),
  }),
];
