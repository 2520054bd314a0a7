/**
 * @typedef {object} Config
 * @property {number} port
 * @property {string} host
 * @property {{ token: string, stateFile: string } | null} ops null: operators have no way in
 * @property {string} databaseUrl
 * @property {string} release
 * @property {URL | null} carrierStatusUrl
 */

/** A setting is missing or cannot be used; the message names it. */
export class ConfigError extends Error {
  name = 'ConfigError';
}

/**
 * Reads the settings from the environment.
 * @param {Record<string, string | undefined>} env
 * @returns {Config}
 * @throws {ConfigError} when a required setting is missing or malformed
 */
export function readConfig(env) {
  return {
    port: readPort(env.PORT),
    host: env.HOST || '127.0.0.1',
    ops: readOps(env.OPS_CONTROL_TOKEN, env.OPS_STATE_FILE),
    databaseUrl: readDatabaseUrl(env.DATABASE_URL),
    release: env.RELEASE || 'development',
    carrierStatusUrl: env.CARRIER_STATUS_URL ? readUrl('CARRIER_STATUS_URL', env.CARRIER_STATUS_URL) : null,
  };
}

/** @param {string | undefined} value */
function readPort(value) {
  const port = Number(value);
  if (!value || !/^\d+$/.test(value) || port > 65_535) {
    throw new ConfigError(`PORT must be a number from 0 to 65535, not ${JSON.stringify(value ?? '')}`);
  }
  return port;
}

/** @param {string | undefined} value */
function readDatabaseUrl(value) {
  if (!value)
    throw new ConfigError('DATABASE_URL is missing: set it to postgres://user:password@host:port/database');
  const url = readUrl('DATABASE_URL', value);
  if (!['postgres:', 'postgresql:'].includes(url.protocol) || url.pathname.length < 2) {
    throw new ConfigError('DATABASE_URL must look like postgres://user:password@host:port/database');
  }
  return value;
}

/**
 * @param {string} name
 * @param {string} value
 */
function readUrl(name, value) {
  if (!URL.canParse(value)) throw new ConfigError(`${name} is not a URL`);
  return new URL(value);
}

const shortestToken = 24;

/**
 * @param {string | undefined} token
 * @param {string | undefined} stateFile
 */
function readOps(token, stateFile) {
  if (!token) return null;
  if (token.length < shortestToken || /\s/.test(token)) {
    throw new ConfigError(`OPS_CONTROL_TOKEN must have at least ${shortestToken} characters and no spaces`);
  }
  if (!stateFile) {
    throw new ConfigError(
      'OPS_STATE_FILE is missing: with OPS_CONTROL_TOKEN, name a file that all instances share',
    );
  }
  return { token, stateFile };
}
