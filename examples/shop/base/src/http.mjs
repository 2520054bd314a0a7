import { gzipSync } from 'node:zlib';

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {string | Buffer} body
 * @property {Record<string, string>} headers
 * @property {string[]} cookies
 */

/** A request that cannot be served as it is; the message is shown to the visitor. */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const maximumBodyBytes = 16_384;
const compressFromBytes = 1024;

/**
 * @param {import('./html.mjs').SafeHtml} page
 * @param {{ status?: number, cookies?: string[] }} [options]
 * @returns {Reply}
 */
export function htmlReply(page, { status = 200, cookies = [] } = {}) {
  return {
    status,
    body: page.toString(),
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-cache' },
    cookies,
  };
}

/**
 * @param {unknown} value
 * @param {{ status?: number, headers?: Record<string, string> }} [options]
 * @returns {Reply}
 */
export function jsonReply(value, { status = 200, headers = {} } = {}) {
  return {
    status,
    body: JSON.stringify(value),
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-cache, no-store, must-revalidate',
      ...headers,
    },
    cookies: [],
  };
}

/**
 * Sends the browser on with a GET.
 * @param {string} location a path of this site
 * @param {string[]} [cookies]
 * @returns {Reply}
 */
export function redirectReply(location, cookies = []) {
  return { status: 303, body: '', headers: { location, 'cache-control': 'no-store' }, cookies };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Reply} reply
 */
export function sendReply(request, response, reply) {
  const body = Buffer.from(reply.body);
  const compress =
    body.length >= compressFromBytes &&
    reply.headers['content-encoding'] === undefined &&
    /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const sent = compress ? gzipSync(body, { level: 4 }) : body;
  if (compress) response.setHeader('content-encoding', 'gzip');
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  if (reply.cookies.length > 0) response.setHeader('set-cookie', reply.cookies);
  response.setHeader('vary', 'accept-encoding, cookie');
  response.setHeader('content-length', sent.length);
  response.writeHead(reply.status);
  response.end(request.method === 'HEAD' ? undefined : sent);
}

/**
 * @param {string | undefined} header
 * @returns {Record<string, string>}
 */
export function parseCookies(header) {
  const cookies = /** @type {Record<string, string>} */ ({});
  for (const part of (header ?? '').split(';')) {
    const index = part.indexOf('=');
    if (index > 0) cookies[part.slice(0, index).trim()] = part.slice(index + 1).trim();
  }
  return cookies;
}

/**
 * @param {string} name
 * @param {string} value characters that a cookie may hold
 * @param {number} maxAgeSeconds 0 removes the cookie
 */
export function cookie(name, value, maxAgeSeconds) {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax`;
}

/**
 * Reads a posted form.
 * @param {import('node:http').IncomingMessage} request
 * @throws {HttpError} 413 when it is too large, 415 when it is not a form
 */
export async function readForm(request) {
  if (!/^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? '')) {
    throw new HttpError(415, 'Please send a form.');
  }
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maximumBodyBytes) throw new HttpError(413, 'That form is too large.');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/**
 * A path of this site to return to, never another site.
 * @param {string | null} value
 */
export function safeReturnPath(value) {
  return value && /^\/(?![/\\])[\w\-./?=&]*$/.test(value) ? value : '/';
}
