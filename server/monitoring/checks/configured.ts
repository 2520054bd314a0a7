import { hostOf, targetOf } from '#server/monitoring/checks/state';
import type { CheckKind } from '#server/monitoring/checks/words/contract';
import type { EnvironmentConfig } from '#server/services/config';

/** What a check is about, without how it stands. */
export interface CheckDefinition {
  key: string;
  title: string;
  kind: CheckKind;
  url: string | null;
  host: string | null;
  port: number | null;
  expectStatus: number | null;
  bodyIncludes: string | null;
  intervalMs: number;
  timeoutMs: number;
}

/** The checks that an environment's configuration asks for: its health, its critical endpoints, and those it lists. */
export function configuredChecks(config: EnvironmentConfig): CheckDefinition[] {
  const { checkDefaults } = config;
  const usual = {
    host: null,
    port: null,
    expectStatus: null,
    bodyIncludes: null,
    intervalMs: checkDefaults.intervalSeconds * 1_000,
    timeoutMs: checkDefaults.timeoutMs,
  };
  const health: CheckDefinition = {
    ...usual,
    key: 'health',
    title: 'Health',
    kind: 'health',
    url: new URL(config.health.path, config.url).href,
  };
  const endpoints = config.validation.endpoints
    .filter(({ path }) => path !== config.health.path)
    .map(
      ({ path, expectStatus }): CheckDefinition => ({
        ...usual,
        key: keyOfPath(path),
        title: path,
        kind: 'http',
        url: new URL(path, config.url).href,
        expectStatus,
      }),
    );
  const listed = config.checks.map(
    ({ intervalSeconds = checkDefaults.intervalSeconds, ...check }): CheckDefinition => ({
      ...usual,
      key: check.key,
      title: check.title,
      kind: check.kind,
      url: check.kind === 'tcp' ? null : check.url,
      ...(check.kind === 'tcp' ? { host: check.host, port: check.port } : {}),
      ...(check.kind === 'http'
        ? { expectStatus: check.expectStatus, bodyIncludes: check.bodyIncludes ?? null }
        : {}),
      intervalMs: Math.round(intervalSeconds * 1_000),
      timeoutMs: check.timeoutMs ?? checkDefaults.timeoutMs,
    }),
  );
  // What is listed takes the place of what follows from the rest.
  const byKey = new Map([health, ...endpoints, ...listed].map((check) => [check.key, check]));
  return [...byKey.values()];
}

function keyOfPath(path: string): string {
  const words = path
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return words.slice(0, 60) || 'home';
}

const hostsOf = new WeakMap<EnvironmentConfig, ReadonlySet<string>>();

/** Hosts that checks of an environment may ask: those its configuration names, and no others. */
export function allowedHosts(config: EnvironmentConfig): ReadonlySet<string> {
  const known = hostsOf.get(config);
  if (known) return known;
  const hosts = new Set([
    ...configuredChecks(config).map((check) => hostOf(targetOf(check))),
    ...config.checkHosts.map((host) => host.toLowerCase()),
  ]);
  hostsOf.set(config, hosts);
  return hosts;
}
