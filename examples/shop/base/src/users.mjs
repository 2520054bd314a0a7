import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** @typedef {{ id: number, email: string, fullName: string, role: 'customer' | 'admin' }} User */

const derive = /** @type {(password: string, salt: Buffer, length: number) => Promise<Buffer>} */ (
  promisify(scrypt)
);
const sessionHours = 12;

/**
 * Checks a password against `scrypt:<salt>:<hash>` (base64url), in constant time.
 * @param {string} password
 * @param {string} stored
 */
export async function verifyPassword(password, stored) {
  const [scheme, salt, hash] = stored.split(':');
  if (scheme !== 'scrypt' || !salt || !hash) return false;
  const expected = Buffer.from(hash, 'base64url');
  const actual = await derive(password, Buffer.from(salt, 'base64url'), expected.length);
  return timingSafeEqual(actual, expected);
}

/**
 * @param {string} password
 * @returns {Promise<string>} `scrypt:<salt>:<hash>` (base64url)
 */
export async function hashPassword(password) {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, 32);
  return `scrypt:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/**
 * Opens a session, which lasts 12 hours.
 * @param {import('./database.mjs').Database} db
 * @param {string} email
 * @param {string} password
 * @returns {Promise<string | null>} the token for the cookie, or null when the account or the password is wrong
 */
export async function login(db, email, password) {
  const { rows } = await db.query('select id, password_hash as hash from app_user where email = lower($1)', [
    email,
  ]);
  // An unknown account costs as much as a known one.
  const stored = rows[0]?.hash ?? `scrypt:${'A'.repeat(22)}:${'A'.repeat(43)}`;
  if (!(await verifyPassword(password, stored)) || !rows[0]) return null;
  const token = randomBytes(24).toString('base64url');
  await db.query(
    `insert into session (token_hash, user_id, expires_at) values ($1, $2, now() + make_interval(hours => $3))`,
    [tokenHash(token), rows[0].id, sessionHours],
  );
  return token;
}

/**
 * @param {import('./database.mjs').Database} db
 * @param {string | undefined} token
 * @returns {Promise<User | null>}
 */
export async function userOf(db, token) {
  if (!token) return null;
  const { rows } = await db.query(
    `select app_user.id::int as id, email, full_name as "fullName", role
       from session join app_user on app_user.id = session.user_id
      where token_hash = $1 and expires_at > now()`,
    [tokenHash(token)],
  );
  return rows[0] ?? null;
}

/**
 * @param {import('./database.mjs').Database} db
 * @param {string | undefined} token
 */
export async function logout(db, token) {
  if (token) await db.query('delete from session where token_hash = $1', [tokenHash(token)]);
}

/**
 * Logs everybody out.
 * @param {import('./database.mjs').Database} db
 * @returns {Promise<number>} how many sessions were open
 */
export async function endAllSessions(db) {
  const { rowCount } = await db.query('delete from session');
  return rowCount ?? 0;
}

/**
 * Removes sessions that have ended.
 * @param {import('./database.mjs').Database} db
 * @returns {Promise<number>} how many
 */
export async function pruneSessions(db) {
  const { rowCount } = await db.query('delete from session where expires_at < now()');
  return rowCount ?? 0;
}

/** @param {string} token */
function tokenHash(token) {
  return createHash('sha256').update(token).digest('hex');
}
