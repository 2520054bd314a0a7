import path from 'node:path';
import { defineConfig } from '../server/services/config';

const dataDir = path.resolve(process.env.DATA_DIR ?? '.data');
const port = Number(process.env.PORT ?? 3000);
/** The shop of a test run is on this machine only, and gone afterwards. */
const controlToken = 'operators-of-the-test-run';

/** One environment of the example shop, in a database schema of its own. Lighthouse is left to `start.spec.ts`. */
function shop(options: { name: string; title: string; proxyPort: number; holdSeconds: number }) {
  const url = `http://127.0.0.1:${options.proxyPort}`;
  const database = new URL(process.env.SHOP_DATABASE_URL ?? 'postgres://127.0.0.1/missing');
  database.searchParams.set('options', `-c search_path=${options.name}`);
  return {
    title: options.title,
    url,
    deploy: {
      driver: 'local' as const,
      repository: path.join(dataDir, 'shop/repository.git'),
      directory: path.join(dataDir, 'shop', options.name),
      nodeModules: path.resolve('node_modules'),
      proxyPort: options.proxyPort,
      env: {
        DATABASE_URL: database.href,
        SHOP_URL: url,
        OPS_CONTROL_TOKEN: controlToken,
        OPS_STATE_FILE: path.join(dataDir, 'shop', options.name, 'switches', 'state.json'),
      },
      secretEnv: ['DATABASE_URL', 'OPS_CONTROL_TOKEN'],
      build: 'npm run --silent build',
      migrate: 'npm run --silent db:migrate:production',
      pendingMigrations: 'node scripts/migrate.mjs --pending',
      drainSeconds: 5,
    },
    control: { token: controlToken },
    business: {
      driver: 'postgres' as const,
      urlVariable: 'SHOP_READ_DATABASE_URL',
      currency: 'EUR',
      queries: {
        orders: `SELECT placed_at AS at, total_cents AS amount FROM ${options.name}.customer_order`,
        payments: `SELECT at, outcome = 'refused' AS failed FROM ${options.name}.payment_attempt`,
        visits: `SELECT at, visitor FROM ${options.name}.visit`,
      },
    },
    health: {},
    checkDefaults: { intervalSeconds: 2, timeoutMs: 2_000 },
    validation: {
      endpoints: [{ path: '/api/health' }, { path: '/shop' }, { path: '/api/auth/status' }],
      samples: 10,
      holdSeconds: options.holdSeconds,
      onFailure: 'rollback' as const,
    },
  };
}

const script = (name: string) => `npm run --silent ${name}`;

/**
 * What the end-to-end tests operate: the shop as people run it, one whose checklist waits until a test lets it go with
 * an environment for drills, and one where a second person must approve each deploy.
 */
export default defineConfig({
  services: {
    shop: {
      title: 'HerbisVeritas shop',
      environments: {
        production: {
          ...shop({ name: 'production', title: 'Production', proxyPort: port + 2, holdSeconds: 2 }),
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
          ],
        },
      },
    },
    guarded: {
      title: 'Guarded shop',
      environments: {
        preview: {
          ...shop({ name: 'preview', title: 'Preview', proxyPort: port + 4, holdSeconds: 0 }),
          metrics: { intervalMs: 1_000, timeoutMs: 2_000 },
          // The story of the automatic rollback is here: it has no checklist to wait for.
          automaticRollback: { cooldownMinutes: 0 },
          approvals: ['deployments.deploy' as const],
          checklist: [],
        },
      },
    },
    drill: {
      title: 'Drill shop',
      environments: {
        staging: {
          ...shop({ name: 'staging', title: 'Staging', proxyPort: port + 3, holdSeconds: 0 }),
          checklist: [
            {
              phase: 'Tests and validation',
              checks: [
                {
                  key: 'held',
                  title: 'Held check',
                  run: `node ${JSON.stringify(path.resolve('e2e/support/held-check.mjs'))} ${JSON.stringify(path.join(dataDir, 'held'))}`,
                },
              ],
            },
          ],
        },
        practice: {
          ...shop({ name: 'practice', title: 'Practice', proxyPort: port + 5, holdSeconds: 0 }),
          practice: true,
        },
      },
    },
  },
});
