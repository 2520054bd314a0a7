import { type AnyCommand, command } from '#server/cli/ops/command';
import { usageFailure } from '#server/cli/ops/failure';
import { exitCodeHelp, helpOf } from '#server/cli/ops/help';
import { ALERTS } from '#server/cli/ops/tables/alerts';
import { CHECKS } from '#server/cli/ops/tables/checks';
import { EMERGENCIES } from '#server/cli/ops/tables/emergencies';
import { FIGURES } from '#server/cli/ops/tables/figures';
import { INCIDENTS } from '#server/cli/ops/tables/incidents';
import { MANAGE } from '#server/cli/ops/tables/manage';
import { METRICS } from '#server/cli/ops/tables/metrics';
import { NOTIFICATIONS } from '#server/cli/ops/tables/notifications';
import { OPERATE } from '#server/cli/ops/tables/operate';
import { PLAYBOOKS } from '#server/cli/ops/tables/playbooks';
import { POSTMORTEMS } from '#server/cli/ops/tables/postmortems';
import { STATUS_PAGE } from '#server/cli/ops/tables/status-page';
import { widthOf } from '#server/cli/ops/terminal';

const HELP = [
  command({
    path: 'completion',
    group: 'This command line',
    summary: 'What a shell needs to complete words',
    details: ['For example in ~/.bashrc: source <(ops completion bash)'],
    args: [{ name: '<shell>', text: 'bash or zsh' }],
    calls: [],
    local: 'prints a script',
    run: async (ops, input) =>
      (await import('#server/cli/ops/commands/completion')).printCompletion(ops, input, COMMANDS),
  }),
  command({
    path: 'help',
    group: 'This command line',
    summary: 'This, or the help of a command',
    args: [{ name: '[command...]', text: 'in either form, or exit-codes' }],
    calls: [],
    local: 'prints a text',
    run: async ({ screen, terminal }, { args }) => {
      const path = args.join(' ');
      const width = widthOf(terminal.stdout) ?? 80;
      const isKnown = COMMANDS.some((each) => each.path === path || each.path.startsWith(`${path} `));
      if (path !== '' && path !== 'exit-codes' && !isKnown) {
        throw usageFailure(`There is no command "${path}".`, 'See "ops help".');
      }
      const text = path === 'exit-codes' ? exitCodeHelp(width) : helpOf(path, COMMANDS, width);
      screen.show({ help: text }, () => text.trimEnd().split('\n'));
      return undefined;
    },
  }),
];

/** Every command, in the order of the help. */
export const COMMANDS: readonly AnyCommand[] = [
  ...OPERATE,
  ...EMERGENCIES,
  ...ALERTS,
  ...INCIDENTS,
  ...PLAYBOOKS,
  ...POSTMORTEMS,
  ...FIGURES,
  ...STATUS_PAGE,
  ...CHECKS,
  ...METRICS,
  ...NOTIFICATIONS,
  ...MANAGE,
  ...HELP,
];
