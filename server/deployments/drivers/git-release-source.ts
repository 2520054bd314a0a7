import type { ReleaseSource, SourceCommit, SourceRelease } from '#server/deployments/drivers/driver';
import { parseManifest, type ReleaseManifest } from '#server/deployments/drivers/release-manifest';
import { COMMIT_SHA, git, isTagName } from '#server/platform/git';
import { createTagState } from '#server/platform/git-tag-state';
import type { Logger } from '#server/platform/logger';

interface TaggedCommit {
  tag: string;
  commitSha: string;
  title: string;
  committedAt: Date;
}

/** Tag, then the same four fields of what the tag names and, for an annotated tag, of what that names. */
const FIELDS = ['objecttype', 'objectname', 'committerdate:unix', 'contents:subject'];
const FORMAT = ['refname:strip=2', ...FIELDS, ...FIELDS.map((field) => `*${field}`)]
  .map((field) => `%(${field})`)
  .join('%00');

/**
 * The tags of a git repository as releases: those on a commit with a readable `release.json`; others are left out with
 * one warning each. Manifests are cached by commit, and the whole listing until a tag changes.
 * @param repository absolute path
 */
export function createGitReleaseSource(repository: string, log: Logger): ReleaseSource {
  let manifests = new Map<string, ReleaseManifest | null>();
  const warned = new Set<string>();
  const tagState = createTagState(repository);
  let listed: { state: string; releases: readonly SourceRelease[] } | null = null;
  let listing: { state: string | null; releases: Promise<readonly SourceRelease[]> } | null = null;

  function leaveOut(tag: string, reason: string): void {
    if (warned.has(`${tag}\0${reason}`)) return;
    warned.add(`${tag}\0${reason}`);
    log.warn({ tag, repository, reason }, 'Tag left out of the releases');
  }

  async function readTags(pattern: string): Promise<TaggedCommit[]> {
    const output = await git(repository, ['for-each-ref', `--format=${FORMAT}`, pattern]);
    return output
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => {
        const [tag = '', ...fields] = line.split('\0');
        const [type, commitSha = '', seconds, title = ''] = fields[4] ? fields.slice(4) : fields;
        if (!isTagName(tag)) leaveOut(tag, 'its name has characters that release names may not have');
        else if (type !== 'commit') leaveOut(tag, `it names a ${type}, not a commit`);
        else return [{ tag, commitSha, title, committedAt: new Date(Number(seconds) * 1000) }];
        return [];
      });
  }

  /** Fills the cache for the commits that it lacks, with one `cat-file`. */
  async function readManifests(tags: TaggedCommit[]): Promise<void> {
    const missing = [...new Set(tags.map((tag) => tag.commitSha))].filter((sha) => !manifests.has(sha));
    if (missing.length === 0) return;
    const input = missing.map((sha) => `${sha}:release.json\n`).join('');
    const texts = readBatch(await git(repository, ['cat-file', '--batch'], { input }), missing.length);
    missing.forEach((sha, index) => {
      const text = texts[index];
      const result = text == null ? { problem: 'it has no release.json' } : parseManifest(text);
      if ('problem' in result) {
        for (const { tag } of tags.filter((candidate) => candidate.commitSha === sha))
          leaveOut(tag, result.problem);
      }
      manifests.set(sha, 'manifest' in result ? result.manifest : null);
    });
  }

  async function withManifests(tags: TaggedCommit[]): Promise<SourceRelease[]> {
    await readManifests(tags);
    return tags.flatMap((tag) => {
      const manifest = manifests.get(tag.commitSha);
      if (!manifest) return [];
      const { schemaVersion, oldestCompatibleSchemaVersion } = manifest;
      return [{ ...tag, schemaVersion, oldestCompatibleSchemaVersion }];
    });
  }

  async function readAll(): Promise<readonly SourceRelease[]> {
    const tags = await readTags('refs/tags/');
    const releases = await withManifests(tags);
    const current = new Set(tags.map((tag) => tag.commitSha));
    manifests = new Map([...manifests].filter(([sha]) => current.has(sha)));
    return releases.sort(newestFirst);
  }

  async function hasCommit(sha: string): Promise<boolean> {
    const output = await git(repository, ['cat-file', '--batch-check'], { input: `${sha}^{commit}\n` });
    return / commit \d+\n$/.test(output.toString('latin1'));
  }

  return {
    async listReleases() {
      const state = await tagState();
      if (state !== null && listed?.state === state) return [...listed.releases];
      // Of those who ask at once, one asks git; who comes after a change does not take the answer from before it.
      if (listing === null || state === null || listing.state !== state)
        listing = { state, releases: readAll() };
      const mine = listing;
      try {
        const releases = await mine.releases;
        // A change during the reading shows in the state after it.
        if (state !== null && state === (await tagState())) listed = { state, releases };
        return [...releases];
      } finally {
        if (listing === mine) listing = null;
      }
    },

    async findRelease(tag) {
      if (!isTagName(tag)) return null;
      const tags = await readTags(`refs/tags/${tag}`);
      const [release] = await withManifests(tags.filter((candidate) => candidate.tag === tag));
      return release ?? null;
    },

    async commitsBetween(fromSha, toSha, limit) {
      for (const sha of [fromSha, toSha]) {
        if (sha !== null && !COMMIT_SHA.test(sha)) throw new Error(`Not a commit id: ${sha}`);
      }
      // History before a rewrite may be gone; then all commits of the release are listed.
      const from = fromSha !== null && (await hasCommit(fromSha)) ? fromSha : null;
      const range = from === null ? [toSha] : [toSha, `^${from}`];
      const format = '--format=%H%x00%s%x00%an%x00%at';
      const [log, count] = await Promise.all([
        git(repository, [
          'log',
          format,
          `--max-count=${Math.trunc(limit)}`,
          '--end-of-options',
          ...range,
          '--',
        ]),
        git(repository, ['rev-list', '--count', '--end-of-options', ...range, '--']),
      ]);
      const lines = log.toString('utf8').split('\n');
      return {
        commits: lines.filter((line) => line !== '').map(readCommit),
        total: Number(count.toString('latin1')),
      };
    },
  };
}

/** Versions of one instant are told apart by their numbers: v1.10 is newer than v1.9. */
function newestFirst(a: SourceRelease, b: SourceRelease): number {
  const byTime = b.committedAt.getTime() - a.committedAt.getTime();
  return byTime !== 0 ? byTime : b.tag.localeCompare(a.tag, 'en', { numeric: true });
}

function readCommit(line: string): SourceCommit {
  const [sha = '', title = '', author = '', seconds] = line.split('\0');
  return { sha, title, author, at: new Date(Number(seconds) * 1000) };
}

/** The contents that `git cat-file --batch` printed, in order; null for what is missing or no file (git-cat-file(1)). */
function readBatch(output: Buffer, count: number): (string | null)[] {
  const texts: (string | null)[] = [];
  let at = 0;
  while (texts.length < count) {
    const lineEnd = output.indexOf(10, at);
    const header = output.toString('latin1', at, lineEnd);
    const size = /^[0-9a-f]+ (\w+) (\d+)$/.exec(header);
    at = lineEnd + 1;
    if (!size) {
      texts.push(null);
      continue;
    }
    const bytes = Number(size[2]);
    texts.push(size[1] === 'blob' ? output.toString('utf8', at, at + bytes) : null);
    at += bytes + 1;
  }
  return texts;
}
