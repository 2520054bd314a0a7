import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** As in `vite.config.ts`: finds the extension of a page module. */
const resolve = {
  alias: [{ find: /^#app\//, replacement: fileURLToPath(new URL('./app/', import.meta.url)) }],
};

export default defineConfig({
  test: {
    // Files wait for processes and for Postgres much of their time: two cores carry two of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // `unit` needs nothing; `db` gets one Postgres per run and a database per file; `shop` is the example's own.
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          environment: 'node',
          include: ['server/**/*.test.ts', 'app/**/*.test.ts', 'app/**/*.test.tsx'],
          exclude: ['**/*.db.test.ts', '**/node_modules/**'],
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        test: {
          name: 'db',
          environment: 'node',
          include: ['server/**/*.db.test.ts'],
          globalSetup: ['server/testing/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 240_000,
        },
      },
      {
        resolve,
        // Every release of the example shop through its own scripts.
        test: {
          name: 'shop',
          environment: 'node',
          include: ['examples/shop/*.test.ts'],
          maxConcurrency: 3,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
