import { readFileSync } from 'node:fs';
import { usageFailure } from '#server/cli/ops/failure';
import { messageOf } from '#server/platform/errors';

/** What the global options and the environment say, checked. */
export interface Settings {
  /** Where the console is, without a slash at its end. */
  url: string;
  /** A token given for this call; the stored one counts when there is none. */
  token: string | null;
  direct: boolean;
  /** The person for --direct, by e-mail. */
  as: string | null;
  timeoutMs: number;
  json: boolean;
  quiet: boolean;
  color: boolean;
}

export interface GlobalOptions {
  url?: string;
  tokenFile?: string;
  direct?: boolean;
  as?: string;
  timeout?: string;
  json?: boolean;
  quiet?: boolean;
  color?: boolean;
}

const DEFAULT_TIMEOUT_SECONDS = 30;

/** @throws OpsFailure `usage` naming the option or variable that cannot be used */
export function readSettings(options: GlobalOptions, env: Record<string, string | undefined>): Settings {
  const as = options.as ?? null;
  if (as && !options.direct) {
    throw usageFailure(
      '--as only goes with --direct: over HTTP the token says who you are.',
      'Add --direct, or leave --as out.',
    );
  }
  return {
    url: readUrl(options, env),
    // Who is named in so many words acts, whatever token the environment has.
    token: as ? null : readToken(options, env),
    direct: options.direct ?? false,
    as: as ?? (env.OPS_USER || null),
    timeoutMs: readTimeout(options.timeout),
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    color: options.color ?? true,
  };
}

function readUrl(options: GlobalOptions, env: Record<string, string | undefined>): string {
  const given = options.url ?? (env.OPS_URL || `http://127.0.0.1:${env.PORT || 3000}`);
  const source = options.url ? '--url' : env.OPS_URL ? 'OPS_URL' : 'PORT';
  const url = URL.canParse(given) ? new URL(given) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw usageFailure(`${source}: "${given}" is no address; give one like https://ops.example.com.`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw usageFailure(`${source}: give the console's address alone, without a login, query or fragment.`);
  }
  return url.href.replace(/\/+$/, '');
}

function readToken(options: GlobalOptions, env: Record<string, string | undefined>): string | null {
  let token = env.OPS_TOKEN?.trim() || null;
  if (options.tokenFile !== undefined) {
    try {
      token = readFileSync(options.tokenFile, 'utf8').trim();
    } catch (error) {
      throw usageFailure(`--token-file: ${messageOf(error)}`);
    }
    if (!token) throw usageFailure(`--token-file: ${options.tokenFile} is empty.`);
  }
  // It goes into a header: anything else than visible ASCII is no token, and must not be shown either.
  if (token && !/^[\x21-\x7e]{8,200}$/.test(token)) {
    throw usageFailure(
      `${options.tokenFile === undefined ? 'OPS_TOKEN' : '--token-file'}: this is no token. Tokens begin with hvo_.`,
    );
  }
  return token;
}

function readTimeout(given: string | undefined): number {
  if (given === undefined) return DEFAULT_TIMEOUT_SECONDS * 1_000;
  const seconds = Number(given);
  if (!(seconds >= 1 && seconds <= 3_600)) {
    throw usageFailure(`--timeout: "${given}" is no number of seconds from 1 to 3600.`);
  }
  return seconds * 1_000;
}
