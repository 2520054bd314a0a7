import { z } from 'zod';

/** A command of the configuration: one line for the shell, run in the release's checkout. */
const commandSchema = z.object({
  key: z.string().regex(/^[a-z][a-z0-9-]*$/, 'use lower-case letters, digits and dashes'),
  title: z.string().min(1),
  run: z.string().min(1),
  timeoutSeconds: z.number().int().min(1).max(3_600).default(120),
  /** A check that says nothing for this long hangs. */
  inactivitySeconds: z.number().int().min(1).max(3_600).default(90),
  /** The exit code that means "could not measure"; see `whenNotMeasured`. */
  notMeasuredExitCode: z.number().int().min(1).max(255).optional(),
  whenNotMeasured: z.enum(['warn', 'fail']).default('fail'),
});

const endpointSchema = z.object({
  path: z.string().startsWith('/'),
  expectStatus: z.number().int().min(100).max(599).default(200),
  /** Median answer time allowed, ms. */
  budgetMs: z.number().int().min(1).max(60_000).default(1_000),
});

/** Taking shorter values out of logs would mask ordinary words, so they are left in them (redact.ts). */
const MIN_SECRET_LENGTH = 6;

/** What every driver needs. */
const driverBase = {
  /** A git repository whose tags are the releases. */
  repository: z.string().min(1),
  /** Where checkouts and the driver's own records live; of this environment alone. */
  directory: z.string().min(1),
  /** Environment of the release's processes and commands. Values may be secrets and are redacted from logs. */
  env: z.record(z.string(), z.string()).default({}),
  /** Names of those in `env` whose values are secret. */
  secretEnv: z.array(z.string()).default([]),
};

/** A name that is mistyped, or a value too short to be found in a log, would be told to everybody. */
function checkSecrets(deploy: { env: Record<string, string>; secretEnv: string[] }, ctx: z.RefinementCtx) {
  for (const [index, name] of deploy.secretEnv.entries()) {
    const value = deploy.env[name];
    const path = ['secretEnv', index];
    if (value === undefined) ctx.addIssue({ code: 'custom', path, message: `env has no ${name}` });
    else if (value !== '' && value.length < MIN_SECRET_LENGTH) {
      const message = `${name} is shorter than ${MIN_SECRET_LENGTH} characters, so it cannot be kept out of logs`;
      ctx.addIssue({ code: 'custom', path, message });
    }
  }
}

const localDriverSchema = z.object({
  driver: z.literal('local'),
  ...driverBase,
  /** Put into each checkout as `node_modules`; absent: the release brings its own. */
  nodeModules: z.string().min(1).optional(),
  /** The port that visitors use. */
  proxyPort: z.number().int().min(1_024).max(65_535),
  host: z.string().default('127.0.0.1'),
  build: z.string().min(1).optional(),
  migrate: z.string().min(1).optional(),
  /** Prints the names of the pending migrations as a JSON list of texts. */
  pendingMigrations: z.string().min(1).optional(),
  /** Seconds an old instance may take to finish its requests. */
  drainSeconds: z.number().int().min(1).max(300).default(15),
});

const line = z.string().trim().min(1);
const seconds = (most: number) => z.number().int().min(1).max(most);

/** Commands of people's own for each part of a deploy; docs/operating.md says what each is given and must answer. */
const commandDriverSchema = z.object({
  driver: z.literal('command'),
  ...driverBase,
  steps: z
    .strictObject({
      /** Makes a checkout ready for commands, for example `npm ci`; once in each. */
      prepare: line.optional(),
      build: line.optional(),
      /** Prints the names of the pending migrations as a JSON list of texts. */
      pendingMigrations: line.optional(),
      migrate: line.optional(),
      /** Starts the release beside the one that serves. Without it `switch` does everything at once. */
      start: line.optional(),
      /** Ends with 0 while INSTANCE_ID runs; otherwise its last line says why it has ended. */
      isRunning: line.optional(),
      /** Lets visitors reach the release. */
      switch: line,
      /** Ends the instances that RETIRE lists and prints how many it ended. */
      retire: line.optional(),
      /** Removes what KEEP does not list and prints the tags removed as a JSON list. */
      prune: line.optional(),
      /** Prints what visitors reach and what runs. */
      observe: line.optional(),
      /** Brings back what should serve, at a worker's start. */
      resume: line.optional(),
    })
    .superRefine((steps, ctx) => {
      const needs = (
        key: 'migrate' | 'pendingMigrations' | 'isRunning',
        other: 'migrate' | 'pendingMigrations' | 'start',
      ) => {
        if (steps[key] && !steps[other])
          ctx.addIssue({ code: 'custom', path: [key], message: `needs ${other} as well` });
      };
      needs('migrate', 'pendingMigrations');
      needs('pendingMigrations', 'migrate');
      needs('isRunning', 'start');
    }),
  timeouts: z
    .strictObject({
      prepareSeconds: seconds(3_600).default(300),
      buildSeconds: seconds(3_600).default(300),
      migrateSeconds: seconds(3_600).default(300),
      startSeconds: seconds(3_600).default(60),
      /** A switch is never cut short by a cancel or a rollback. Default: 60, and 600 without `start`. */
      switchSeconds: seconds(3_600).optional(),
      retireSeconds: seconds(3_600).default(120),
      /** A command that says nothing for this long hangs. */
      silenceSeconds: seconds(3_600).default(120),
    })
    .prefault({}),
});

/** How the console switches maintenance, lockdown and the like on the service; examples/shop/base/README.md says the API. */
const controlSchema = z.strictObject({
  /** Where it listens; absent: the environment's own address. */
  url: z.url().optional(),
  token: z.string().min(24, 'use at least 24 characters'),
  /** A page that maintenance closes and a lockdown leaves open. */
  page: z.string().startsWith('/').default('/'),
  /** What a lockdown must refuse. */
  lockedPaths: z.array(z.string().startsWith('/')).min(1).default(['/login', '/checkout', '/admin']),
  timeoutMs: z.number().int().min(100).max(60_000).default(5_000),
});

const select = z
  .string()
  .trim()
  .regex(/^(select|with)\s/i, 'write one SELECT')
  .refine((sql) => !sql.includes(';'), 'write one SELECT, without a semicolon');

/** Where the orders, payments and visits of a service are read, for what an incident cost and how business goes. */
const businessSchema = z.discriminatedUnion('driver', [
  z.strictObject({ driver: z.literal('none') }),
  z.strictObject({
    driver: z.literal('postgres'),
    /** The environment variable with the connection string of a login that may only read. */
    urlVariable: z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'name an environment variable, like SHOP_READ_URL'),
    /** Of all amounts, ISO 4217. */
    currency: z.string().regex(/^[A-Z]{3}$/, 'write three letters, like EUR'),
    /** Longest that a query may take. */
    timeoutMs: z.number().int().min(100).max(60_000).default(5_000),
    queries: z.strictObject({
      /** Each order: `at` (timestamptz) and `amount` (whole minor units, like cents). */
      orders: select,
      /** Each attempt to pay: `at` and `failed` (boolean). */
      payments: select,
      /** Each page seen: `at` and `visitor` (whatever tells one from another). */
      visits: select,
    }),
  }),
]);

const checkBase = {
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'use lower-case letters, digits and dashes, at most 60'),
  title: z.string().min(1).max(100),
  /** Absent: that of `checkDefaults`. */
  intervalSeconds: z.number().min(1).max(86_400).optional(),
  timeoutMs: z.number().int().min(10).max(60_000).optional(),
};
const httpUrl = z.url({ protocol: /^https?$/, error: 'give an http:// or https:// address' });

/** Something to look at again and again besides the health and the endpoints of the environment. */
const checkSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...checkBase,
    kind: z.literal('http'),
    url: httpUrl,
    expectStatus: z.number().int().min(100).max(599).default(200),
    /** What the answer must hold. */
    bodyIncludes: z.string().min(1).max(500).optional(),
  }),
  z.strictObject({
    ...checkBase,
    kind: z.literal('tcp'),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535),
  }),
  /** In the health contract; see docs/operating.md. */
  z.strictObject({ ...checkBase, kind: z.literal('health'), url: httpUrl }),
]);

const environmentFields = z.object({
  title: z.string().min(1),
  url: z.url(),
  deploy: z.discriminatedUnion('driver', [localDriverSchema, commandDriverSchema]).superRefine(checkSecrets),
  checklist: z
    .array(z.object({ phase: z.string().min(1), checks: z.array(commandSchema).min(1) }))
    .default([]),
  /** Seconds that the checklist may take in all. */
  checklistBudgetSeconds: z.number().int().min(1).default(180),
  health: z.object({
    path: z.string().startsWith('/').default('/api/health'),
    /** Good answers in a row before visitors are let in, and the time to reach them. */
    consecutive: z.number().int().min(1).max(20).default(3),
    intervalMs: z.number().int().min(10).max(60_000).default(100),
    timeoutMs: z.number().int().min(10).max(60_000).default(2_000),
    deadlineSeconds: z.number().int().min(1).max(300).default(40),
  }),
  validation: z.object({
    endpoints: z.array(endpointSchema).min(1),
    /** Requests to each endpoint. */
    samples: z.number().int().min(1).max(1_000).default(10),
    /** Share of failed requests allowed, 0 to 1. */
    maxErrorRate: z.number().min(0).max(1).default(0.02),
    /** The validation goes on at least this long after the switch. */
    holdSeconds: z.number().min(0).max(600).default(3),
    /** What a failed validation of a deploy does. */
    onFailure: z.enum(['rollback', 'hold', 'ask']).default('rollback'),
  }),
  /** Where the metrics of this environment are scraped, in the Prometheus text format; absent: nowhere. */
  metrics: z
    .object({
      path: z.string().startsWith('/').default('/metrics'),
      intervalMs: z.number().int().min(100).max(3_600_000).default(5_000),
      /** Longest wait for one answer. */
      timeoutMs: z.number().int().min(10).max(60_000).default(3_000),
    })
    .optional(),
  /** How often the health and the endpoints are looked at, and how long they may take to answer. */
  checkDefaults: z
    .strictObject({
      intervalSeconds: z.number().min(1).max(86_400).default(10),
      timeoutMs: z.number().int().min(10).max(60_000).default(5_000),
    })
    .prefault({}),
  checks: z.array(checkSchema).default([]),
  /** Hosts that the checks of people may ask, besides those that this configuration names itself. */
  checkHosts: z.array(z.string().min(1).max(253)).default([]),
  rollback: z
    .object({
      budgetSeconds: z.number().int().min(5).max(3_600).default(90),
      /** The least time that the validation of a rollback goes on: the release has proved itself before. */
      holdSeconds: z.number().min(0).max(600).default(0),
    })
    .prefault({}),
  /** What rules with the action "roll back" may do here by themselves. */
  automaticRollback: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Only what begins within this time after a release went live is put down to it. */
      attributionMinutes: z.number().min(0.1).max(10_080).default(60),
      /** After one automatic rollback, the next may come so long after it. */
      cooldownMinutes: z.number().min(0).max(10_080).default(30),
    })
    .prefault({}),
  /** Absent: maintenance mode, lockdown and the emergency commands are refused with words. */
  control: controlSchema.optional(),
  /** `none`: what an incident cost cannot be estimated, and says so. */
  business: businessSchema.prefault({ driver: 'none' }),
  /** Procedures that a second person must approve here. A rollback is never held up. */
  approvals: z.array(z.enum(['deployments.deploy', 'deployments.check', 'deployments.validate'])).default([]),
  /** For rehearsals: drills run here and nowhere else. */
  practice: z.boolean().default(false),
  /** Deployed by itself when nothing has ever been deployed here. */
  firstRelease: z.string().min(1).optional(),
  keepReleases: z.number().int().min(2).max(50).default(5),
});

const environmentSchema = environmentFields.superRefine(({ practice, approvals, checks }, ctx) => {
  for (const [index, { key }] of checks.entries()) {
    if (checks.findIndex((other) => other.key === key) === index) continue;
    ctx.addIssue({
      code: 'custom',
      path: ['checks', index, 'key'],
      message: `another check is called ${key}`,
    });
  }
  if (!practice || approvals.length === 0) return;
  const message = 'a practice environment cannot need approvals: a drill has nobody to ask';
  ctx.addIssue({ code: 'custom', path: ['approvals'], message });
});

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'use lower-case letters, digits and dashes, at most 40');

export const opsConfigSchema = z.object({
  services: z
    .record(
      name,
      z.object({
        title: z.string().min(1),
        environments: z
          .record(name, environmentSchema)
          .refine((value) => Object.keys(value).length > 0, 'name at least one environment'),
      }),
    )
    .refine((value) => Object.keys(value).length > 0, 'name at least one service'),
});

/** What `ops.config.ts` may write; defaults are filled in on load. */
export type OpsConfigInput = z.input<typeof opsConfigSchema>;
export type OpsConfig = z.output<typeof opsConfigSchema>;
export type EnvironmentConfig = OpsConfig['services'][string]['environments'][string];
/** The configuration of an environment with this driver. */
export type EnvironmentOf<D extends EnvironmentConfig['deploy']['driver']> = Omit<
  EnvironmentConfig,
  'deploy'
> & {
  deploy: Extract<EnvironmentConfig['deploy'], { driver: D }>;
};
export type CommandConfig = z.output<typeof commandSchema>;

export type ControlConfig = z.output<typeof controlSchema>;

export type BusinessConfig = z.output<typeof businessSchema>;

/** Types `ops.config.ts`. */
export function defineConfig(config: OpsConfigInput): OpsConfigInput {
  return config;
}
