// Completes package-lock.json with the packages for other platforms that the registry in use does not offer. npm leaves
// them out, and then `npm ci` refuses the lock everywhere. Run it after a package was added: `npm run complete-lock`.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const FILE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../package-lock.json');
const EXACT = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;
const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
];
const PROCESSORS = [
  'arm64',
  'x64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
];

/**
 * The optional packages that entries of the lock name in an exact version and that the lock lacks.
 * @param {{ packages: Record<string, any> }} lock
 * @returns {{ folder: string, entry: object }[]} what to add: without an integrity, which only the registry knows
 */
export function missingEntries(lock) {
  const missing = new Map();
  for (const [folder, { optionalDependencies, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
      if (!EXACT.test(version)) continue;
      const found = resolve(lock.packages, folder, name);
      if (found && lock.packages[found].version === version) continue;
      const target = found ? `${folder}/node_modules/${name}` : `node_modules/${name}`;
      const known = missing.get(target);
      // A package that the product needs too is no development package.
      missing.set(target, {
        version,
        ...platformOf(name),
        ...(dev && (!known || known.dev) ? { dev } : {}),
        optional: true,
      });
    }
  }
  return [...missing].map(([folder, entry]) => ({ folder, entry }));
}

/** Where a package of that name is found from a folder, as Node looks for it; null when nowhere. */
function resolve(packages, folder, name) {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages[candidate]) return candidate;
    if (at === '') return null;
  }
}

/** What the name of a platform's package says of the machines it is for. Pure. @param {string} name */
export function platformOf(name) {
  const words = name.split('/').at(-1).replace('windows', 'win32').split('-');
  const system = SYSTEMS.find((each) => words.includes(each));
  const processor = PROCESSORS.find((each) => words.includes(each));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : null;
  return {
    ...(processor ? { cpu: [processor] } : {}),
    ...(system ? { os: [system] } : {}),
    ...(libc && system === 'linux' ? { libc: [libc] } : {}),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const lock = JSON.parse(readFileSync(FILE, 'utf8'));
  const missing = missingEntries(lock);
  for (const { folder, entry } of missing) lock.packages[folder] = entry;
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(
    missing.length > 0 ? `Added ${missing.map((each) => each.folder).join(', ')}.` : 'The lock is complete.',
  );
}
