import { createCommandDriver } from '#server/deployments/drivers/command/command-driver';
import { commandEnvironment } from '#server/deployments/drivers/command/settings';
import type { DeployDriver } from '#server/deployments/drivers/driver';
import { createLocalDriver } from '#server/deployments/drivers/local/local-driver';
import { localEnvironment } from '#server/deployments/drivers/local/settings';
import { AppError } from '#server/platform/errors';
import type { Logger } from '#server/platform/logger';
import type { EnvironmentConfig, OpsConfig } from '#server/services/config';

/**
 * Makes the drivers of a configuration, each once and only when asked for.
 * @returns a function that throws AppError `not_found` for a service or environment that the configuration lacks
 */
export function createDrivers(
  config: OpsConfig,
  log: Logger,
): (service: string, environment: string) => DeployDriver {
  const drivers = new Map<string, DeployDriver>();
  return (service, environment) => {
    const key = `${service}/${environment}`;
    const known = drivers.get(key);
    if (known) return known;
    const settings = Object.hasOwn(config.services, service)
      ? config.services[service]?.environments
      : undefined;
    const found = settings && Object.hasOwn(settings, environment) ? settings[environment] : undefined;
    if (!found) throw new AppError('not_found', `There is no environment ${key}.`);
    const driver = createDriver(found, log.child({ service, environment }));
    drivers.set(key, driver);
    return driver;
  };
}

function createDriver({ deploy, ...environment }: EnvironmentConfig, log: Logger): DeployDriver {
  switch (deploy.driver) {
    case 'local':
      return createLocalDriver(localEnvironment({ ...environment, deploy }), log);
    case 'command':
      return createCommandDriver(commandEnvironment({ ...environment, deploy }), log);
  }
}
