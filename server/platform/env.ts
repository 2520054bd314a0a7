import { z } from 'zod';

const port = z.coerce.number().int().min(1024, 'must be 1024 or above').max(65_500, 'must be 65500 or below');
const ms = (fallback: number, min = 10, max = 3_600_000) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const flag = z
  .enum(['true', 'false', '1', '0', ''])
  .default('')
  .transform((value) => value === 'true' || value === '1');
/** A secret: the message of a refusal shows nothing of it. */
const webhookUrl = z
  .string()
  .refine(
    isWebhookUrl,
    'must be an https:// URL, or http:// on this machine, without a user name or a fragment',
  )
  .optional();
const postgresUrl = z
  .string()
  .regex(
    /^postgres(ql)?:\/\//,
    'must be a postgres:// URL, for example postgres://user:password@host:5432/ops',
  );

/** Every setting of the processes, with its default. Names are the environment variables'. */
const envSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('production'),
  PORT: port.default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  /** Postgres of the console; the login is a member of ops_app. Absent: `npm start` brings its own Postgres. */
  DATABASE_URL: postgresUrl.optional(),
  /** The owner's login, used only to migrate. Absent: DATABASE_URL migrates too. */
  DATABASE_OWNER_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(100).default(10),
  DATA_DIR: z.string().min(1).default('.data'),
  OPS_CONFIG: z.string().min(1).default('ops.config.ts'),
  /** The address people use, for links and the same-origin check; derived from HOST and PORT when absent. */
  PUBLIC_URL: z.url().optional(),
  /** Number of trusted reverse proxies in front; 0 ignores X-Forwarded-* headers. */
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0),
  /** Serve a non-loopback HOST without https. Off: such a start is refused. */
  ALLOW_INSECURE_HTTP: flag,
  /** Seeded people with known passwords; only ever on loopback. */
  DEMO_PEOPLE: flag,
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(8),
  /** How long a run awaits its second person. */
  APPROVAL_MINUTES: z.coerce.number().min(0.01).max(1_440).default(20),
  RUN_LEASE_MS: ms(6_000, 200),
  RUN_RENEW_MS: ms(1_000, 20),
  RUN_POLL_MS: ms(1_000, 20),
  RUN_LOG_FLUSH_MS: ms(40, 1),
  KILL_GRACE_MS: ms(3_000, 10),
  EVENT_LEASE_MS: ms(10_000, 200),
  EVENT_POLL_MS: ms(1_000, 20),
  SCHEDULE_POLL_MS: ms(1_000, 20),
  /** A due time that is older than this when a worker sees it is missed. */
  SCHEDULE_GRACE_MS: ms(60_000, 100),
  /** How often a worker tidies up: approvals that expired, drills left open, records that are old. */
  HOUSEKEEPING_MS: ms(15_000, 50),
  /** How often a worker reads on in the request logs of what runs on its machine. */
  REQUEST_LOG_POLL_MS: ms(1_000, 50),
  /** How long samples are kept, days, and their rollups by minute and by hour. */
  METRICS_RAW_DAYS: z.coerce.number().int().min(2).max(90).default(7),
  METRICS_MINUTE_DAYS: z.coerce.number().int().min(2).max(365).default(30),
  METRICS_HOUR_DAYS: z.coerce.number().int().min(2).max(730).default(400),
  /** Series that one environment may have. */
  METRICS_MAX_SERIES: z.coerce.number().int().min(10).max(1_000_000).default(20_000),
  /** How often workers look for targets that are due to be scraped. */
  SCRAPE_POLL_MS: ms(200, 10),
  /** How often workers bring rollups up to date, and how long after its end a minute is first reckoned. */
  ROLLUP_POLL_MS: ms(5_000, 20),
  ROLLUP_LAG_MS: ms(5_000),
  /** How often workers look for rules that are due, and how long one may be about a batch of them. */
  RULE_POLL_MS: ms(250, 10),
  RULE_LEASE_MS: ms(10_000, 200),
  /** Without data for so long, a rule is unknown and pages. */
  RULE_UNKNOWN_SECONDS: z.coerce.number().min(1).max(86_400).default(60),
  /** So many turns between firing and well within the window, and an alert flaps: it stays open and quiet. */
  ALERT_FLAP_TURNS: z.coerce.number().int().min(3).max(100).default(6),
  ALERT_FLAP_SECONDS: z.coerce.number().min(1).max(86_400).default(900),
  /** After a notice, what fires in the same environment for the same channel is held so long and told together. */
  ALERT_GROUP_SECONDS: z.coerce.number().min(0).max(3_600).default(15),
  /** How often workers look for checks that are due. */
  CHECK_POLL_MS: ms(200, 10),
  /** Checks that a worker has under way at once, and how many of them ask the same host and port. */
  CHECK_CONCURRENCY: z.coerce.number().int().min(1).max(5_000).default(256),
  CHECK_TARGET_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(32),
  /** A check is taken over this long after its time to answer is over. */
  CHECK_LEASE_MS: ms(5_000, 100),
  /** How long results of checks are kept, days, and what each hour adds up to. */
  CHECK_RESULT_DAYS: z.coerce.number().int().min(2).max(365).default(7),
  CHECK_HOUR_DAYS: z.coerce.number().int().min(90).max(730).default(400),
  /** How often a web process reads anew what the public sees, also when nothing told it to. */
  STATUS_REFRESH_MS: ms(5_000, 50),
  /** What the public sees says how old it is once it could not be read anew for so long, or for three such beats. */
  STATUS_STALE_MS: ms(30_000, 100),
  SESSION_HOURS: z.coerce.number().int().min(1).max(720).default(12),
  /** A session ends this long after its sign-in, however much it is used. */
  SESSION_MAX_DAYS: z.coerce.number().int().min(1).max(90).default(7),
  /** Requests to the HTTP API that one person or token may make a minute, in each web process. */
  API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(600),
  /** The same for an address from which nobody is signed in. */
  API_ANONYMOUS_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(60),
  /** Where the notifications of each channel go. Secrets. Absent: they are skipped, and the delivery page says so. */
  SLACK_WEBHOOK_CRITICAL: webhookUrl,
  SLACK_WEBHOOK_ALERTS: webhookUrl,
  SLACK_WEBHOOK_SECURITY: webhookUrl,
  SLACK_WEBHOOK_BUSINESS: webhookUrl,
  SLACK_WEBHOOK_PERFORMANCE: webhookUrl,
  /** How long Slack may take to answer one message. */
  SLACK_TIMEOUT_MS: ms(10_000, 50, 60_000),
  /** How long a worker may be about one message; at least twice SLACK_TIMEOUT_MS. */
  NOTIFICATION_LEASE_MS: ms(30_000, 200),
  NOTIFICATION_POLL_MS: ms(1_000, 20),
  /** The wait after a first failure; doubled with each further one up to the longest. */
  NOTIFICATION_RETRY_MS: ms(1_000),
  NOTIFICATION_RETRY_MAX_MS: ms(60_000),
  /** A notification that could not be sent for so long is given up; a person can send it again. */
  NOTIFICATION_GIVE_UP_HOURS: z.coerce.number().min(0.0001).max(720).default(24),
  /** With less than this free where DATA_DIR is, the console's health says so; 0 never does. */
  HEALTH_DISK_FREE_MB: z.coerce.number().int().min(0).max(1_000_000_000).default(200),
});

export type Env = z.infer<typeof envSchema> & { DATABASE_URL: string };

/** A setting that cannot be used; `message` names each variable, what is wrong and nothing of its value. */
export class EnvError extends Error {
  override name = 'EnvError';
}

/** Settings before a database is known: what `npm start` reads. @throws EnvError naming every bad variable */
export function readSettings(source: NodeJS.ProcessEnv): z.infer<typeof envSchema> {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = envSchema.safeParse(present);
  if (parsed.success) {
    const env = parsed.data;
    if (env.RUN_RENEW_MS * 2 > env.RUN_LEASE_MS) {
      throw new EnvError(
        'RUN_RENEW_MS must be at most half of RUN_LEASE_MS, or a healthy worker loses its lease',
      );
    }
    if (env.SLACK_TIMEOUT_MS * 2 > env.NOTIFICATION_LEASE_MS) {
      throw new EnvError(
        'NOTIFICATION_LEASE_MS must be at least twice SLACK_TIMEOUT_MS, or a slow message is taken for a lost one',
      );
    }
    return env;
  }
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new EnvError(`These settings cannot be used:\n${lines.join('\n')}\nNothing was started.`);
}

/** The settings of a web or worker process. @throws EnvError naming every bad or missing variable */
export function readEnv(source: NodeJS.ProcessEnv): Env {
  const env = readSettings(source);
  if (!env.DATABASE_URL) {
    throw new EnvError(
      'These settings cannot be used:\n  DATABASE_URL: is missing; give a postgres:// URL, or use `npm start`, which brings its own Postgres\nNothing was started.',
    );
  }
  return { ...env, DATABASE_URL: env.DATABASE_URL };
}

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username || password || hash) return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}

/** True for addresses that only this machine reaches. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Refuses to serve passwords in the clear to a network, and demo people to anybody but this machine.
 * @throws EnvError saying which variable to change
 */
export function assertSafeToServe(env: Env): void {
  if (isLoopbackHost(env.HOST)) return;
  const secure = env.PUBLIC_URL?.startsWith('https://') && env.TRUST_PROXY > 0;
  if (!secure && !env.ALLOW_INSECURE_HTTP) {
    throw new EnvError(
      `HOST: ${env.HOST} is reachable from a network, but nothing says https is in front. Put a proxy with https before it and set PUBLIC_URL=https://… and TRUST_PROXY=1, or set ALLOW_INSECURE_HTTP=true if the network itself is trusted. Nothing was started.`,
    );
  }
  if (env.DEMO_PEOPLE) {
    throw new EnvError(
      'DEMO_PEOPLE: people with known passwords are allowed on a loopback HOST only. Nothing was started.',
    );
  }
}
