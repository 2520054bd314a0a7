import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkPageWeight, PAGE_LIMIT_BYTES, weighBuild, weighPages } from './page-weight.mjs';

describe('weighPages', () => {
  const manifest = {
    url: '/manifest.js',
    entry: { module: '/entry.js', imports: ['/react.js'] },
    routes: {
      root: { module: '/root.js', imports: ['/react.js', '/shared.js'] },
      list: { module: '/list.js', parentId: 'root', imports: ['/shared.js', '/table.js'] },
      row: { module: '/row.js', parentId: 'list' },
    },
  };
  const sizes: Record<string, number> = {
    '/manifest.js': 4,
    '/entry.js': 1,
    '/react.js': 50,
    '/root.js': 10,
    '/shared.js': 5,
    '/list.js': 3,
    '/table.js': 20,
    '/row.js': 2,
  };
  const weights = weighPages(manifest, (file) => sizes[file] ?? Number.NaN);

  it('counts the manifest, the entry, the frames around a page and the page, each file once', () => {
    expect(weights).toEqual([
      { route: 'row', bytes: 95, files: 8 },
      { route: 'list', bytes: 93, files: 7 },
      { route: 'root', bytes: 70, files: 5 },
    ]);
  });
});

describe('a build', () => {
  let root: string;
  let assets: string;

  /** Random bytes stay as long as they are when they are compressed. */
  const write = (name: string, bytes: number) => writeFileSync(path.join(assets, name), randomBytes(bytes));

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'ops-weight-'));
    assets = path.join(root, 'build/web/client/assets');
    mkdirSync(assets, { recursive: true });
    const manifest = {
      url: '/assets/manifest-1.js',
      entry: { module: '/assets/entry.js' },
      routes: {
        root: { module: '/assets/root.js' },
        page: { module: '/assets/page.js', parentId: 'root', imports: ['/assets/part.js'] },
      },
    };
    writeFileSync(
      path.join(assets, 'manifest-1.js'),
      `window.__remixManifest=${JSON.stringify(manifest)};\n`,
    );
    for (const name of ['entry.js', 'root.js', 'page.js']) write(name, 10_000);
    vi.spyOn(console, 'log').mockReturnValue();
    vi.spyOn(console, 'error').mockReturnValue();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(root, { recursive: true, force: true });
  });

  it('passes while every page is within the limit', () => {
    write('part.js', PAGE_LIMIT_BYTES - 40_000);
    expect(checkPageWeight(root)).toBe(true);
    expect(weighBuild(root)[0]?.bytes).toBeGreaterThan(PAGE_LIMIT_BYTES - 10_000);
  });

  it('is refused with one page over the limit, which it names', () => {
    write('part.js', PAGE_LIMIT_BYTES - 30_000);
    expect(checkPageWeight(root)).toBe(false);
    expect(console.error).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/too heavy: .* page$/));
    expect(checkPageWeight(root, ['page'])).toBe(true);
  });

  it('is refused while a page names a file that is not there, or nothing is built', () => {
    expect(() => checkPageWeight(root)).toThrow('part.js');
    rmSync(path.join(assets, 'manifest-1.js'));
    expect(() => checkPageWeight(root)).toThrow('not built');
  });
});
