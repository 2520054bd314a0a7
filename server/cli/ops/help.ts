import { type AnyCommand, colonForm, GROUPS } from '#server/cli/ops/command';
import { EXIT_CODES } from '#server/cli/ops/exit-codes';
import { GLOBAL_OPTIONS } from '#server/cli/ops/global-options';

/** The help of a command, of a group of commands, or with an empty path of everything; it ends in a line break. Pure. */
export function helpOf(path: string, commands: readonly AnyCommand[], width: number): string {
  const spec = commands.find((each) => each.path === path);
  const below = commands.filter((each) => path === '' || each.path.startsWith(`${path} `));
  const blocks = path === '' ? rootBlocks(commands, width) : [];
  if (spec) blocks.push(...commandBlocks(spec, width));
  if (path !== '' && below.length > 0) {
    blocks.push([`${spec ? 'More' : `ops ${path}`}:`, ...listLines(below, width)]);
  }
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`;
}

function rootBlocks(commands: readonly AnyCommand[], width: number): string[][] {
  return [
    wrap(
      'ops <command>: the command line of the HerbisVeritas Ops console. Both forms of a name do the same.',
      0,
      width,
    ),
    ...GROUPS.map((group) => {
      const members = commands.filter((each) => each.group === group);
      return members.length > 0 ? [`${group}:`, ...listLines(members, width, commands)] : [];
    }).filter((block) => block.length > 0),
    [
      'Options of every command:',
      ...items(
        GLOBAL_OPTIONS.map(({ flags, text }) => [flags, text]),
        width,
      ),
    ],
    wrap(
      'More: "ops help <command>", "ops help exit-codes". Through npm: npm run ops -- <command>.',
      0,
      width,
    ),
  ];
}

/** Names that are longer have a line of their own. */
const LONGEST_ALIGNED = 24;

/** Spaced form, colon form where it differs, and what it does. */
function listLines(
  commands: readonly AnyCommand[],
  width: number,
  all: readonly AnyCommand[] = commands,
): string[] {
  const isShort = ({ path }: AnyCommand): boolean => path.length <= LONGEST_ALIGNED;
  const spaced = Math.max(...all.filter(isShort).map(({ path }) => path.length));
  const both = ({ path, knownAs }: AnyCommand): string =>
    `${path.padEnd(spaced)}  ${knownAs ?? (path.includes(' ') ? colonForm(path) : '')}`;
  const term = Math.max(...all.filter(isShort).map((each) => both(each).length));
  return commands.flatMap((each) =>
    isShort(each)
      ? items([[both(each), each.summary]], width, term)
      : [`  ${each.path} or`, ...items([[each.knownAs ?? colonForm(each.path), each.summary]], width, 0)],
  );
}

function commandBlocks(spec: AnyCommand, width: number): string[][] {
  const usage = ['ops', spec.path, ...(spec.args ?? []).map(({ name }) => name), '[options]'].join(' ');
  const blocks = [[`Usage: ${usage}`]];
  const also = spec.knownAs ?? (spec.path.includes(' ') ? colonForm(spec.path) : null);
  if (also) blocks[0]?.push(`Also:  ops ${also}`);
  for (const text of [spec.summary, ...(spec.details ?? [])]) blocks.push(wrap(text, 0, width));
  const rows = [
    ...(spec.args ?? []).map(({ name, text }): [string, string] => [name, text]),
    ...(spec.options ?? []).map(({ flags, text, required, choices }): [string, string] => [
      flags,
      `${text}${choices ? ` (${choices.join(', ')})` : ''}${required ? '; must be given' : ''}`,
    ]),
    ...(spec.confirmation === 'consequential'
      ? [['--yes', 'say yes beforehand; needed where there is no terminal'] as [string, string]]
      : []),
  ];
  if (rows.length > 0) blocks.push(items(rows, width));
  blocks.push(['Options of every command: "ops help".']);
  return blocks;
}

/** `ops help exit-codes` */
export function exitCodeHelp(width: number): string {
  const rows = EXIT_CODES.map(({ code, meaning }): [string, string] => [String(code), meaning]);
  return `${['Exit codes of ops:', ...items(rows, width)].join('\n')}\n`;
}

/** Terms with their texts beside them, wrapped. */
function items(
  rows: readonly (readonly [string, string])[],
  width: number,
  term = Math.max(...rows.map(([each]) => each.length)),
): string[] {
  return rows.flatMap(([name, text]) => {
    const [first = '', ...rest] = wrap(text, Math.max(term, name.length) + 4, width);
    return [`  ${name.padEnd(term)}  ${first.trimStart()}`, ...rest];
  });
}

/** Lines of at most `width` characters, each indented. */
function wrap(text: string, indent: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(' '.repeat(indent) + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(' '.repeat(indent) + line);
  return lines;
}
