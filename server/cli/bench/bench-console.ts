import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Permission, Role } from '#server/auth/contract';
import { DEMO_PEOPLE } from '#server/auth/demo';
import { bootstrap } from '#server/bootstrap';
import { closeOnInterrupt } from '#server/cli/bench/interrupt';
import { Child, entryArgs } from '#server/cli/start/child';
import { startOwnDatabases } from '#server/cli/start/database';
import { waitUntilHealthy } from '#server/cli/start/wait-until-healthy';
import { welcome } from '#server/cli/start/welcome';
import { requestDeploy } from '#server/deployments/commands/request-runs';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { previewDeploy } from '#server/deployments/queries/previews';
import { type Ctx, systemActor } from '#server/platform/context';
import { reachableFolder } from '#server/platform/embedded-postgres';
import { readEnv } from '#server/platform/env';
import { anyFreePort, findFreePort } from '#server/platform/free-port';
import { applyMigrations } from '#server/platform/migrations';
import { PROJECT_ROOT } from '#server/platform/project-root';
import type { RunDetail, RunStatus } from '#server/runs/contract';
import { getRun } from '#server/runs/queries';
import type { EnvironmentConfig } from '#server/services/config';
import { loadConfig } from '#server/services/load-config';

export const PLACE = { service: 'shop', environment: 'production' } as const;
export const PRACTICE = 'practice';

const FIRST_PORT = 5_850;
const FIRST_DEPLOY_MS = 120_000;
const STOP_GRACE_MS = 5_000;
const ENDED: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled', 'timed_out', 'needs_attention'];

/** A console as `npm start` runs it, with its own data: Postgres, web, worker and the example shop. */
export interface BenchConsole {
  url: string;
  /** The console itself, beside web and worker. */
  ctx: Ctx;
  /** The owner of the console's database, who may vacuum. */
  ownerUrl: string;
  shop: { url: string; repository: string; databaseUrl: string };
  /** Its data; removed at the end. */
  folder: string;
  /** Signs a seeded person in over HTTP. @returns the `Cookie` header */
  signIn(role: Role): Promise<string>;
  /** A token of a seeded person with these scopes. */
  token(role: Role, scopes: Permission[]): Promise<string>;
  ended(runId: string): Promise<RunDetail>;
  /** Deploys a release and waits until it is live. @throws Error when it does not succeed */
  deploy(tag: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts one and waits for its first deploy, if it has one.
 * @param change what the bench needs otherwise than `ops.config.ts` has it
 * @param places `with practice` keeps the practice environment as well, in which nothing is deployed by itself
 */
export async function startBenchConsole(
  change: (environment: EnvironmentConfig) => void,
  places: 'production only' | 'with practice' = 'production only',
): Promise<BenchConsole> {
  const folder = await mkdtemp(
    path.join(await reachableFolder(tmpdir(), ['/tmp', '/var/tmp']), 'ops-bench-'),
  );
  await chmod(folder, 0o755);
  const port = await findFreePort(FIRST_PORT, 100);
  const shopPort = await anyFreePort();
  const databases = await startOwnDatabases(folder, port);
  const closing: (() => Promise<unknown>)[] = [
    () => rm(folder, { recursive: true, force: true }),
    () => databases.postgres.stop('fast'),
  ];
  const close = closeOnInterrupt(async () => {
    for (const step of closing.splice(0).reverse()) await step();
  });
  try {
    // The configuration is code that reads these.
    Object.assign(process.env, {
      DATA_DIR: folder,
      PORT: String(port),
      SHOP_PORT: String(shopPort),
      SHOP_DATABASE_URL: databases.shopUrl,
      SHOP_READ_DATABASE_URL: databases.shopReaderUrl,
    });
    const { config } = await loadConfig(path.join(PROJECT_ROOT, 'ops.config.ts'));
    const known = config.services[PLACE.service]?.environments;
    const environment = known?.[PLACE.environment];
    const practice = known?.[PRACTICE];
    if (!environment || !practice) throw new Error('ops.config.ts no longer has the example shop');
    change(environment);
    change(practice);
    practice.firstRelease = undefined;
    const environments: Record<string, EnvironmentConfig> = { [PLACE.environment]: environment };
    if (places === 'with practice') environments[PRACTICE] = practice;
    config.services = { [PLACE.service]: { title: 'Shop', environments } };
    const configFile = path.join(folder, 'ops.config.mjs');
    await writeFile(configFile, `export default ${JSON.stringify(config)};`, { mode: 0o600 });
    const made = await import(
      pathToFileURL(path.join(PROJECT_ROOT, 'examples/shop/make-repository.mjs')).href
    );
    await made.makeRepository({ repositoryPath: environment.deploy.repository });

    const variables: NodeJS.ProcessEnv = {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URL: databases.url,
      OPS_CONFIG: configFile,
      DEMO_PEOPLE: 'true',
    };
    await applyMigrations(databases.ownerUrl);
    const env = readEnv(variables);
    const url = `http://127.0.0.1:${port}`;
    await welcome(env, url);
    const children = (['worker', 'index'] as const).map((file) => startChild(file, variables, folder));
    for (const { deploy } of Object.values(environments))
      closing.push(() => stopLocalEnvironment(deploy.directory));
    closing.push(() => Promise.all(children.map((child) => child.stop(STOP_GRACE_MS))));
    await waitUntilHealthy(env, children, new AbortController().signal);
    const { app, close: closeApp } = await bootstrap('cli', {
      ...env,
      LOG_LEVEL: 'silent',
      DATABASE_POOL_SIZE: 3,
    });
    closing.push(closeApp);
    const ctx = app.for(systemActor('bench'));
    if (environment.firstRelease) await untilFirstDeploy(ctx);
    return {
      url,
      ctx,
      ownerUrl: databases.ownerUrl,
      shop: {
        url: environment.url,
        repository: environment.deploy.repository,
        databaseUrl: databases.shopUrl,
      },
      folder,
      signIn: (role) => signIn(url, role),
      token: (role, scopes) => tokenOf(url, role, scopes),
      ended: (runId) => untilEnded(ctx, runId),
      deploy: (tag) => deploy(ctx, tag),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function startChild(file: 'index' | 'worker', env: NodeJS.ProcessEnv, folder: string): Child {
  return new Child({
    name: file,
    args: entryArgs(file),
    env,
    cwd: PROJECT_ROOT,
    logDirectory: path.join(folder, 'logs'),
    level: 'error',
    onStart: () => undefined,
  });
}

async function untilFirstDeploy(ctx: Ctx): Promise<void> {
  for (const deadline = Date.now() + FIRST_DEPLOY_MS; ; await delay(100)) {
    const run = await ctx.db.run.findFirst({ orderBy: { number: 'asc' } });
    if (run?.status === 'succeeded') return;
    if (run && ENDED.includes(run.status)) throw new Error(`The first deploy ${run.status}: ${run.error}`);
    if (Date.now() > deadline)
      throw new Error(`The first deploy is ${run?.status ?? 'not asked for'} after 120 s`);
  }
}

async function untilEnded(ctx: Ctx, runId: string): Promise<RunDetail> {
  for (;;) {
    const run = await getRun(ctx, { runId });
    if (ENDED.includes(run.status)) return run;
    await delay(50);
  }
}

async function deploy(ctx: Ctx, tag: string): Promise<void> {
  const { planHash } = await previewDeploy(ctx, { ...PLACE, tag });
  const { runId } = await requestDeploy(ctx, { ...PLACE, tag, planHash });
  const { status, error } = await untilEnded(ctx, runId);
  if (status !== 'succeeded') throw new Error(`The deploy of ${tag} ${status}: ${error}`);
}

async function signIn(url: string, role: Role): Promise<string> {
  const person = DEMO_PEOPLE.find((candidate) => candidate.role === role);
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ email: person?.email ?? '', password: person?.password ?? '' }),
  });
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  if (response.status >= 400 || cookies.length === 0)
    throw new Error(`The ${role} could not sign in: ${response.status}`);
  return cookies.join('; ');
}

async function tokenOf(url: string, role: Role, scopes: Permission[]): Promise<string> {
  const person = DEMO_PEOPLE.find((candidate) => candidate.role === role);
  const response = await fetch(`${url}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: person?.email, password: person?.password, name: 'bench', scopes }),
  });
  const { secret } = (await response.json()) as { secret?: string };
  if (!secret) throw new Error(`The ${role} got no token: ${response.status}`);
  return secret;
}
