// Builds the shop's release repository: one commit and one annotated tag for each folder of releases/.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './repository-lock.mjs';

/**
 * @typedef {object} ReleaseNotes
 * @property {string} tag
 * @property {string | null} parent tag of the release that this one changes; null for the first
 * @property {string} title
 * @property {string} body
 * @property {string} author `Name <address>`
 * @property {string} date ISO 8601, UTC
 */

/** @typedef {{ tag: string, commit: string, tagObject: string }} MadeRelease */

const here = dirname(fileURLToPath(import.meta.url));
const baseFolder = join(here, 'base');
const releasesFolder = join(here, 'releases');
const stampFile = 'shop-releases.json';
const ignored = new Set(['node_modules', 'dist']);

/**
 * Makes the bare repository of the shop's releases, or brings an existing one up to date without touching its
 * worktrees or the tags of other people. Commit ids depend on nothing but the files of this folder. Safe to run at the
 * same time from several processes, and after a run that was killed.
 * @param {{ repositoryPath: string }} options
 * @returns {Promise<{ changed: boolean, releases: MadeRelease[] }>} `changed` is false when nothing was to do
 * @throws {Error} when git is missing, the path holds something else, or a release's patch does not fit its parent
 */
export async function makeRepository({ repositoryPath }) {
  const repository = resolve(repositoryPath);
  const inputs = hashInputs();
  const present = readUpToDate(repository, inputs);
  if (present) return { changed: false, releases: present };
  mkdirSync(dirname(repository), { recursive: true });
  return withLock(repository, () => {
    const madeMeanwhile = readUpToDate(repository, inputs);
    if (madeMeanwhile) return { changed: false, releases: madeMeanwhile };
    return { changed: true, releases: make(repository, inputs) };
  });
}

/**
 * @param {string} repository
 * @param {string} inputs
 * @returns {MadeRelease[]}
 */
function make(repository, inputs) {
  if (isRepository(repository)) return writeReleases(repository, inputs);
  if (existsSync(repository) && readdirSync(repository).length > 0) {
    throw new Error(
      `${repository} exists and is not a bare git repository: move it away or choose another path`,
    );
  }
  const building = `${repository}.building-${process.pid}`;
  try {
    git(building, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', building]);
    const releases = writeReleases(building, inputs);
    renameSync(building, repository);
    return releases;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/**
 * Writes the objects, then all references in one transaction, then the stamp.
 * @param {string} repository
 * @param {string} inputs
 */
function writeReleases(repository, inputs) {
  const scratch = mkdtempSync(join(repository, 'making-'));
  try {
    const index = { GIT_INDEX_FILE: join(scratch, 'index') };
    const releases = /** @type {MadeRelease[]} */ ([]);
    for (const notes of readReleases()) {
      const parent = releases.find((release) => release.tag === notes.parent);
      const tree = parent ? patchedTree(repository, index, notes, parent) : baseTree(repository, index);
      releases.push(commitAndTag(repository, notes, tree, parent));
    }
    const newest = releases.findLast((release) => !release.tag.includes('-'));
    const updates = releases.map(({ tag, tagObject }) => `update refs/tags/${tag} ${tagObject}\n`);
    if (newest) updates.push(`update refs/heads/main ${newest.commit}\n`);
    git(repository, ['update-ref', '--stdin'], { input: updates.join('') });
    const stamp = join(scratch, stampFile);
    writeFileSync(stamp, `${JSON.stringify({ inputs, releases }, null, 2)}\n`);
    renameSync(stamp, join(repository, stampFile));
    return releases;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {string} repository
 * @param {Record<string, string>} index
 */
function baseTree(repository, index) {
  const files = listFiles(baseFolder);
  const input = files.map((file) => `${join(baseFolder, file)}\n`).join('');
  const objects = git(repository, ['hash-object', '-w', '--no-filters', '--stdin-paths'], { input }).split(
    '\n',
  );
  const entries = files.map((file, position) => `100644 ${objects[position]}\t${file}\n`).join('');
  git(repository, ['update-index', '--index-info'], { input: entries, env: index });
  return git(repository, ['write-tree'], { env: index });
}

/**
 * @param {string} repository
 * @param {Record<string, string>} index
 * @param {ReleaseNotes} notes
 * @param {MadeRelease} parent
 */
function patchedTree(repository, index, notes, parent) {
  git(repository, ['read-tree', parent.commit], { env: index });
  const patch = join(releasesFolder, notes.tag, 'changes.patch');
  try {
    git(repository, ['apply', '--cached', '--whitespace=nowarn', patch], { env: index });
  } catch (error) {
    throw new Error(`${patch} does not fit ${parent.tag}: make it again as README.md says`, { cause: error });
  }
  return git(repository, ['write-tree'], { env: index });
}

/**
 * @param {string} repository
 * @param {ReleaseNotes} notes
 * @param {string} tree
 * @param {MadeRelease | undefined} parent
 * @returns {MadeRelease}
 */
function commitAndTag(repository, notes, tree, parent) {
  const [, name = '', email = ''] = /^(.+) <(.+)>$/.exec(notes.author) ?? [];
  const seconds = Math.floor(Date.parse(notes.date) / 1000);
  const message = [notes.title, notes.body].filter(Boolean).join('\n\n');
  const env = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: `${seconds} +0000`,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: `${seconds} +0000`,
  };
  const parents = parent ? ['-p', parent.commit] : [];
  const commit = git(repository, ['commit-tree', tree, ...parents], { input: `${message}\n`, env });
  const tag = `object ${commit}\ntype commit\ntag ${notes.tag}\ntagger ${name} <${email}> ${seconds} +0000\n\n${message}\n`;
  return { tag: notes.tag, commit, tagObject: git(repository, ['mktag'], { input: tag }) };
}

/**
 * The releases, by date, so that parents come first.
 * @returns {ReleaseNotes[]}
 * @throws {Error} naming the file and the field that is wrong
 */
export function readReleases() {
  const releases = readdirSync(releasesFolder).map((folder) => {
    const file = join(releasesFolder, folder, 'release-notes.json');
    /** @type {ReleaseNotes} */
    const notes = JSON.parse(readFileSync(file, 'utf8'));
    if (notes.tag !== folder) throw new Error(`${file}: tag is ${notes.tag}, the folder is ${folder}`);
    if (!/^v\d+\.\d+\.\d+(-[a-z]+)?$/.test(notes.tag))
      throw new Error(`${file}: ${notes.tag} is no release tag`);
    if (!notes.title || !/^.+ <.+>$/.test(notes.author) || Number.isNaN(Date.parse(notes.date))) {
      throw new Error(`${file}: title, author ("Name <address>") and date (ISO 8601) are required`);
    }
    return notes;
  });
  releases.sort((a, b) => Date.parse(a.date) - Date.parse(b.date));
  for (const [position, { tag, parent }] of releases.entries()) {
    const known = releases.slice(0, position).some((release) => release.tag === parent);
    if (position === 0 ? parent !== null : !known)
      throw new Error(`${tag}: the parent ${parent} is no earlier release`);
  }
  return releases;
}

/**
 * The releases of a repository that was made from the same inputs and still has all its tags, else null.
 * @param {string} repository
 * @param {string} inputs
 * @returns {MadeRelease[] | null}
 */
function readUpToDate(repository, inputs) {
  const file = join(repository, stampFile);
  if (!existsSync(file)) return null;
  const stamp = JSON.parse(readFileSync(file, 'utf8'));
  if (stamp.inputs !== inputs) return null;
  const tags = new Set(
    git(repository, ['for-each-ref', '--format=%(refname:strip=2) %(objectname)', 'refs/tags']).split('\n'),
  );
  const releases = /** @type {MadeRelease[]} */ (stamp.releases);
  return releases.every(({ tag, tagObject }) => tags.has(`${tag} ${tagObject}`)) ? releases : null;
}

/** @param {string} path */
function isRepository(path) {
  return existsSync(join(path, 'HEAD')) && existsSync(join(path, 'objects'));
}

function hashInputs() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const folder of [baseFolder, releasesFolder]) {
    for (const file of listFiles(folder)) {
      const content = readFileSync(join(folder, file));
      hash.update(`\0${basename(folder)}/${file}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

/**
 * @param {string} folder
 * @param {string} [prefix]
 * @returns {string[]} paths with `/`, in an order that no locale changes
 */
function listFiles(folder, prefix = '') {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !ignored.has(entry.name))
    .flatMap((entry) =>
      entry.isDirectory()
        ? listFiles(join(folder, entry.name), `${prefix}${entry.name}/`)
        : [`${prefix}${entry.name}`],
    )
    .sort();
}

/**
 * Runs git on the repository, apart from the user's configuration, hooks and GIT_ variables.
 * @param {string} repository
 * @param {string[]} args
 * @param {{ input?: string, env?: Record<string, string> }} [options]
 * @returns {string} what it printed, trimmed
 */
function git(repository, args, { input = '', env = {} } = {}) {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')),
  );
  return execFileSync('git', ['-c', 'core.autocrlf=false', ...args], {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: existsSync(repository) ? repository : dirname(repository),
    env: {
      ...inherited,
      ...(args[0] === 'init' ? {} : { GIT_DIR: repository }),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      LC_ALL: 'C',
      ...env,
    },
  }).trim();
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const repositoryPath = process.argv[2];
  if (!repositoryPath) {
    process.stderr.write('usage: node examples/shop/make-repository.mjs <path of the bare repository>\n');
    process.exit(2);
  }
  const { changed, releases } = await makeRepository({ repositoryPath });
  for (const { tag, commit } of releases) process.stdout.write(`${commit} ${tag}\n`);
  process.stderr.write(changed ? `made ${releases.length} releases\n` : 'already up to date\n');
}
