import { relative } from 'node:path';
import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import { type Ctx, defineToken } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { createRedactor } from '#server/runs/redact';
import type { EnvironmentConfig } from '#server/services/config';
import type {
  ConfigurationFile,
  ConfigurationView,
  EnvironmentKey,
  EnvironmentView,
  WorkerConfiguration,
} from '#server/services/contract';
import { changedKeys, describeConfiguration, secretValues } from '#server/services/describe';
import { type LoadedConfig, readConfig } from '#server/services/load-config';

/** A worker that has not said for longer than this that it lives is gone; it says so every 3 s. */
const WORKER_ALIVE_SECONDS = 15;

export const OPS_CONFIG = defineToken<LoadedConfig>('configuration');

/** The configuration of one environment; null when it is no longer configured. */
export function findEnvironmentConfig(ctx: Ctx, key: EnvironmentKey): EnvironmentConfig | null {
  return ctx.use(OPS_CONFIG).config.services[key.service]?.environments[key.environment] ?? null;
}

/** The configuration of one environment. @throws AppError `not_found` */
export function environmentConfig(ctx: Ctx, key: EnvironmentKey): EnvironmentConfig {
  const environment = findEnvironmentConfig(ctx, key);
  if (!environment) {
    throw new AppError(
      'not_found',
      `There is no environment "${key.environment}" of a service "${key.service}".`,
      {
        hint: 'Services and environments are named in the configuration file.',
      },
    );
  }
  return environment;
}

/** Every configured environment, in the configuration's order. */
export function environmentViews(ctx: Ctx): EnvironmentView[] {
  return Object.entries(ctx.use(OPS_CONFIG).config.services).flatMap(([service, { title, environments }]) =>
    Object.entries(environments).map(([environment, config]) => ({
      service,
      serviceTitle: title,
      environment,
      environmentTitle: config.title,
      url: config.url,
      isPractice: config.practice,
    })),
  );
}

/** The same for whoever may see the overview. */
export const listEnvironments = defineQuery({
  name: 'services.list-environments',
  access: 'overview.read',
  input: z.object({}),
  handle: async (ctx): Promise<EnvironmentView[]> => environmentViews(ctx),
});

/**
 * What is configured, the workers and which configuration each runs with, and whether the file has changed since: it is
 * read again for every answer. A file that a restart could not use is told with its faults, not thrown.
 */
export const getConfiguration = defineQuery({
  name: 'services.get-configuration',
  access: 'configuration.read',
  input: z.object({}),
  handle: async (ctx): Promise<ConfigurationView> => {
    const loaded = ctx.use(OPS_CONFIG);
    const [file, workers] = await Promise.all([readFileState(loaded), listWorkers(ctx)]);
    return { hash: loaded.hash, file, workers, services: describeConfiguration(loaded.config) };
  },
});

async function readFileState({ config, file, hash }: LoadedConfig): Promise<ConfigurationFile> {
  const inside = relative(process.cwd(), file);
  const name = inside.startsWith('..') ? file : inside;
  const reading = await readConfig(file);
  if (reading.state !== 'usable') {
    const redact = createRedactor(secretValues(config));
    const faults = reading.faults.map(({ key, message }) => ({ key, message: redact(message) }));
    return { name, state: 'broken', hash: null, changes: [], faults };
  }
  const { loaded } = reading;
  return {
    name,
    state: loaded.hash === hash ? 'in_use' : 'changed',
    hash: loaded.hash,
    changes: changedKeys(config, loaded.config),
    faults: [],
  };
}

interface WorkerRow {
  id: string;
  hostname: string;
  pid: number;
  started_at: Date;
  last_seen_at: Date;
  config_hash: string | null;
  is_alive: boolean;
}

async function listWorkers(ctx: Ctx): Promise<WorkerConfiguration[]> {
  const rows = await ctx.db.$queryRaw<WorkerRow[]>`
    SELECT id::text, hostname, pid, started_at, last_seen_at, config_hash,
           last_seen_at > clock_timestamp() - make_interval(secs => ${WORKER_ALIVE_SECONDS}) AS is_alive
    FROM worker ORDER BY started_at DESC, id`;
  return rows.map((row) => ({
    id: row.id,
    hostname: row.hostname,
    pid: row.pid,
    startedAt: row.started_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    isAlive: row.is_alive,
    hash: row.config_hash,
  }));
}
