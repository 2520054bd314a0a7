import { readFileSync } from 'node:fs';

/** @typedef {{ body: Buffer, contentType: string }} Asset */

const contentTypes = /** @type {Record<string, string>} */ ({
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
});

/** The files that the build wrote: `manifest.json` maps a source name to its name with a hash. */
export class Assets {
  /** @type {Map<string, Asset>} */
  #files = new Map();

  /**
   * @param {URL} directory of `manifest.json`
   * @throws {Error} when the build is missing or incomplete
   */
  constructor(directory) {
    /** @type {Record<string, string>} */
    this.manifest = JSON.parse(readFileSync(new URL('manifest.json', directory), 'utf8'));
    for (const file of Object.values(this.manifest)) {
      const extension = file.split('.').pop() ?? '';
      const body = readFileSync(new URL(file, directory));
      this.#files.set(file, { body, contentType: contentTypes[extension] ?? 'application/octet-stream' });
    }
    this.stylesheet = this.path('shop.css');
  }

  /**
   * The address of a source file, such as `/assets/shop-1A2B3C4D.css`.
   * @param {string} name
   */
  path(name) {
    const file = this.manifest[name];
    if (!file) throw new Error(`dist/assets/manifest.json does not list ${name}: run npm run build`);
    return `/assets/${file}`;
  }

  /**
   * A file by its name with the hash. During a switch of releases a page of the other release may ask for its own
   * file: it gets the present one of the same source, which is `exact: false` and must not be cached.
   * @param {string} file
   * @returns {(Asset & { exact: boolean }) | null}
   */
  find(file) {
    const exact = this.#files.get(file);
    if (exact) return { ...exact, exact: true };
    const source = file.replace(/-[A-Z0-9]{8}(\.\w+)$/, '$1');
    const current = this.#files.get(this.manifest[source] ?? '');
    return current ? { ...current, exact: false } : null;
  }
}
