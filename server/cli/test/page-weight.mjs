// How much JavaScript each page brings to a browser that has nothing yet: read from the built files.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** The most that a page without charts may bring, gzipped, bytes. */
export const PAGE_LIMIT_BYTES = 150_000;

/**
 * @typedef {{ module: string, imports?: string[], parentId?: string }} Part
 * @typedef {{ url: string, entry: Part, routes: Record<string, Part> }} Manifest
 * @typedef {{ route: string, bytes: number, files: number }} Weight
 */

/**
 * The weight of every route: the manifest, the entry, its parents and itself with all that they import at once, each
 * file counted once. Lazily loaded parts are no part of it. Pure.
 * @param {Manifest} manifest
 * @param {(file: string) => number} sizeOf gzipped bytes of a file of the manifest
 * @returns {Weight[]} heaviest first
 */
export function weighPages(manifest, sizeOf) {
  return Object.entries(manifest.routes)
    .map(([route, part]) => {
      const parts = [manifest.entry];
      for (let at = part; at; at = manifest.routes[at.parentId ?? '']) parts.push(at);
      const files = new Set([
        manifest.url,
        ...parts.flatMap(({ module, imports = [] }) => [module, ...imports]),
      ]);
      return { route, bytes: [...files].reduce((sum, file) => sum + sizeOf(file), 0), files: files.size };
    })
    .sort((a, b) => b.bytes - a.bytes);
}

/** @param {string} root @returns {Weight[]} @throws Error when the pages are not built */
export function weighBuild(root) {
  const client = path.join(root, 'build/web/client');
  const name = readdirSync(path.join(client, 'assets')).find((file) => /^manifest-.*\.js$/.test(file));
  if (!name) throw new Error('The pages are not built: there is no manifest in build/web/client/assets.');
  const text = readFileSync(path.join(client, 'assets', name), 'utf8');
  const manifest = JSON.parse(text.replace(/^window\.__remixManifest=/, '').replace(/;\s*$/, ''));
  const sizes = new Map();
  return weighPages(manifest, (file) => {
    if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(path.join(client, file))).length);
    return sizes.get(file);
  });
}

/**
 * Says the heaviest pages and refuses those over the limit.
 * @param {string} root @param {string[]} withCharts routes that may be heavier, because they draw charts
 * @returns {boolean}
 */
export function checkPageWeight(root, withCharts = []) {
  const weights = weighBuild(root).filter(({ route }) => !withCharts.includes(route));
  const say = ({ route, bytes }) => `${(bytes / 1000).toFixed(1).padStart(7)} kB  ${route}`;
  console.log(`  JavaScript at first load, gzipped; at most ${PAGE_LIMIT_BYTES / 1000} kB. The heaviest:`);
  for (const weight of weights.slice(0, 5)) console.log(`  ${say(weight)}`);
  const tooHeavy = weights.filter(({ bytes }) => bytes > PAGE_LIMIT_BYTES);
  for (const weight of tooHeavy) console.error(`  too heavy: ${say(weight)}`);
  return tooHeavy.length === 0;
}
