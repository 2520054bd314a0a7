import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { DeployTarget } from '#server/deployments/drivers/driver';
import { type EnvironmentConfig, type OpsConfigInput, opsConfigSchema } from '#server/services/config';

/** A git repository with three releases of a very small shop: two good ones and one that ends at its start. */
export interface FixtureShop {
  folder: string;
  repository: string;
  releases: { first: DeployTarget; second: DeployTarget; crashing: DeployTarget };
  remove(): void;
}

const SERVER = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const built = readFileSync('dist/built.txt', 'utf8').trim();
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://shop');
  response.setHeader('x-release', process.env.RELEASE);
  response.setHeader('x-instance', process.env.OPS_INSTANCE);
  if (url.pathname === '/api/health') {
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ status: 'healthy', checks: [] }));
  }
  if (url.pathname === '/reset') return request.socket.destroy();
  if (url.pathname === '/headers') return response.end(JSON.stringify(request.headers));
  if (url.pathname === '/echo') return request.pipe(response);
  setTimeout(() => response.end(process.env.RELEASE + ' ' + built), Number(url.searchParams.get('ms') ?? 0));
});
server.on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
  socket.pipe(socket);
});
server.keepAliveTimeout = 65000;
server.listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
const CRASHING = `
console.error('connecting with ' + process.env.SHOP_SECRET);
console.error('FATAL: the price list is missing');
process.exit(3);
`;
const BUILD = `
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('dist', { recursive: true });
writeFileSync('dist/built.txt', 'built-' + process.env.RELEASE);
appendFileSync(process.env.BUILD_LOG, process.env.RELEASE + '\\n');
console.log('built with ' + process.env.SHOP_SECRET);
`;

/** Makes the repository in a temporary folder. */
export async function createFixtureShop(): Promise<FixtureShop> {
  const folder = mkdtempSync(path.join(tmpdir(), 'fixture-shop-'));
  const repository = path.join(folder, 'repository');
  mkdirSync(repository);
  const git = async (...args: string[]) => {
    const identity = ['-c', 'user.name=Fixture', '-c', 'user.email=fixture@example.org'];
    const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    return (await execa('git', [...identity, ...args], { cwd: repository, env })).stdout;
  };
  const release = async (tag: string, server: string, schemaVersion: number): Promise<DeployTarget> => {
    const manifest = {
      schemaVersion,
      oldestCompatibleSchemaVersion: 1,
      start: ['node', 'server.mjs', 'an argument'],
    };
    writeFileSync(path.join(repository, 'release.json'), JSON.stringify(manifest));
    writeFileSync(path.join(repository, 'server.mjs'), `// ${tag}\n${server}`);
    writeFileSync(path.join(repository, 'build.mjs'), BUILD);
    writeFileSync(
      path.join(repository, 'pending.mjs'),
      `console.log(JSON.stringify(['${schemaVersion}_prices']));`,
    );
    await git('add', '-A');
    await git('commit', '--quiet', '-m', `Release ${tag}`);
    await git('tag', tag);
    return { tag, commitSha: await git('rev-parse', 'HEAD') };
  };
  await git('init', '--quiet', '-b', 'main');
  const releases = {
    first: await release('v1.0.0', SERVER, 1),
    second: await release('v1.1.0', SERVER, 2),
    crashing: await release('v1.2.0-crash', CRASHING, 2),
  };
  return { folder, repository, releases, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The configuration of an environment that runs the fixture shop on this machine. */
export function fixtureEnvironment(
  shop: FixtureShop,
  proxyPort: number,
  change: Partial<OpsConfigInput['services'][string]['environments'][string]['deploy']> = {},
): EnvironmentConfig {
  const config = opsConfigSchema.parse({
    services: {
      shop: {
        title: 'Fixture shop',
        environments: {
          production: {
            title: 'Production',
            url: `http://127.0.0.1:${proxyPort}`,
            deploy: {
              driver: 'local',
              repository: shop.repository,
              directory: path.join(shop.folder, 'production'),
              proxyPort,
              env: { SHOP_SECRET: 'correct-horse-battery', BUILD_LOG: path.join(shop.folder, 'build.log') },
              secretEnv: ['SHOP_SECRET'],
              build: 'node build.mjs',
              migrate: 'echo migrated >migrated.txt',
              pendingMigrations: 'node pending.mjs',
              drainSeconds: 3,
              ...change,
            },
            health: { intervalMs: 20, deadlineSeconds: 15 },
            validation: { endpoints: [{ path: '/' }] },
          },
        },
      },
    },
  });
  const environment = config.services.shop?.environments.production;
  if (!environment) throw new Error('The fixture has no environment');
  return environment;
}
