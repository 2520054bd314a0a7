import type { AnyCommand, CommandInput, Ops } from '#server/cli/ops/command';
import { colonForm } from '#server/cli/ops/command';
import { usageFailure } from '#server/cli/ops/failure';
import { GLOBAL_OPTIONS } from '#server/cli/ops/global-options';

const SHELLS = ['bash', 'zsh'];

/** Prints what the shell runs to complete the words of `ops`. */
export async function printCompletion(
  { screen }: Ops<never>,
  input: CommandInput,
  commands: readonly AnyCommand[],
): Promise<undefined> {
  const shell = input.args[0] ?? '';
  if (!SHELLS.includes(shell))
    throw usageFailure(`"${shell}" is no shell known here.`, `There are: ${SHELLS.join(', ')}.`);
  const script = completionScript(commands);
  const lines = shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit', ...script] : script;
  screen.show({ shell, script: lines.join('\n') }, () => lines);
  return undefined;
}

/** Completes the first word, the second one behind a group, and options. Pure. */
export function completionScript(commands: readonly AnyCommand[]): string[] {
  const groups = new Map<string, string[]>();
  const add = (group: string, word: string): void => {
    const words = groups.get(group) ?? [];
    if (!words.includes(word)) groups.set(group, [...words, word]);
  };
  for (const { path } of commands) {
    const [first = '', second] = path.split(' ');
    add('', first);
    if (!second) continue;
    add('', colonForm(path));
    add(first, second);
  }
  const options = [
    ...GLOBAL_OPTIONS.map(({ flags }) => flags),
    ...commands.flatMap((command) => (command.options ?? []).map(({ flags }) => flags)),
    '--yes',
    '--help',
  ].map((flags) => flags.split(/[ ,]/)[0]);
  const cases = [...groups]
    .filter(([group]) => group !== '')
    .map(([group, words]) => `    ${group}) words="${words.join(' ')}" ;;`);
  return [
    '_ops() {',
    '  local word words="" IFS=$\' \\t\\n\'',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
    '  word="${COMP_WORDS[COMP_CWORD]}"',
    '  COMPREPLY=()',
    '  if [[ "$word" == -* ]]; then',
    `    words="${[...new Set(options)].join(' ')}"`,
    '  elif [[ $COMP_CWORD -eq 1 ]]; then',
    `    words="${(groups.get('') ?? []).join(' ')}"`,
    '  elif [[ $COMP_CWORD -eq 2 ]]; then',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
    '    case "${COMP_WORDS[1]}" in',
    ...cases,
    `    help) words="${(groups.get('') ?? []).join(' ')} exit-codes" ;;`,
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -o nosort -F _ops ops',
  ];
}
