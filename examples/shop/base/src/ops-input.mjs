import { HttpError } from './http.mjs';
import { isAddressOrRange } from './ops.mjs';
import { noFaults } from './ops-state.mjs';

const maximumBodyBytes = 16_384;
const longestDays = 30;

/** @typedef {Record<string, unknown>} Fields */

/**
 * Reads a JSON object.
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Fields>}
 * @throws {HttpError} 400, 413 or 415
 */
export async function readJsonObject(request) {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new HttpError(415, 'Send JSON, with content-type application/json.');
  }
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maximumBodyBytes) throw new HttpError(413, 'That is too large.');
    chunks.push(chunk);
  }
  let value;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpError(400, 'This is not JSON.');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new HttpError(422, 'Send a JSON object.');
  }
  return value;
}

/**
 * @param {Fields} fields
 * @param {Date} now
 * @returns {import('./ops-state.mjs').Maintenance}
 * @throws {HttpError} 422 naming the field
 */
export function readMaintenance(fields, now) {
  allowOnly(fields, ['enabled', 'reason', 'until', 'retryAfterSeconds', 'allow']);
  const enabled = readBoolean(fields, 'enabled');
  return {
    enabled,
    reason: readText(fields, 'reason', 500),
    since: enabled ? now.toISOString() : null,
    until: enabled ? readUntil(fields, now) : null,
    retryAfterSeconds: readNumber(fields, 'retryAfterSeconds', 1, 86_400, 300),
    allow: readTexts(fields, 'allow', 50, isAddressOrRange, 'an address or a range such as 10.0.0.0/8'),
  };
}

/**
 * @param {Fields} fields
 * @param {Date} now
 * @returns {import('./ops-state.mjs').Lockdown}
 * @throws {HttpError} 422 naming the field
 */
export function readLockdown(fields, now) {
  allowOnly(fields, ['enabled', 'reason']);
  const enabled = readBoolean(fields, 'enabled');
  return { enabled, reason: readText(fields, 'reason', 500), since: enabled ? now.toISOString() : null };
}

/**
 * @param {Fields} fields
 * @param {Date} now
 * @param {string[]} checks names of the health checks
 * @returns {import('./ops-state.mjs').Faults}
 * @throws {HttpError} 422 naming the field
 */
export function readFaults(fields, now, checks) {
  allowOnly(fields, Object.keys(noFaults));
  const { unhealthy = null } = fields;
  if (unhealthy !== null && !checks.includes(String(unhealthy))) {
    throw wrong('unhealthy', `null or one of ${checks.join(', ')}`);
  }
  return {
    errorRate: readNumber(fields, 'errorRate', 0, 1, 0),
    latencyMs: readNumber(fields, 'latencyMs', 0, 30_000, 0),
    paymentFailureRate: readNumber(fields, 'paymentFailureRate', 0, 1, 0),
    unhealthy: unhealthy === null ? null : String(unhealthy),
    until: readUntil(fields, now),
    releases: readTexts(fields, 'releases', 20, (text) => /^[\w.-]{1,80}$/.test(text), 'a release tag'),
  };
}

/**
 * @param {Fields} fields
 * @param {string[]} known
 */
function allowOnly(fields, known) {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new HttpError(422, `${JSON.stringify(unknown)} is not known here; known are ${known.join(', ')}.`);
  }
}

/**
 * @param {Fields} fields
 * @param {string} name
 */
function readBoolean(fields, name) {
  const value = fields[name];
  if (typeof value !== 'boolean') throw wrong(name, 'true or false');
  return value;
}

/**
 * @param {Fields} fields
 * @param {string} name
 * @param {number} longest
 */
function readText(fields, name, longest) {
  const value = fields[name] ?? '';
  if (typeof value !== 'string' || value.length > longest) {
    throw wrong(name, `a text of at most ${longest} characters`);
  }
  return value;
}

/**
 * @param {Fields} fields
 * @param {string} name
 * @param {number} least
 * @param {number} most
 * @param {number} absent
 */
function readNumber(fields, name, least, most, absent) {
  const value = fields[name] ?? absent;
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw wrong(name, `a number from ${least} to ${most}`);
  }
  return value;
}

/**
 * @param {Fields} fields
 * @param {string} name
 * @param {number} most
 * @param {(text: string) => boolean} isGood
 * @param {string} what
 * @returns {string[]}
 */
function readTexts(fields, name, most, isGood, what) {
  const value = fields[name] ?? [];
  if (!Array.isArray(value) || value.length > most) throw wrong(name, `a list of at most ${most}`);
  for (const item of value) {
    if (typeof item !== 'string' || !isGood(item)) throw wrong(name, `a list whose items are each ${what}`);
  }
  return value;
}

/**
 * @param {Fields} fields
 * @param {Date} now
 * @returns {string | null}
 */
function readUntil(fields, now) {
  const value = fields.until ?? null;
  if (value === null) return null;
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  const latest = now.getTime() + longestDays * 86_400_000;
  if (!(ms > now.getTime() && ms <= latest)) {
    throw wrong('until', `null or a time (ISO 8601) in the next ${longestDays} days`);
  }
  return new Date(ms).toISOString();
}

/**
 * @param {string} name
 * @param {string} must
 */
function wrong(name, must) {
  return new HttpError(422, `${name} must be ${must}. Nothing was changed.`);
}
