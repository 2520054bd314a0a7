import path from 'node:path';
import { type CheckoutSettings, fingerprint } from '#server/deployments/drivers/checkouts';
import { plainEnv, type ShellSettings, shellSettings } from '#server/deployments/drivers/shell';
import type { EnvironmentConfig, EnvironmentOf } from '#server/services/config';

/** An environment that runs on this machine, with absolute paths and nothing left to look up. */
export interface LocalEnvironment extends CheckoutSettings, ShellSettings {
  host: string;
  proxyPort: number;
  /** A proxy with https is in front, and its X-Forwarded-* headers are to be believed. */
  trustForwarded: boolean;
  build: string | null;
  migrate: string | null;
  pendingMigrations: string | null;
  drainMs: number;
  health: EnvironmentConfig['health'];
  /** Differs when a running instance no longer runs as it would be started now. */
  runKey: string;
}

/** Reads the settings of an environment; relative paths start at the working directory, as in the configuration. */
export function localEnvironment(config: EnvironmentOf<'local'>): LocalEnvironment {
  const { deploy } = config;
  const nodeModules = deploy.nodeModules ? path.resolve(deploy.nodeModules) : null;
  return {
    repository: path.resolve(deploy.repository),
    directory: path.resolve(deploy.directory),
    nodeModules,
    host: deploy.host,
    proxyPort: deploy.proxyPort,
    trustForwarded: config.url.startsWith('https:'),
    ...shellSettings(deploy),
    build: deploy.build ?? null,
    migrate: deploy.migrate ?? null,
    pendingMigrations: deploy.pendingMigrations ?? null,
    drainMs: deploy.drainSeconds * 1_000,
    health: config.health,
    buildKey: fingerprint([deploy.build ?? null, nodeModules, plainEnv(deploy), process.version]),
    runKey: fingerprint([Object.entries(deploy.env).sort(), process.version]),
  };
}
