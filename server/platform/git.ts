import { execa } from 'execa';
import { AppError } from '#server/platform/errors';

/** Commit ids: SHA-1 or SHA-256 (gitformat-hash-function-transition). */
export const COMMIT_SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Git's environment: no configuration but the repository's own, no questions, no locks for reading, plain messages. */
export const GIT_ENV: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  LC_ALL: 'C',
};

/** Options before the subcommand: whoever owns the files, no hooks and no file system monitor run. */
export const GIT_OPTIONS: readonly string[] = [
  '-c',
  'safe.directory=*',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsmonitor=false',
];

/** Longest that reading a repository may take, ms. */
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** True for tag names that git allows and that cannot be read as an option, a pattern or a path out of a folder. */
export function isTagName(tag: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+/-]{0,199}$/.test(tag) && !/\.\.|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(tag);
}

/**
 * Reads a repository. The caller puts `--end-of-options` before what it did not write itself.
 * @param directory the repository, bare or not
 * @returns what git printed
 * @throws AppError `unavailable` when there is no such repository or git fails; the cause carries git's words
 */
export async function git(
  directory: string,
  args: readonly string[],
  options: { input?: string } = {},
): Promise<Buffer> {
  const result = await execa('git', [...GIT_OPTIONS, '-C', directory, ...args], {
    env: { ...GIT_ENV, GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined },
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: TIMEOUT_MS,
    reject: false,
  });
  if (!result.failed) return Buffer.from(result.stdout);
  const words =
    Buffer.from(result.stderr ?? [])
      .toString('utf8')
      .trim() || result.originalMessage;
  throw new AppError('unavailable', `The repository ${directory} cannot be read. Nothing was changed.`, {
    hint: 'Check that the repository of the configuration exists and that git is installed.',
    cause: new Error(`git ${args[0]}: ${words}`),
  });
}
