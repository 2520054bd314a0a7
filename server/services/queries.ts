import * as z from 'zod/mini';
import { defineQuery } from '#server/auth/guard';
import { type Ctx, defineToken } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { EnvironmentConfig, OpsConfig } from '#server/services/config';
import type { EnvironmentKey, EnvironmentView } from '#server/services/contract';

export interface LoadedConfig {
  config: OpsConfig;
  /** SHA-256 of the configuration after defaults, hex: frozen into each run. */
  hash: string;
  /** The file it came from. */
  file: string;
}

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
export const listEnvironments = defineQuery({
  name: 'services.list-environments',
  access: 'overview.read',
  input: z.object({}),
  handle: async (ctx): Promise<EnvironmentView[]> =>
    Object.entries(ctx.use(OPS_CONFIG).config.services).flatMap(([service, { title, environments }]) =>
      Object.entries(environments).map(([environment, config]) => ({
        service,
        serviceTitle: title,
        environment,
        environmentTitle: config.title,
        url: config.url,
        isPractice: config.practice,
      })),
    ),
});
