import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** As in `vite.config.ts`: finds the extension of a page module. */
const resolve = {
  alias: [{ find: /^#app\//, replacement: fileURLToPath(new URL('./app/', import.meta.url)) }],
};

export default defineConfig({
  test: {
    // Two suites: `unit` needs nothing; `db` gets one Postgres per run and a database per file.
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          environment: 'node',
          include: ['server/**/*.test.ts', 'app/**/*.test.ts', 'app/**/*.test.tsx', 'examples/**/*.test.mjs'],
          exclude: [
            '**/*.db.test.ts',
            'examples/shop/base/**',
            'examples/shop/releases/**',
            '**/node_modules/**',
          ],
        },
      },
      {
        resolve,
        test: {
          name: 'db',
          environment: 'node',
          include: ['server/**/*.db.test.ts'],
          globalSetup: ['server/testing/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
