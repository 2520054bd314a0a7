import path from 'node:path';
import { defineConfig } from './server/services/config';

const env = process.env;
const dataDir = env.DATA_DIR ?? '.data';
const port = Number(env.PORT ?? 3000);
const shopPort = Number(env.SHOP_PORT ?? port + 2);
/** Lets the console switch maintenance and lockdown on the shop. */
const controlToken = env.OPS_CONTROL_TOKEN;
const script = (name: string) => `npm run --silent ${name}`;

/** One environment of the example shop, with its own releases, proxy and database. */
function shop(options: { name: string; title: string; proxyPort: number; databaseUrl: string }) {
  const url = `http://127.0.0.1:${options.proxyPort}`;
  return {
    title: options.title,
    url,
    deploy: {
      driver: 'local' as const,
      repository: `${dataDir}/shop/repository.git`,
      directory: `${dataDir}/shop/${options.name}`,
      nodeModules: 'node_modules',
      proxyPort: options.proxyPort,
      env: {
        DATABASE_URL: options.databaseUrl,
        SHOP_URL: url,
        ...(controlToken
          ? {
              OPS_CONTROL_TOKEN: controlToken,
              OPS_STATE_FILE: path.resolve(dataDir, 'shop', options.name, 'switches/state.json'),
            }
          : {}),
      },
      secretEnv: controlToken ? ['DATABASE_URL', 'OPS_CONTROL_TOKEN'] : ['DATABASE_URL'],
      build: script('build'),
      migrate: script('db:migrate:production'),
      pendingMigrations: 'node scripts/migrate.mjs --pending',
    },
    ...(controlToken ? { control: { token: controlToken } } : {}),
    health: {},
    metrics: { intervalMs: 1_000, timeoutMs: 2_000 },
    validation: {
      endpoints: [{ path: '/api/health' }, { path: '/shop' }, { path: '/api/auth/status' }],
      samples: 20,
      onFailure: 'rollback' as const,
    },
  };
}

/** The practice environment's database lies beside that of production. */
function practiceDatabase(production: string | undefined): string {
  if (!production) return '';
  const url = new URL(production);
  url.pathname = '/shop_practice';
  return url.href;
}

/** The example shop, operated out of the box. `npm start` provides SHOP_DATABASE_URL, SHOP_READ_DATABASE_URL, OPS_CONTROL_TOKEN and the repository. */
export default defineConfig({
  services: {
    shop: {
      title: 'HerbisVeritas shop',
      environments: {
        production: {
          ...shop({
            name: 'production',
            title: 'Production',
            proxyPort: shopPort,
            databaseUrl: env.SHOP_DATABASE_URL ?? '',
          }),
          business: {
            driver: 'postgres',
            urlVariable: 'SHOP_READ_DATABASE_URL',
            currency: 'EUR',
            queries: {
              orders: 'SELECT placed_at AS at, total_cents AS amount FROM customer_order',
              payments: "SELECT at, outcome = 'refused' AS failed FROM payment_attempt",
              visits: 'SELECT at, visitor FROM visit',
            },
          },
          checklist: [
            {
              phase: 'Tests and validation',
              checks: [
                { key: 'lint', title: 'Lint', run: script('lint') },
                { key: 'type-check', title: 'Type check', run: script('type-check') },
                { key: 'test-unit', title: 'Unit tests', run: script('test:unit') },
              ],
            },
            {
              phase: 'Security',
              checks: [
                { key: 'security-audit', title: 'Security audit', run: script('security:audit') },
                {
                  key: 'security-dependencies',
                  title: 'Dependency advisories',
                  run: script('security:dependencies'),
                },
              ],
            },
            {
              phase: 'Performance',
              checks: [
                { key: 'build', title: 'Build', run: script('build') },
                {
                  key: 'lighthouse',
                  title: 'Lighthouse ≥ 90',
                  run: `${script('performance:lighthouse')} -- --threshold=90`,
                  notMeasuredExitCode: 3,
                  whenNotMeasured: 'warn',
                },
              ],
            },
          ],
          firstRelease: 'v1.2.0',
        },
        practice: {
          ...shop({
            name: 'practice',
            title: 'Practice',
            proxyPort: shopPort + 1,
            databaseUrl: practiceDatabase(env.SHOP_DATABASE_URL),
          }),
          practice: true,
          checklist: [
            {
              phase: 'Tests and validation',
              checks: [{ key: 'test-unit', title: 'Unit tests', run: script('test:unit') }],
            },
          ],
          // Another one than production's, so that a drill finds a second good release.
          firstRelease: 'v1.1.0',
        },
      },
    },
  },
});
