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

const localDriverSchema = z.object({
  driver: z.literal('local'),
  /** A git repository whose tags are the releases. */
  repository: z.string().min(1),
  /** Where checkouts, instance records and the proxy's state live. */
  directory: z.string().min(1),
  /** Put into each checkout as `node_modules`; absent: the release brings its own. */
  nodeModules: z.string().min(1).optional(),
  /** The port that visitors use. */
  proxyPort: z.number().int().min(1_024).max(65_535),
  host: z.string().default('127.0.0.1'),
  /** Environment of the release's processes and commands. Values may be secrets and are redacted from logs. */
  env: z.record(z.string(), z.string()).default({}),
  secretEnv: z.array(z.string()).default([]),
  build: z.string().min(1).optional(),
  migrate: z.string().min(1).optional(),
  /** Prints the names of the pending migrations as a JSON list of texts. */
  pendingMigrations: z.string().min(1).optional(),
  /** Seconds an old instance may take to finish its requests. */
  drainSeconds: z.number().int().min(1).max(300).default(15),
});

const environmentSchema = z.object({
  title: z.string().min(1),
  url: z.url(),
  deploy: localDriverSchema,
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
  rollback: z
    .object({
      budgetSeconds: z.number().int().min(5).max(3_600).default(90),
      /** The least time that the validation of a rollback goes on: the release has proved itself before. */
      holdSeconds: z.number().min(0).max(600).default(0),
    })
    .prefault({}),
  /** Procedures that a second person must approve here. A rollback is never held up. */
  approvals: z.array(z.enum(['deployments.deploy', 'deployments.check', 'deployments.validate'])).default([]),
  /** For rehearsals: drills run here and nowhere else. */
  practice: z.boolean().default(false),
  /** Deployed by itself when nothing has ever been deployed here. */
  firstRelease: z.string().min(1).optional(),
  keepReleases: z.number().int().min(2).max(50).default(5),
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
export type CommandConfig = z.output<typeof commandSchema>;

/** Types `ops.config.ts`. */
export function defineConfig(config: OpsConfigInput): OpsConfigInput {
  return config;
}
