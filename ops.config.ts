import { defineConfig } from './server/services/config';

const env = process.env;
const dataDir = env.DATA_DIR ?? '.data';
const port = Number(env.PORT ?? 3000);
const shopPort = Number(env.SHOP_PORT ?? port + 2);

/** The example shop, operated out of the box. `npm start` provides SHOP_DATABASE_URL and the repository. */
export default defineConfig({
  services: {
    shop: {
      title: 'HerbisVeritas shop',
      environments: {
        production: {
          title: 'Production',
          url: `http://127.0.0.1:${shopPort}`,
          deploy: {
            driver: 'local',
            repository: `${dataDir}/shop/repository.git`,
            directory: `${dataDir}/shop/production`,
            nodeModules: 'node_modules',
            proxyPort: shopPort,
            env: { DATABASE_URL: env.SHOP_DATABASE_URL ?? '', SHOP_URL: `http://127.0.0.1:${shopPort}` },
            secretEnv: ['DATABASE_URL'],
            build: 'npm run --silent build',
            migrate: 'npm run --silent db:migrate:production',
            pendingMigrations: 'node scripts/migrate.mjs --pending',
          },
          checklist: [
            {
              phase: 'Tests and validation',
              checks: [
                { key: 'lint', title: 'Lint', run: 'npm run --silent lint' },
                { key: 'type-check', title: 'Type check', run: 'npm run --silent type-check' },
                { key: 'test-unit', title: 'Unit tests', run: 'npm run --silent test:unit' },
              ],
            },
            {
              phase: 'Security',
              checks: [
                { key: 'security-audit', title: 'Security audit', run: 'npm run --silent security:audit' },
                {
                  key: 'security-dependencies',
                  title: 'Dependency advisories',
                  run: 'npm run --silent security:dependencies',
                },
              ],
            },
            {
              phase: 'Performance',
              checks: [
                { key: 'build', title: 'Build', run: 'npm run --silent build' },
                {
                  key: 'lighthouse',
                  title: 'Lighthouse ≥ 90',
                  run: 'npm run --silent performance:lighthouse -- --threshold=90',
                  notMeasuredExitCode: 3,
                  whenNotMeasured: 'warn',
                },
              ],
            },
          ],
          firstRelease: 'v1.2.0',
          health: {},
          validation: {
            endpoints: [{ path: '/api/health' }, { path: '/shop' }, { path: '/api/auth/status' }],
            samples: 20,
            onFailure: 'rollback',
          },
        },
      },
    },
  },
});
