// What no other tool checks of the sources: their length, and shapes that the architecture excludes.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const MAX_LINES = 400;
const COUNTED = /\.(ts|tsx|mjs|cjs|css|prisma)$/;
const SKIPPED =
  /^(node_modules|build|\.data|test-results|playwright-report|server\/platform\/generated)\/|^prisma\/migrations\/migrated\.prisma$/;

/** @param {string} root @returns {string[]} what is wrong, one line each */
export function checkSources(root) {
  return listFiles(root).flatMap((file) => checkSource(file, readFileSync(path.join(root, file), 'utf8')));
}

/** What is wrong with one file. Pure. @param {string} file path from the root @param {string} text @returns {string[]} */
export function checkSource(file, text) {
  const problems = [];
  const lines = text.split('\n');
  const count = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (count > MAX_LINES)
    problems.push(`${file}: ${count} lines; at most ${MAX_LINES} are allowed, so split it by what it does`);
  if (/\.tsx?$/.test(file)) {
    if (/^export \* from /m.test(text))
      problems.push(`${file}: export * hides where things come from; import them from their own file`);
    const constructs = /\bnew PrismaClient\(/.test(text);
    if (constructs && file !== 'server/platform/db.ts') {
      problems.push(`${file}: only server/platform/db.ts makes a Prisma client`);
    }
  }
  return problems;
}

/** Tracked and new files; without git, all that are not generated. */
function listFiles(root) {
  let files;
  try {
    const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
    const output = execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    files = output.split('\n').filter((file) => file !== '' && existsSync(path.join(root, file)));
  } catch {
    files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll(path.sep, '/'),
      );
  }
  return files.filter((file) => COUNTED.test(file) && !SKIPPED.test(file));
}
