import { command, type OptionSpec } from '#server/cli/ops/command';

const PLACE = {
  name: '[environment]',
  text: 'as service/environment or environment; absent: the only one that is not for practice',
} as const;
const REASON: OptionSpec = { flags: '--reason <text>', text: 'why, for everybody to see', required: true };
const MAY_REASON: OptionSpec = { flags: '--reason <text>', text: 'why, for the audit log' };
const NO_FOLLOW: OptionSpec = { flags: '--no-follow', text: 'do not wait for the run' };
const group = 'Maintenance and emergencies';
const follows = ['getRun', 'readRunLog'] as const;
const load = () => import('#server/cli/ops/commands/emergencies');

/** Maintenance mode, lockdown, enhanced monitoring, restart and the emergency commands. */
export const EMERGENCIES = [
  command({
    path: 'maintenance enable',
    group,
    summary: 'Turn visitors away with 503 and Retry-After',
    args: [PLACE],
    options: [
      REASON,
      { flags: '--minutes <minutes>', text: 'until when; absent: until it is disabled' },
      { flags: '--retry-after <seconds>', text: 'what visitors are told while no end is set' },
      { flags: '--allow <addresses>', text: 'who is served as usual, such as 203.0.113.0/24,198.51.100.7' },
      NO_FOLLOW,
    ],
    calls: ['listEnvironments', 'planToggle', 'enableMaintenance', ...follows],
    confirmation: 'consequential',
    run: async (ops, input) => (await load()).enableMaintenance(ops, input),
  }),
  command({
    path: 'maintenance disable',
    group,
    summary: 'Let visitors in again',
    args: [PLACE],
    options: [REASON, NO_FOLLOW],
    calls: ['listEnvironments', 'planToggle', 'disableMaintenance', ...follows],
    confirmation: 'consequential',
    run: async (ops, input) => (await load()).disableMaintenance(ops, input),
  }),
  command({
    path: 'security lockdown',
    group,
    summary: 'Refuse logins, checkouts and the admin page, and end every session',
    details: ['Asks for the name of the environment and for your password.'],
    args: [PLACE],
    options: [REASON, NO_FOLLOW],
    calls: ['listEnvironments', 'planToggle', 'lockDown', ...follows],
    confirmation: 'drastic',
    run: async (ops, input) => (await load()).lockDown(ops, input),
  }),
  command({
    path: 'security unlock',
    group,
    summary: 'Lift the lockdown',
    details: ['Asks for the name of the environment and for your password.'],
    args: [PLACE],
    options: [REASON, NO_FOLLOW],
    calls: ['listEnvironments', 'planToggle', 'unlock', ...follows],
    confirmation: 'drastic',
    run: async (ops, input) => (await load()).unlock(ops, input),
  }),
  command({
    path: 'status security',
    group,
    summary: 'Lockdowns, and attacks of the last day by kind',
    calls: ['listOpenToggles', 'countSecurityEvents'],
    run: async (ops) => (await load()).securityStatus(ops),
  }),
  command({
    path: 'system restart',
    group,
    summary: 'Restart what is live, without a second in which nobody serves',
    args: [PLACE],
    options: [MAY_REASON, NO_FOLLOW],
    calls: ['listEnvironments', 'planRestart', 'requestRestart', ...follows],
    confirmation: 'consequential',
    run: async (ops, input) => (await load()).restart(ops, input),
  }),
  command({
    path: 'performance emergency-cache-clear',
    group,
    summary: 'Have every instance forget what it has cached',
    args: [PLACE],
    options: [MAY_REASON, NO_FOLLOW],
    calls: ['listEnvironments', 'planEmergency', 'runEmergencyCommand', ...follows],
    confirmation: 'consequential',
    run: async (ops, input) => (await load()).runEmergency(ops, input, 'clear-cache'),
  }),
  ...(['emergency-optimize', 'emergency-optimization'] as const).map((name) =>
    command({
      path: `performance ${name}`,
      group,
      summary: 'Vacuum, analyse and warm up while the shop goes on',
      args: [PLACE],
      options: [MAY_REASON, NO_FOLLOW],
      calls: ['listEnvironments', 'planEmergency', 'runEmergencyCommand', ...follows],
      confirmation: 'consequential',
      run: async (ops, input) => (await load()).runEmergency(ops, input, 'optimise'),
    }),
  ),
  command({
    path: 'monitoring enhanced-mode',
    group,
    summary: 'Check more often until a time, or with --off no more',
    args: [PLACE],
    options: [
      REASON,
      { flags: '--minutes <minutes>', text: 'how long; 60 unless told' },
      { flags: '--interval <seconds>', text: 'between checks; 5 unless told' },
      { flags: '--off', text: 'back to the intervals of every day' },
    ],
    calls: ['listEnvironments', 'enableEnhancedMonitoring', 'disableEnhancedMonitoring'],
    run: async (ops, input) => (await load()).enhancedMode(ops, input),
  }),
];
