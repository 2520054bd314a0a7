import { createHash } from 'node:crypto';
import type { Role } from '#server/auth/contract';
import { createSources } from '#server/business/drivers/registry';
import { BUSINESS_SOURCES } from '#server/business/drivers/source';
import { ATTACHMENT_STORE } from '#server/incidents/drivers/attachment-store';
import { postgresAttachments } from '#server/incidents/drivers/postgres-attachments';
import { NOTIFICATION_DRIVER } from '#server/notifications/drivers/driver';
import { createSlackDriver } from '#server/notifications/drivers/slack';
import { type Clock, systemClock } from '#server/platform/clock';
import {
  type App,
  type Ctx,
  createApp,
  type EventHandlers,
  type RequestInfo,
  systemActor,
  type Token,
} from '#server/platform/context';
import { openDatabase } from '#server/platform/db';
import { type Env, readEnv } from '#server/platform/env';
import { EventRegistry } from '#server/platform/events';
import { type Ids, randomIds } from '#server/platform/ids';
import { createLogger } from '#server/platform/logger';
import { RUN_POLICY, type RunPolicy } from '#server/runs/policy';
import { type OpsConfigInput, opsConfigSchema } from '#server/services/config';
import { OPS_CONFIG } from '#server/services/queries';
import { createTestDatabase, type TestDatabase } from '#server/testing/database';

export interface TestAppOptions {
  /** The services and environments; absent: nothing provides them. */
  config?: OpsConfigInput;
  clock?: Clock;
  ids?: Ids;
  /** Settings over the defaults, by environment variable. */
  env?: Record<string, string>;
  events?: EventHandlers;
  /** More of what the composition root provides. */
  provide?: [Token<unknown>, unknown][];
  /** A database to use instead of one of its own; closing the app leaves it. */
  database?: TestDatabase;
}

export interface TestApp extends App {
  testDatabase: TestDatabase;
  /** A context of the console itself. */
  system: Ctx;
  /** Inserts a person of the role and returns a context acting as that person. */
  asRole(role: Role, request?: Partial<RequestInfo>): Promise<Ctx>;
  /** Ends connections and drops the database it made. */
  close(): Promise<void>;
}

/** An app on a database of its own, with a silent log. Close it in `afterAll`. */
export async function createTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const testDatabase = options.database ?? (await createTestDatabase());
  const env = testEnv(testDatabase.url, options.env);
  const database = openDatabase(testDatabase.url, {
    poolSize: 5,
    statementTimeoutMs: 20_000,
    idleInTransactionTimeoutMs: env.RUN_LEASE_MS / 2,
  });
  const ids = options.ids ?? randomIds;
  const clock = options.clock ?? systemClock;
  const provided = new Map<Token<unknown>, unknown>([
    [ATTACHMENT_STORE, postgresAttachments],
    [RUN_POLICY, { needsApproval: () => false } satisfies RunPolicy],
    [NOTIFICATION_DRIVER, createSlackDriver(env, clock)],
    ...(options.provide ?? []),
  ]);
  if (options.config) {
    const config = opsConfigSchema.parse(options.config);
    const hash = createHash('sha256').update(JSON.stringify(config)).digest('hex');
    provided.set(OPS_CONFIG, { config, hash, file: 'test' });
    if (!provided.has(BUSINESS_SOURCES)) provided.set(BUSINESS_SOURCES, createSources(config));
  }
  const app = createApp({
    database,
    env,
    ids,
    provided,
    clock,
    log: createLogger({ level: process.env.TEST_LOG_LEVEL ?? 'silent', process: 'cli' }),
    events: options.events ?? new EventRegistry(),
  });
  return {
    ...app,
    testDatabase,
    system: app.for(systemActor('test')),
    asRole: async (role, request) => {
      const id = randomIds.uuid();
      const name = `Test ${role}`;
      await database.client.user.create({ data: { id, email: `${role}-${id}@test.example`, name, role } });
      return app.for({ type: 'user', id, name, role }, request);
    },
    close: async () => {
      await database.close();
      if (!options.database) await testDatabase.drop();
    },
  };
}

/** Settings for tests: the defaults with waits made short, and what is given on top. */
export function testEnv(databaseUrl: string, overrides: Record<string, string> = {}): Env {
  return readEnv({
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'silent',
    RUN_LEASE_MS: '1500',
    RUN_RENEW_MS: '200',
    RUN_POLL_MS: '100',
    EVENT_LEASE_MS: '1500',
    EVENT_POLL_MS: '100',
    SLACK_TIMEOUT_MS: '5000',
    NOTIFICATION_LEASE_MS: '10000',
    NOTIFICATION_POLL_MS: '50',
    NOTIFICATION_RETRY_MS: '20',
    NOTIFICATION_RETRY_MAX_MS: '150',
    KILL_GRACE_MS: '500',
    ...overrides,
  });
}
