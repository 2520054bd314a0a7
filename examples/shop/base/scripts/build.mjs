import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';

const started = performance.now();
const building = `dist.building-${process.pid}`;

for (const name of readdirSync('.')) {
  // What a killed build left; a checkout is built once at a time.
  if (name.startsWith('dist.building-')) rmSync(name, { recursive: true, force: true });
}

try {
  mkdirSync(`${building}/assets`, { recursive: true });
  const [assets, server] = await Promise.allSettled([buildAssets(), buildServer()]);
  if (assets.status === 'rejected') throw assets.reason;
  if (server.status === 'rejected') throw server.reason;
  writeFileSync(`${building}/assets/manifest.json`, `${JSON.stringify(assets.value, null, 2)}\n`);
  // A build that fails or is killed leaves the previous one as it was.
  rmSync('dist', { recursive: true, force: true });
  renameSync(building, 'dist');
  process.stdout.write(
    `built dist/server.mjs and ${Object.keys(assets.value).length} asset(s) in ${elapsed()} ms\n`,
  );
} catch (error) {
  rmSync(building, { recursive: true, force: true });
  process.stderr.write(`the build failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

/** One file with everything in it, so that a release runs whatever happens to node_modules later. */
async function buildServer() {
  await build({
    entryPoints: ['src/server.mjs'],
    outfile: `${building}/server.mjs`,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    external: ['pg-native'],
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    logLevel: 'error',
  });
}

/**
 * Bundles and minifies every stylesheet and script of src/assets under a name with a hash of its content.
 * @returns {Promise<Record<string, string>>} source name to built name
 */
async function buildAssets() {
  const sources = readdirSync('src/assets').filter((name) => /\.(css|js)$/.test(name));
  const result = await build({
    entryPoints: sources.map((name) => `src/assets/${name}`),
    outdir: `${building}/assets`,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    target: 'es2022',
    metafile: true,
    logLevel: 'error',
  });
  const outputs = Object.entries(result.metafile.outputs).filter(([, output]) => output.entryPoint);
  return Object.fromEntries(
    outputs.map(([file, output]) => [basename(output.entryPoint ?? ''), basename(file)]),
  );
}

function elapsed() {
  return Math.round(performance.now() - started);
}
