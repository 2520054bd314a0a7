import { describe, expect, it } from 'vitest';
import { weighPages } from './page-weight.mjs';

describe('weighPages', () => {
  const manifest = {
    entry: { module: '/entry.js', imports: ['/react.js'] },
    routes: {
      root: { module: '/root.js', imports: ['/react.js', '/shared.js'] },
      list: { module: '/list.js', parentId: 'root', imports: ['/shared.js', '/table.js'] },
      row: { module: '/row.js', parentId: 'list' },
    },
  };
  const sizes: Record<string, number> = {
    '/entry.js': 1,
    '/react.js': 50,
    '/root.js': 10,
    '/shared.js': 5,
    '/list.js': 3,
    '/table.js': 20,
    '/row.js': 2,
  };
  const weights = weighPages(manifest, (file) => sizes[file] ?? Number.NaN);

  it('counts the entry, the frames around a page and the page, each file once', () => {
    expect(weights).toEqual([
      { route: 'row', bytes: 91, files: 7 },
      { route: 'list', bytes: 89, files: 6 },
      { route: 'root', bytes: 66, files: 4 },
    ]);
  });
});
