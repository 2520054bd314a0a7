import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FullConfig } from '@playwright/test';
import { ROLES } from '#server/auth/contract';
import { stopLocalEnvironment } from '#server/deployments/drivers/local/stop';
import { startSlackServer } from '#server/testing/slack-server';
import { ROOT, type Started, startConsole, stopConsole } from './support/console';
import { databaseUrl, queryAt } from './support/database';
import { sessionFile, signIn } from './support/person';

const ENVIRONMENTS = ['production', 'staging', 'preview', 'practice'];

/** Starts the console under test, signs one person of each role in, and ends all of it afterwards. */
export default async function globalSetup(config: FullConfig): Promise<() => Promise<void>> {
  const origin = String(config.projects[0]?.use.baseURL);
  const ownsFolder = !process.env.E2E_DATA_DIR;
  const dataDir = process.env.E2E_DATA_DIR ?? makeFolder();
  process.env.E2E_DATA_DIR = dataDir;

  const { makeRepository } = await import(
    pathToFileURL(path.join(ROOT, 'examples/shop/make-repository.mjs')).href
  );
  await makeRepository({ repositoryPath: path.join(dataDir, 'shop/repository.git') });
  const results = path.join(ROOT, 'test-results');
  mkdirSync(results, { recursive: true });
  const slack = await startSlackServer();
  const started = startConsole(
    {
      PORT: new URL(origin).port,
      DATA_DIR: dataDir,
      OPS_CONFIG: 'e2e/ops.config.ts',
      DEMO_PEOPLE: 'true',
      // The other channels have no webhook, as in the example.
      SLACK_WEBHOOK_ALERTS: String(slack.env.SLACK_WEBHOOK_ALERTS),
    },
    path.join(results, 'e2e-console.log'),
  );
  const tearDown = async () => {
    await end(started, dataDir, ownsFolder);
    await slack.close();
  };
  try {
    const databasePort = Number((await started.said(/postgres\s+on port (\d+)/, 120_000))[1]);
    await started.said(/ready\s+in/, 120_000);
    process.env.E2E_DATABASE_URL = databaseUrl(dataDir, databasePort, 'ops');
    process.env.E2E_SHOP_DATABASE_URL = databaseUrl(dataDir, databasePort, 'shop');
    for (const name of ENVIRONMENTS) {
      await queryAt(databaseUrl(dataDir, databasePort, 'shop'), `CREATE SCHEMA ${name}`);
    }
    for (const role of ROLES) await keepSession(role, await signIn(origin, role), origin);
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

/** A folder that the database's own user can reach. */
function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ops-e2e-'));
  chmodSync(folder, 0o755);
  return folder;
}

async function keepSession(role: (typeof ROLES)[number], cookie: string, origin: string): Promise<void> {
  const [name, value] = cookie.split('=');
  const { hostname } = new URL(origin);
  const kept = {
    name,
    value,
    domain: hostname,
    path: '/',
    expires: -1,
    httpOnly: true,
    secure: false,
    sameSite: 'Lax',
  };
  mkdirSync(path.dirname(sessionFile(role)), { recursive: true });
  writeFileSync(sessionFile(role), JSON.stringify({ cookies: [kept], origins: [] }));
}

async function end(started: Started, dataDir: string, ownsFolder: boolean): Promise<void> {
  await stopConsole(started);
  // A start with another configuration than its own leaves that one's releases to whoever wrote it.
  for (const name of ENVIRONMENTS) await stopLocalEnvironment(path.join(dataDir, 'shop', name));
  if (ownsFolder) rmSync(dataDir, { recursive: true, force: true });
}
