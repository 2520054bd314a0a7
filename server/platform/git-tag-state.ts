import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { git } from '#server/platform/git';

/** File systems stamp changes in steps of some ms; a younger stamp may stand for two changes (gitformat-index, "racy"). */
const SETTLED_MS = 100;

/**
 * Tells whether the tags of a repository have changed without asking git: a process for every page view costs more than
 * the page. Git writes a tag by renaming a file into `refs/tags`, `packed-refs` or `reftable`, so their stamps change
 * with it.
 * @param directory the repository, bare or not
 * @returns a function that answers with a text that differs after every change of a tag; null when it cannot be told
 */
export function createTagState(directory: string): () => Promise<string | null> {
  let gitDirectory: string | null = null;

  async function locate(): Promise<string> {
    if (gitDirectory === null) {
      const output = await git(directory, ['rev-parse', '--git-common-dir']);
      gitDirectory = path.resolve(directory, output.toString('utf8').trim());
    }
    return gitDirectory;
  }

  return async () => {
    try {
      const folder = await locate();
      const stamps = await Promise.all([
        stampOf(path.join(folder, 'HEAD')),
        stampOf(path.join(folder, 'packed-refs')),
        stampOf(path.join(folder, 'reftable', 'tables.list')),
        ...(await folders(path.join(folder, 'refs', 'tags'))).map(stampOf),
      ]);
      // Without HEAD it is no repository any more: git says so in words.
      if (stamps[0] === null) return null;
      const youngest = Math.max(...stamps.map((stamp) => stamp?.changedMs ?? 0));
      return Math.abs(Date.now() - youngest) < SETTLED_MS
        ? null
        : stamps.map((stamp) => stamp?.text ?? '-').join(' ');
    } catch {
      gitDirectory = null;
      return null;
    }
  };
}

async function stampOf(file: string): Promise<{ text: string; changedMs: number } | null> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return { text: `${ino}.${size}.${mtimeNs}.${ctimeNs}`, changedMs: Number(ctimeNs / 1_000_000n) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A folder and all below it; none when it is not there. Tags may have slashes. */
async function folders(top: string): Promise<string[]> {
  try {
    const entries = await readdir(top, { withFileTypes: true });
    const below = entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => folders(path.join(top, entry.name)));
    return [top, ...(await Promise.all(below)).flat()];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
