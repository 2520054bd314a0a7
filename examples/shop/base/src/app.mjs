import { randomUUID } from 'node:crypto';
import { parseCart } from './cart.mjs';
import { cookie, HttpError, htmlReply, jsonReply, parseCookies, sendReply } from './http.mjs';
import { messageOf } from './log.mjs';
import { Closed, clientOf } from './ops.mjs';
import { opsRoutes } from './ops-routes.mjs';
import { closedPage, errorPage } from './pages/error.mjs';
import { matchRoute } from './router.mjs';
import { routes } from './routes.mjs';
import { securityHeaders } from './security-headers.mjs';
import { userOf } from './users.mjs';

/**
 * @typedef {object} Services
 * @property {import('./database.mjs').Database} db
 * @property {import('./config.mjs').Config} config
 * @property {import('./log.mjs').Log} log
 * @property {import('./metrics.mjs').Metrics} metrics
 * @property {import('./cache.mjs').Cached<import('./catalogue.mjs').Product[]>} products
 * @property {import('./visits.mjs').VisitLog} visits
 * @property {import('./assets.mjs').Assets} assets
 * @property {import('./rate-limit.mjs').FailureLimit} loginLimit
 * @property {import('./ops.mjs').Ops} ops
 */

/**
 * What a handler sees of one request.
 * @typedef {object} Context
 * @property {Services} services
 * @property {import('node:http').IncomingMessage} request
 * @property {URL} url
 * @property {string} client the visitor's address
 * @property {Record<string, string>} params
 * @property {Record<string, string>} cookies
 * @property {Map<string, number>} cart
 * @property {() => Promise<import('./users.mjs').User | null>} user
 */

/** @typedef {(context: Context) => Promise<import('./http.mjs').Reply>} Handler */

const visitorDays = 30;

/**
 * The request listener: routing, headers, metrics, access log and error pages.
 * @param {Services} services
 * @param {() => boolean} isDraining while true, connections are closed after their answer
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void}
 */
export function createApp(services, isDraining) {
  const table = services.ops.state ? [...opsRoutes, ...routes] : routes;
  return (request, response) => {
    const client = clientOf(request);
    const started = performance.now();
    const requestId = readRequestId(request.headers['x-request-id']);
    let route = 'unmatched';
    let isClosed = false;
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    response.setHeader('x-release', services.config.release);
    response.setHeader('x-request-id', requestId);
    if (isDraining()) response.setHeader('connection', 'close');
    response.on('close', () => {
      const durationMs = Math.round((performance.now() - started) * 100) / 100;
      const status = response.writableFinished ? response.statusCode : 499;
      if (isClosed) services.metrics.heldByMaintenance();
      else services.metrics.request(route, status, durationMs);
      services.log(status >= 500 && !isClosed ? 'error' : 'info', 'request', {
        requestId,
        client,
        method: request.method,
        path: request.url,
        route,
        status,
        durationMs,
      });
    });
    answer(services, table, request, client, (pattern) => {
      route = pattern;
    })
      .catch((error) => {
        isClosed = error instanceof Closed;
        return isClosed ? closed(services, request, error) : failure(services, request, requestId, error);
      })
      .then((reply) => sendReply(request, response, reply))
      .catch((error) => {
        services.log('error', 'an answer could not be sent', { requestId, error: messageOf(error) });
        response.destroy();
      });
  };
}

/**
 * @param {Services} services
 * @param {import('./router.mjs').Route<Handler>[]} table
 * @param {import('node:http').IncomingMessage} request
 * @param {string} client
 * @param {(pattern: string) => void} setRoute
 * @returns {Promise<import('./http.mjs').Reply>}
 */
async function answer(services, table, request, client, setRoute) {
  const { ops } = services;
  const url = readUrl(request.url);
  const match = matchRoute(table, request.method ?? 'GET', url.pathname);
  if ('route' in match) setRoute(match.route.pattern);
  const isLetIn = ops.admit(url.pathname, client, request.headers.authorization);
  await ops.suffer(url.pathname);
  if ('allowed' in match) {
    if (match.allowed.length === 0) throw new HttpError(404, 'There is nothing at this address.');
    throw new HttpError(405, `This address answers ${match.allowed.join(' and ')} only.`);
  }
  if (match.route.method === 'POST' && request.headers['sec-fetch-site'] === 'cross-site') {
    throw new HttpError(403, 'This form was sent from another site.');
  }
  const cookies = parseCookies(request.headers.cookie);
  const reply = await match.route.handler({
    services,
    request,
    url,
    client,
    params: match.params,
    cookies,
    cart: parseCart(cookies.cart),
    user: memo(async () => (ops.inLockdown ? null : userOf(services.db, cookies.session))),
  });
  if (isLetIn) reply.headers['x-maintenance'] = 'let-in';
  return match.route.page ? recordVisit(services, url, cookies, reply) : reply;
}

/**
 * Counts a page view, and gives a visitor without one an anonymous number.
 * @param {Services} services
 * @param {URL} url
 * @param {Record<string, string>} cookies
 * @param {import('./http.mjs').Reply} reply
 */
function recordVisit(services, url, cookies, reply) {
  const known = /^[0-9a-f-]{36}$/.test(cookies.visitor ?? '') ? cookies.visitor : undefined;
  const visitor = known ?? randomUUID();
  services.visits.add({ visitor, path: url.pathname, at: new Date() });
  if (known) return reply;
  return { ...reply, cookies: [...reply.cookies, cookie('visitor', visitor, visitorDays * 86_400)] };
}

/**
 * @param {Services} services
 * @param {import('node:http').IncomingMessage} request
 * @param {Closed} error
 */
function closed(services, request, { status, message, retryAfterSeconds }) {
  const reply = request.url?.startsWith('/api/')
    ? jsonReply({ error: message, maintenance: true }, { status })
    : htmlReply(closedPage({ retryAfterSeconds, stylesheet: services.assets.stylesheet }), { status });
  const headers = { 'retry-after': String(retryAfterSeconds), 'x-maintenance': 'closed' };
  return { ...reply, headers: { ...reply.headers, 'cache-control': 'no-store', ...headers } };
}

/**
 * @param {Services} services
 * @param {import('node:http').IncomingMessage} request
 * @param {string} requestId
 * @param {unknown} error
 */
function failure(services, request, requestId, error) {
  const status = error instanceof HttpError ? error.status : 500;
  if (status >= 500) {
    const stack = error instanceof Error ? error.stack : undefined;
    services.log('error', 'request failed', { requestId, path: request.url, error: messageOf(error), stack });
  }
  const message =
    error instanceof HttpError ? error.message : 'Something went wrong on our side. Please try again.';
  if (request.url?.startsWith('/api/')) return jsonReply({ error: message, requestId }, { status });
  return htmlReply(errorPage({ status, message, requestId, stylesheet: services.assets.stylesheet }), {
    status,
  });
}

/** @param {string | undefined} path */
function readUrl(path) {
  const base = 'http://shop.invalid';
  if (!path?.startsWith('/') || path.startsWith('//') || !URL.canParse(path, base)) {
    throw new HttpError(400, 'This address cannot be read.');
  }
  return new URL(path, base);
}

/** @param {string | string[] | undefined} header */
function readRequestId(header) {
  return typeof header === 'string' && /^[\w-]{8,64}$/.test(header) ? header : randomUUID();
}

/**
 * @template T
 * @param {() => Promise<T>} load
 * @returns {() => Promise<T>}
 */
function memo(load) {
  /** @type {Promise<T> | undefined} */
  let value;
  return () => {
    value ??= load();
    return value;
  };
}
