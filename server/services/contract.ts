import * as z from 'zod/mini';
import { timestamp } from '#server/platform/contract';

/** The pair that every operational URL and record names. */
export const environmentKey = z.object({
  service: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'Name a service in lower-case letters.')),
  environment: z
    .string()
    .check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'Name an environment in lower-case letters.')),
});

export type EnvironmentKey = z.infer<typeof environmentKey>;

export const environmentView = z.object({
  service: z.string(),
  serviceTitle: z.string(),
  environment: z.string(),
  environmentTitle: z.string(),
  url: z.string().check(z.describe('Where visitors go.')),
  isPractice: z
    .boolean()
    .check(z.describe('For rehearsals only; pages that look for "the" environment pass it over.')),
});
export type EnvironmentView = z.infer<typeof environmentView>;

export const configurationFault = z.object({
  key: z.nullable(z.string()).check(z.describe('The key it concerns, dotted; null for the whole file.')),
  message: z.string(),
});
export type ConfigurationFault = z.infer<typeof configurationFault>;

export const configurationFile = z.object({
  name: z.string(),
  state: z
    .enum(['in_use', 'changed', 'broken'])
    .check(
      z.describe('in_use: as the console runs; changed: a restart takes it; broken: a restart would fail.'),
    ),
  hash: z.nullable(z.string()).check(z.describe('Of the file as it is now; null where it is broken.')),
  changes: z.array(z.string()).check(z.describe('Keys that a restart would change, dotted.')),
  faults: z.array(configurationFault).check(z.describe('Why a restart would fail.')),
});
export type ConfigurationFile = z.infer<typeof configurationFile>;

export const workerConfiguration = z.object({
  id: z.string(),
  hostname: z.string(),
  pid: z.int(),
  startedAt: timestamp,
  lastSeenAt: timestamp,
  isAlive: z.boolean().check(z.describe('It has said so within the last 15 s.')),
  hash: z.nullable(z.string()).check(z.describe('Of the configuration that it runs with.')),
});
export type WorkerConfiguration = z.infer<typeof workerConfiguration>;

const configuredCheck = z.object({
  key: z.string(),
  title: z.string(),
  run: z.string(),
  timeoutSeconds: z.int(),
  inactivitySeconds: z.int(),
  notMeasuredExitCode: z.nullable(z.int()),
  whenNotMeasured: z.enum(['warn', 'fail']),
});

export const environmentConfiguration = z.object({
  environment: z.string(),
  title: z.string(),
  url: z.string(),
  isPractice: z.boolean(),
  firstRelease: z.nullable(z.string()),
  keepReleases: z.int(),
  approvals: z.array(z.string()).check(z.describe('Procedures that a second person must approve here.')),
  deploy: z.object({
    driver: z.string(),
    settings: z.array(z.object({ name: z.string(), value: z.string() })),
    variables: z
      .array(z.object({ name: z.string(), isSecret: z.boolean() }))
      .check(z.describe('Names of environment variables. Their values are never told.')),
  }),
  checklist: z.array(z.object({ phase: z.string(), checks: z.array(configuredCheck) })),
  checklistBudgetSeconds: z.int(),
  health: z.object({
    path: z.string(),
    consecutive: z.int(),
    intervalMs: z.int(),
    timeoutMs: z.int(),
    deadlineSeconds: z.int(),
  }),
  validation: z.object({
    endpoints: z.array(z.object({ path: z.string(), expectStatus: z.int(), budgetMs: z.int() })),
    samples: z.int(),
    maxErrorRate: z.number(),
    holdSeconds: z.number(),
    onFailure: z.enum(['rollback', 'hold', 'ask']),
  }),
  rollback: z.object({ budgetSeconds: z.int(), holdSeconds: z.number() }),
  automaticRollback: z.object({
    enabled: z.boolean(),
    attributionMinutes: z.number(),
    cooldownMinutes: z.number(),
  }),
  metrics: z
    .nullable(z.object({ path: z.string(), intervalMs: z.int(), timeoutMs: z.int() }))
    .check(z.describe('Where metrics are scraped; null for nowhere.')),
  checkDefaults: z.object({ intervalSeconds: z.number(), timeoutMs: z.int() }),
  checks: z
    .array(z.object({ key: z.string(), title: z.string(), kind: z.string(), target: z.string() }))
    .check(z.describe('Besides those of the health and the endpoints.')),
  checkHosts: z.array(z.string()).check(z.describe('Hosts that the checks of people may ask besides.')),
  control: z
    .nullable(
      z.object({ url: z.string(), page: z.string(), lockedPaths: z.array(z.string()), timeoutMs: z.int() }),
    )
    .check(z.describe('How maintenance and lockdown are switched on the service; null for not at all.')),
  business: z
    .nullable(z.object({ driver: z.string(), urlVariable: z.string(), currency: z.string() }))
    .check(z.describe('Where orders, payments and visits are read; null for nowhere.')),
});
export type EnvironmentConfiguration = z.infer<typeof environmentConfiguration>;

export const serviceConfiguration = z.object({
  service: z.string(),
  title: z.string(),
  environments: z.array(environmentConfiguration),
});
export type ServiceConfiguration = z.infer<typeof serviceConfiguration>;

export const configurationView = z.object({
  hash: z.string().check(z.describe('SHA-256 of the configuration in use; each run keeps the one it used.')),
  file: configurationFile,
  workers: z.array(workerConfiguration),
  services: z.array(serviceConfiguration),
});
export type ConfigurationView = z.infer<typeof configurationView>;
