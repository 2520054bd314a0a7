// Brings build/ up to date: the Prisma client, the compiled server, the pages. A stage whose inputs have not changed
// since it last succeeded is skipped; the inputs' content is compared, not their times, so a fresh clone is judged right.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const LOCK = path.join(ROOT, 'build/.lock');
const LOCK_WAIT_MS = 300_000;

const isServerSource = (file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file);

/** Name, inputs, outputs that must exist, and the work of each stage, in order. */
const STAGES = [
  {
    name: 'generate',
    title: 'Prisma client',
    inputs: async () => [
      'prisma.config.ts',
      'node_modules/prisma/package.json',
      ...(await list('prisma/schema')),
    ],
    outputs: ['server/platform/generated/prisma/client.ts'],
    run: async () => (await import('./generate.mjs')).generateClient(),
  },
  {
    name: 'server',
    title: 'server',
    // The schema stands for the generated client, which is made from it.
    inputs: async () => [
      'server/cli/build.mjs',
      ...(await list('prisma/schema')),
      ...(await serverSources()),
    ],
    outputs: ['build/server/platform/context.js'],
    run: compileServer,
  },
  {
    name: 'web',
    title: 'pages',
    // Browser files may import the domains' contracts, so these are inputs as well.
    inputs: async () => [
      ...['vite.config.ts', 'remix.config.js', 'tsconfig.json', 'package.json', 'package-lock.json'],
      ...(await list('app')).filter((file) => !/\.test\.tsx?$/.test(file)),
      ...(await list('public')),
      ...(await list('server')).filter((file) => file.endsWith('contract.ts')),
    ],
    outputs: ['build/web/server/index.js', 'build/web/client'],
    run: buildPages,
  },
];

/**
 * Runs the stages that are stale.
 * @param {{ only?: string[], log?: (line: string) => void }} [options] stages to consider, and who hears of the work
 * @returns {Promise<string[]>} the names of the stages that ran
 */
export async function buildStale({ only, log = () => undefined } = {}) {
  const stages = STAGES.filter((stage) => !only || only.includes(stage.name));
  if ((await staleOf(stages)).length === 0) return [];
  const release = await lock();
  try {
    const ran = [];
    for (const stage of stages) {
      const stamp = await stampOf(stage);
      if (await isFresh(stage, stamp)) continue;
      const startedAt = Date.now();
      await rm(stampFile(stage), { force: true });
      await stage.run();
      await writeFile(stampFile(stage), stamp);
      log(`built ${stage.title} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
      ran.push(stage.name);
    }
    return ran;
  } finally {
    await release();
  }
}

async function staleOf(stages) {
  const fresh = await Promise.all(stages.map(async (stage) => isFresh(stage, await stampOf(stage))));
  return stages.filter((_, index) => !fresh[index]);
}

async function isFresh(stage, stamp) {
  if (!stage.outputs.every((output) => existsSync(path.join(ROOT, output)))) return false;
  const recorded = await readFile(stampFile(stage), 'utf8').catch(() => '');
  return recorded === stamp;
}

function stampFile(stage) {
  return path.join(ROOT, `build/.stamp-${stage.name}`);
}

async function stampOf(stage) {
  const files = (await stage.inputs()).sort();
  const contents = await Promise.all(files.map((file) => readFile(path.join(ROOT, file)).catch(() => null)));
  const hash = createHash('sha256');
  for (const [index, content] of contents.entries()) {
    hash.update(`${files[index]}\0${content ? content.length : 'absent'}\0`);
    if (content) hash.update(content);
  }
  return hash.digest('hex');
}

async function compileServer() {
  const { build } = await import('esbuild');
  const sources = (await serverSources()).concat(await list('server/platform/generated', isServerSource));
  await build({
    absWorkingDir: ROOT,
    entryPoints: sources,
    outbase: '.',
    outdir: 'build',
    bundle: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    jsx: 'automatic',
    logLevel: 'error',
  });
  const expected = new Set(sources.map((file) => `build/${file.replace(/\.tsx?$/, '.js')}`));
  for (const folder of ['build/server', 'build/prisma']) {
    for (const file of await list(folder)) {
      if (!expected.has(file.replace(/\.map$/, ''))) await rm(path.join(ROOT, file));
    }
  }
}

async function buildPages() {
  const result = spawnSync(
    process.execPath,
    ['node_modules/@remix-run/dev/dist/cli.js', 'vite:build', '--logLevel', 'warn'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  if (result.status !== 0) throw new Error(`The pages could not be built:\n${result.stdout}${result.stderr}`);
}

/** What is written by hand, tests aside. */
async function serverSources() {
  const server = await list('server', isServerSource);
  return [...server.filter((file) => !file.startsWith('server/platform/generated/')), 'prisma/seed.ts'];
}

/** Files below a folder, as paths from the root with forward slashes; none when it does not exist. */
async function list(folder, accept = () => true) {
  const entries = await readdir(path.join(ROOT, folder), { withFileTypes: true }).catch(() => []);
  const nested = await Promise.all(
    entries.map((entry) => {
      const file = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return list(file, accept);
      return accept(file) ? [file] : [];
    }),
  );
  return nested.flat();
}

/** One build at a time in a checkout: `npm start` and `npm test` may begin together. */
async function lock() {
  await mkdir(path.dirname(LOCK), { recursive: true });
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const file = await open(LOCK, 'wx').catch((error) => {
      if (error.code !== 'EEXIST') throw error;
      return null;
    });
    if (file) {
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(LOCK, { force: true });
    }
    const holder = Number(await readFile(LOCK, 'utf8').catch(() => '0'));
    if (holder > 0 && !isRunning(holder)) await rm(LOCK, { force: true });
    else if (Date.now() > deadline)
      throw new Error(`Process ${holder} has been building for 5 minutes; remove ${LOCK} if it is none`);
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
