import { createRedactor } from '#server/runs/redact';
import type { BusinessConfig, ControlConfig, EnvironmentConfig, OpsConfig } from '#server/services/config';
import type { EnvironmentConfiguration, ServiceConfiguration } from '#server/services/contract';

/**
 * The configuration as people may read it: of environment variables the names only, and the value of none that is
 * marked secret anywhere else either.
 */
export function describeConfiguration(config: OpsConfig): ServiceConfiguration[] {
  const described = Object.entries(config.services).map(([service, { title, environments }]) => ({
    service,
    title,
    environments: Object.entries(environments).map(([environment, settings]) =>
      describeEnvironment(environment, settings),
    ),
  }));
  return redacted(described, createRedactor(secretValues(config)));
}

function describeEnvironment(environment: string, config: EnvironmentConfig): EnvironmentConfiguration {
  const { driver, ...settings } = config.deploy;
  return {
    environment,
    title: config.title,
    url: config.url,
    isPractice: config.practice,
    firstRelease: config.firstRelease ?? null,
    keepReleases: config.keepReleases,
    approvals: config.approvals,
    deploy: { driver, settings: flatten(settings), variables: variablesOf(settings) },
    checklist: config.checklist.map(({ phase, checks }) => ({
      phase,
      checks: checks.map((check) => ({ ...check, notMeasuredExitCode: check.notMeasuredExitCode ?? null })),
    })),
    checklistBudgetSeconds: config.checklistBudgetSeconds,
    health: config.health,
    validation: config.validation,
    rollback: config.rollback,
    automaticRollback: config.automaticRollback,
    metrics: config.metrics ?? null,
    checkDefaults: config.checkDefaults,
    checks: config.checks.map((check) => ({
      key: check.key,
      title: check.title,
      kind: check.kind,
      target: check.kind === 'tcp' ? `${check.host}:${check.port}` : check.url,
    })),
    checkHosts: config.checkHosts,
    control: config.control ? describeControl(config.control, config.url) : null,
    business: describeBusiness(config.business),
  };
}

/** Without its queries, which are long; the connection string is no part of the configuration. */
function describeBusiness(business: BusinessConfig): EnvironmentConfiguration['business'] {
  if (business.driver === 'none') return null;
  const { driver, urlVariable, currency } = business;
  return { driver, urlVariable, currency };
}

/** Without its token. */
function describeControl({ url, page, lockedPaths, timeoutMs }: ControlConfig, serviceUrl: string) {
  return { url: url ?? serviceUrl, page, lockedPaths, timeoutMs };
}

/** The values behind every name that a `secretEnv` lists, at any depth, and the tokens of control. */
export function secretValues(config: OpsConfig): string[] {
  const values: string[] = [];
  for (const { environments } of Object.values(config.services)) {
    for (const { deploy, control } of Object.values(environments)) {
      if (control) values.push(control.token);
      const { env, secret } = collectVariables(deploy);
      for (const [name, value] of env) if (secret.has(name)) values.push(value);
    }
  }
  return values;
}

function variablesOf(settings: object): EnvironmentConfiguration['deploy']['variables'] {
  const { env, secret } = collectVariables(settings);
  const names = [...new Set([...env.map(([name]) => name), ...secret])];
  return names.map((name) => ({ name, isSecret: secret.has(name) }));
}

/** Every `env` and `secretEnv` of a driver's settings, wherever the driver has them. */
function collectVariables(settings: object): { env: [string, string][]; secret: Set<string> } {
  const env: [string, string][] = [];
  const secret = new Set<string>();
  for (const [key, value] of Object.entries(settings)) {
    if (typeof value !== 'object' || value === null) continue;
    if (key === 'env') env.push(...Object.entries(value as Record<string, string>));
    else if (key === 'secretEnv') for (const name of value as string[]) secret.add(name);
    else {
      const inner = collectVariables(value);
      env.push(...inner.env);
      for (const name of inner.secret) secret.add(name);
    }
  }
  return { env, secret };
}

/** Settings under the names that the configuration file has for them: `steps.0.run`. */
function flatten(settings: object, prefix = ''): { name: string; value: string }[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    if (value === undefined || key === 'env' || key === 'secretEnv') return [];
    const name = `${prefix}${key}`;
    return typeof value === 'object' && value !== null
      ? flatten(value, `${name}.`)
      : [{ name, value: String(value) }];
  });
}

/** The keys, dotted, whose values are not the same in both. Tells no value. */
export function changedKeys(before: OpsConfig, after: OpsConfig): string[] {
  const [old, young] = [leavesOf(before), leavesOf(after)];
  const keys = [...new Set([...old.keys(), ...young.keys()])];
  return keys.filter((key) => old.get(key) !== young.get(key));
}

function leavesOf(
  value: unknown,
  path: string[] = [],
  leaves = new Map<string, string>(),
): Map<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.length === 0 && value !== undefined) leaves.set(path.join('.'), JSON.stringify(value));
  for (const [key, item] of entries) leavesOf(item, [...path, key], leaves);
  return leaves;
}

function redacted<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redacted(item, redact)])) as T;
}
