import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { DeployTarget } from '#server/deployments/drivers/driver';
import {
  type EnvironmentConfig,
  type EnvironmentOf,
  type OpsConfig,
  type OpsConfigInput,
  opsConfigSchema,
} from '#server/services/config';

/**
 * What a release of the fixture shop does: `good` serves; `crashing` ends at its start; `failing` is healthy at
 * /api/health but answers everything else with 500 until `heal` is called; `sick` starts and is not healthy until then.
 */
export type FixtureRelease = 'good' | 'crashing' | 'failing' | 'sick';

/** A git repository with releases of a very small shop; it begins with two good ones and one that ends at its start. */
export interface FixtureShop {
  folder: string;
  repository: string;
  releases: { first: DeployTarget; second: DeployTarget; crashing: DeployTarget };
  /** Commits and tags one more; `schema` is its schema version and the oldest that it leaves compatible. */
  addRelease(
    tag: string,
    kind: FixtureRelease,
    schema?: { version: number; oldest: number },
  ): Promise<DeployTarget>;
  /** Takes a tag away, as somebody with rights to the repository could. */
  removeTag(tag: string): Promise<void>;
  /** From now on `failing` and `sick` releases are well; `hurt` makes them ill again. */
  heal(): void;
  hurt(): void;
  /** The releases whose build has run, in order, one entry for each time. */
  builds(): string[];
  remove(): void;
}

/** Parts of the environment's configuration over the fixture's own. */
export type FixtureChange = Partial<Omit<EnvironmentInput, 'deploy'>> & {
  /** Settings of the local driver, or another driver with all of its own. */
  deploy?: Partial<DeployInput<'local'>> | DeployInput<'command'>;
};

export type DeployInput<D extends 'local' | 'command'> = Extract<EnvironmentInput['deploy'], { driver: D }>;

type EnvironmentInput = OpsConfigInput['services'][string]['environments'][string];

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
const FAILING = `
import { existsSync } from 'node:fs';
import { createServer as create } from 'node:http';
const isHealed = () => existsSync(process.env.BUILD_LOG + '.healed');
create((request, response) => {
  response.setHeader('x-release', process.env.RELEASE);
  if (request.url === '/api/health') {
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ status: 'healthy', checks: [] }));
  }
  response.statusCode = isHealed() ? 200 : 500;
  response.end(process.env.RELEASE);
}).listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));
`;
const SICK = `
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
createServer((request, response) => {
  response.setHeader('x-release', process.env.RELEASE);
  if (existsSync(process.env.BUILD_LOG + '.healed'))
    return response.end(JSON.stringify({ status: 'healthy', checks: [] }));
  response.statusCode = 503;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ status: 'unhealthy', checks: [{ name: 'database', status: 'failed' }] }));
}).listen(Number(process.env.PORT), process.env.HOST);
process.on('SIGTERM', () => process.exit(0));
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

const PROGRAMS: Record<FixtureRelease, string> = {
  good: SERVER,
  crashing: CRASHING,
  failing: FAILING,
  sick: SICK,
};

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
  const addRelease: FixtureShop['addRelease'] = async (tag, kind, schema = { version: 2, oldest: 1 }) => {
    const manifest = {
      schemaVersion: schema.version,
      oldestCompatibleSchemaVersion: schema.oldest,
      start: ['node', 'server.mjs', 'an argument'],
    };
    writeFileSync(path.join(repository, 'release.json'), JSON.stringify(manifest));
    writeFileSync(path.join(repository, 'server.mjs'), `// ${tag}\n${PROGRAMS[kind]}`);
    writeFileSync(path.join(repository, 'build.mjs'), BUILD);
    writeFileSync(
      path.join(repository, 'pending.mjs'),
      `console.log(JSON.stringify(['${schema.version}_prices']));`,
    );
    await git('add', '-A');
    await git('commit', '--quiet', '-m', `Release ${tag}`);
    await git('tag', tag);
    return { tag, commitSha: await git('rev-parse', 'HEAD') };
  };
  await git('init', '--quiet', '-b', 'main');
  const releases = {
    first: await addRelease('v1.0.0', 'good', { version: 1, oldest: 1 }),
    second: await addRelease('v1.1.0', 'good'),
    crashing: await addRelease('v1.2.0-crash', 'crashing'),
  };
  const buildLog = path.join(folder, 'build.log');
  return {
    folder,
    repository,
    releases,
    addRelease,
    removeTag: async (tag) => void (await git('tag', '-d', tag)),
    heal: () => writeFileSync(`${buildLog}.healed`, ''),
    hurt: () => rmSync(`${buildLog}.healed`, { force: true }),
    builds: () => (existsSync(buildLog) ? readFileSync(buildLog, 'utf8').trim().split('\n') : []),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The configuration of an environment that runs the fixture shop on this machine. */
export function fixtureEnvironment(
  shop: FixtureShop,
  proxyPort: number,
  change: Partial<DeployInput<'local'>> = {},
): EnvironmentOf<'local'> {
  const environment = environmentIn(fixtureConfig(shop, proxyPort, { deploy: change }));
  const { deploy } = environment;
  if (deploy.driver !== 'local') throw new Error(`The fixture's driver is ${deploy.driver}`);
  return { ...environment, deploy };
}

/** The only environment of a fixture's configuration. */
export function environmentIn(config: OpsConfig): EnvironmentConfig {
  const environment = config.services.shop?.environments.production;
  if (!environment) throw new Error('The fixture has no environment');
  return environment;
}

/** A configuration with one service, `shop`, in one environment, `production`, on this machine. */
export function fixtureConfig(shop: FixtureShop, proxyPort: number, change: FixtureChange = {}): OpsConfig {
  return opsConfigSchema.parse({
    services: {
      shop: {
        title: 'Fixture shop',
        environments: {
          production: {
            title: 'Production',
            url: `http://127.0.0.1:${proxyPort}`,
            health: { intervalMs: 20, deadlineSeconds: 15 },
            validation: { endpoints: [{ path: '/' }] },
            ...change,
            deploy:
              change.deploy?.driver === 'command'
                ? change.deploy
                : localDeploy(shop, proxyPort, change.deploy),
          },
        },
      },
    },
  });
}

function localDeploy(
  shop: FixtureShop,
  proxyPort: number,
  change: Partial<DeployInput<'local'>> = {},
): DeployInput<'local'> {
  return {
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
  };
}
