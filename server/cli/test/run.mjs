// `npm test [-- --only unit,db]`: everything, in order, each stage with its seconds; the last line counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkPageWeight } from './page-weight.mjs';
import { countPlaywright, countVitest, summarise } from './results.mjs';
import { checkSources } from './sources.mjs';

const RESULTS = 'test-results';

/**
 * @param {string[]} args
 * @param {{ root: string, buildStale: (options: object) => Promise<string[]> }} project
 * @returns {Promise<number>} the exit code
 */
export async function run(args, { root, buildStale }) {
  const only = readOnly(args);
  mkdirSync(path.join(root, RESULTS), { recursive: true });
  const node = (file, ...more) => command(root, process.execPath, [path.join('node_modules', file), ...more]);
  const vitest = (project) => {
    const file = path.join(RESULTS, `${project}.json`);
    rmSync(path.join(root, file), { force: true });
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const ok = node('vitest/vitest.mjs', 'run', '--project', project, ...reporters);
    return { ok, ...countVitest(path.join(root, file)) };
  };
  const stages = {
    build: async () => {
      await buildStale({ log: (line) => console.log(`  ${line}`) });
      return { ok: true };
    },
    lint: () => ({ ok: node('@biomejs/biome/bin/biome', 'check', '.', '--error-on-warnings') }),
    types: () => ({ ok: npmScript(root, 'type-check') }),
    architecture: () => ({ ok: npmScript(root, 'architecture') }),
    files: () => ({ ok: report(checkSources(root)) }),
    'dead-code': () => ({ ok: npmScript(root, 'dead-code') }),
    weight: () => ({ ok: checkPageWeight(root) }),
    unit: () => vitest('unit'),
    db: () => vitest('db'),
    shop: () => vitest('shop'),
    e2e: () => endToEnd(root, node),
  };
  const unknown = only?.filter((name) => !(name in stages)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`There is no stage ${unknown.join(', ')}. Stages: ${Object.keys(stages).join(', ')}.`);
  }
  const outcomes = [];
  for (const [name, work] of Object.entries(stages)) {
    // What is tested has to be built, whichever stages are asked for.
    if (only && name !== 'build' && !only.includes(name)) continue;
    outcomes.push(await runStage(name, work));
    if (name === 'build' && !outcomes[0].ok) break;
  }
  const { lines, passed, failed } = summarise(outcomes);
  console.log(`\n${lines.join('\n')}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function runStage(name, work) {
  console.log(`\n── ${name}`);
  const startedAt = performance.now();
  let outcome;
  try {
    outcome = await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    outcome = { ok: false };
  }
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`── ${name} ${outcome.ok ? 'passed' : 'FAILED'} in ${seconds.toFixed(1)} s`);
  return { name, seconds, ...outcome };
}

async function endToEnd(root, node) {
  await provideBrowser(root);
  const file = path.join(RESULTS, 'e2e.json');
  rmSync(path.join(root, file), { force: true });
  // A data folder that the database's user can reach and that ends with the tests.
  const dataDir = path.join(tmpdir(), `ops-e2e-${process.pid}`);
  mkdirSync(dataDir, { mode: 0o755 });
  process.env.E2E_DATA_DIR = dataDir;
  try {
    const ok = node('@playwright/test/cli.js', 'test');
    return { ok, ...countPlaywright(path.join(root, file)) };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Looks for a browser; on Debian root installs one when there is none but the last resort. */
async function provideBrowser(root) {
  const { findBrowser } = await import(path.join(root, 'build/server/platform/browser.js'));
  const found = await findBrowser().catch((error) => {
    console.error(error.message);
    return null;
  });
  const isLastResort = found === null || found.source === 'package';
  if (isLastResort && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.log("  no browser found; installing Debian's chromium");
    const quiet = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    spawnSync('apt-get', ['update', '-qq'], quiet);
    const result = spawnSync(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
      quiet,
    );
    if (result.status === 0) return;
    console.error("  Debian's chromium could not be installed");
  }
  if (found === null) {
    throw new Error(
      'There is no browser for the end-to-end tests. Install Chromium or Chrome, set CHROME_PATH, or run: npx playwright install chromium',
    );
  }
}

function npmScript(root, name) {
  return command(root, process.platform === 'win32' ? 'npm.cmd' : 'npm', ['run', '--silent', name]);
}

function command(root, file, args) {
  const result = spawnSync(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error) throw result.error;
  return result.status === 0;
}

function report(problems) {
  for (const problem of problems) console.error(`  ${problem}`);
  return problems.length === 0;
}

function readOnly(args) {
  const [flag, ...rest] = args.flatMap((arg) =>
    arg.startsWith('--only=') ? ['--only', arg.slice(7)] : [arg],
  );
  if (flag === undefined) return null;
  const value = rest[0];
  if (flag !== '--only' || !value || rest.length > 1)
    throw new Error(`"${args.join(' ')}" is nothing that npm test knows: npm test [-- --only unit,db]`);
  return value.split(',').map((name) => name.trim());
}
