import { createHash } from 'node:crypto';
import path from 'node:path';
import type { EnvironmentConfig } from '#server/services/config';

/** An environment that runs on this machine, with absolute paths and nothing left to look up. */
export interface LocalEnvironment {
  repository: string;
  directory: string;
  nodeModules: string | null;
  host: string;
  proxyPort: number;
  /** A proxy with https is in front, and its X-Forwarded-* headers are to be believed. */
  trustForwarded: boolean;
  env: Readonly<Record<string, string>>;
  /** Values that must never reach a log. */
  secrets: readonly string[];
  build: string | null;
  migrate: string | null;
  pendingMigrations: string | null;
  drainMs: number;
  health: EnvironmentConfig['health'];
  /** Differs when a build of the same commit may come out different. Secrets do not belong into builds and do not count. */
  buildKey: string;
  /** Differs when a running instance no longer runs as it would be started now. */
  runKey: string;
}

/** Reads the settings of an environment; relative paths start at the working directory, as in the configuration. */
export function localEnvironment(config: EnvironmentConfig): LocalEnvironment {
  const { deploy } = config;
  const nodeModules = deploy.nodeModules ? path.resolve(deploy.nodeModules) : null;
  const isSecret = (name: string) => deploy.secretEnv.includes(name);
  const plain = Object.entries(deploy.env).filter(([name]) => !isSecret(name));
  return {
    repository: path.resolve(deploy.repository),
    directory: path.resolve(deploy.directory),
    nodeModules,
    host: deploy.host,
    proxyPort: deploy.proxyPort,
    trustForwarded: config.url.startsWith('https:'),
    env: deploy.env,
    secrets: deploy.secretEnv.flatMap((name) => (deploy.env[name] ? [deploy.env[name]] : [])),
    build: deploy.build ?? null,
    migrate: deploy.migrate ?? null,
    pendingMigrations: deploy.pendingMigrations ?? null,
    drainMs: deploy.drainSeconds * 1_000,
    health: config.health,
    buildKey: fingerprint([deploy.build ?? null, nodeModules, plain.sort(), process.version]),
    runKey: fingerprint([Object.entries(deploy.env).sort(), process.version]),
  };
}

function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 10);
}

/** Searches the Node that runs the console first, so that releases run on the version they are tested with. */
export function commandPath(): string {
  return `${path.dirname(process.execPath)}:${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`;
}
