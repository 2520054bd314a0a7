import { createPostgresSource } from '#server/business/drivers/postgres-source';
import type { BusinessSource, BusinessSources } from '#server/business/drivers/source';
import type { OpsConfig } from '#server/services/config';

/**
 * The sources that the configuration describes, made when they are first asked for.
 * @param variables where the connection strings are
 */
export function createSources(
  config: OpsConfig,
  variables: Record<string, string | undefined> = process.env,
): BusinessSources {
  const made = new Map<string, BusinessSource>();
  return (service, environment) => {
    const settings = config.services[service]?.environments[environment]?.business;
    if (!settings || settings.driver === 'none') return null;
    const key = `${service}/${environment}`;
    const source = made.get(key) ?? createPostgresSource(settings, variables[settings.urlVariable]);
    made.set(key, source);
    return source;
  };
}
