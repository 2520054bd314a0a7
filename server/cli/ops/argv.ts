/** Options before the command that take a value, so that it is not taken for the command. */
export interface ArgvRules {
  valueOptions: ReadonlySet<string>;
}

/**
 * The words of a call with the command in its spaced form: `runs:list --json` is `runs list --json`, and after `help`
 * the command that is asked about likewise. Values of options and everything behind the command stay as they are. Pure.
 */
export function spaceCommand(argv: readonly string[], rules: ArgvRules): string[] {
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] as string;
    if (word === '--') return [...words, ...argv.slice(at)];
    words.push(word);
    if (word.startsWith('-')) {
      const next = argv[at + 1];
      if (rules.valueOptions.has(word) && next !== undefined) {
        words.push(next);
        at += 1;
      }
      continue;
    }
    words.pop();
    if (word === 'help') {
      words.push(word);
      continue;
    }
    return [...words, ...split(word), ...argv.slice(at + 1)];
  }
  return words;
}

function split(word: string): string[] {
  const parts = word.split(':').filter((part) => part !== '');
  return parts.length > 0 ? parts : [word];
}
