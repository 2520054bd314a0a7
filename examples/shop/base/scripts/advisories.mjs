import semver from 'semver';

/** @typedef {{ id: string, package: string, vulnerable: string, patched: string, severity: string, title: string }} Advisory */
/** @typedef {{ name: string, version: string, source: string }} Installed */
/** @typedef {Installed & { advisory: Advisory }} Affected */

/**
 * Every dependency that is named, with its version: what package.json asks for (the lowest version of a range) and
 * what the lock file pins.
 * @param {{ dependencies?: Record<string, string>, devDependencies?: Record<string, string> }} manifest
 * @param {{ packages?: Record<string, { version?: string }> }} lock
 * @returns {Installed[]}
 * @throws {Error} when a version is not one
 */
export function listDependencies(manifest, lock) {
  const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(
    ([name, range]) => {
      const lowest = semver.validRange(range) ? semver.minVersion(range) : null;
      if (!lowest) throw new Error(`package.json: ${name} has no readable version: ${range}`);
      return { name, version: lowest.version, source: 'package.json' };
    },
  );
  const locked = Object.entries(lock.packages ?? {})
    .filter(([path]) => path !== '')
    .map(([path, entry]) => {
      const name = path.replace(/^.*node_modules\//, '');
      if (!semver.valid(entry.version ?? ''))
        throw new Error(`package-lock.json: ${path} has no readable version`);
      return { name, version: entry.version ?? '', source: 'package-lock.json' };
    });
  return [...asked, ...locked];
}

/**
 * The dependencies that lie in the range of an advisory.
 * @param {Installed[]} dependencies
 * @param {Advisory[]} advisories
 * @returns {Affected[]}
 * @throws {Error} when an advisory's range cannot be read, since it would then match nothing
 */
export function findAffected(dependencies, advisories) {
  for (const advisory of advisories) {
    if (!semver.validRange(advisory.vulnerable))
      throw new Error(`${advisory.id}: cannot read ${advisory.vulnerable}`);
  }
  return dependencies.flatMap((dependency) =>
    advisories
      .filter((advisory) => advisory.package === dependency.name)
      .filter((advisory) =>
        semver.satisfies(dependency.version, advisory.vulnerable, { includePrerelease: true }),
      )
      .map((advisory) => ({ ...dependency, advisory })),
  );
}
