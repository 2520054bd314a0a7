/**
 * The way in for the visitors of one environment: a process of its own that outlives web and worker. It sends every
 * request to the live instance and keeps, in `<directory>/proxy/state.json`, which one that is and the highest fencing
 * token that has switched. Holding the port is what makes it the only one.
 *
 * node proxy.mjs --directory=… --host=… --port=… --socket=… [--trust-forwarded]
 *
 * Control, HTTP over the unix socket:  GET /state   POST /switch {live, fencingToken, ifLive?}
 * Plain JavaScript, so that it runs the same from the source tree and from the build.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createProxyServer } from 'httpxy';
import * as z from 'zod/mini';

/** Idle connections to an instance are dropped before it does: Node's own servers do so after 5 s. */
const UPSTREAM_IDLE_MS = 4_000;
/** Silence of an instance in the middle of a request that counts as its death. */
const UPSTREAM_SILENCE_MS = 300_000;
/** Longer than the idle time of browsers' and balancers' connections that matter, so that none is cut while in use. */
const VISITOR_IDLE_MS = 65_000;
const DRAIN_MS = 10_000;
const RETRY_AFTER_SECONDS = 5;
const MAX_CONTROL_BYTES = 65_536;
/** Exit code that says: another process holds the port. */
const PORT_IN_USE = 98;
const OPERATOR_COOKIE = /(?:^|;)\s*(?:ops_session|__Host-ops)/;
const RETRYABLE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

const liveSchema = z.object({
  instanceId: z.string(),
  host: z.string(),
  port: z.number(),
  tag: z.string(),
  commitSha: z.string(),
  /** Not used here: where the release is started from again after a stop. */
  appFolder: z.string(),
});
const stateSchema = z.object({ live: z.nullable(liveSchema), fencingToken: z.string() });
const switchSchema = z.object({
  live: liveSchema,
  fencingToken: z.string(),
  /** Only if this instance is live now. */
  ifLive: z.optional(z.string()),
});

/** @typedef {z.infer<typeof liveSchema>} Live */
/** @typedef {{ live: Live, agent: Agent, inFlight: number }} Upstream */

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    host: { type: 'string' },
    port: { type: 'string' },
    socket: { type: 'string' },
    'trust-forwarded': { type: 'boolean', default: false },
  },
});
const directory = values.directory ?? '';
const host = values.host ?? '';
const port = Number(values.port);
const socket = values.socket ?? '';
const stateFile = join(directory, 'proxy', 'state.json');
const processFile = join(directory, 'proxy', 'process.json');
const self = { pid: process.pid, startTime: readOwnStartTime() };

/** @type {Map<string, Upstream>} */
const upstreams = new Map();
let state = readState();
/** @type {Upstream | null} */
let live = state.live ? upstreamOf(state.live) : null;
let draining = false;
/** @type {Map<string, { at: number, left: number }>} */
const said = new Map();

/** The same notation as process-table.ts. @returns {string} */
function readOwnStartTime() {
  if (process.platform !== 'linux') {
    const env = { PATH: process.env.PATH ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(process.pid)], {
      encoding: 'latin1',
      env,
    });
    return String(Math.floor(Date.parse(`${started.trim()} UTC`) / 1000));
  }
  const stat = readFileSync('/proc/self/stat', 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** @returns {z.infer<typeof stateSchema>} */
function readState() {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(stateFile, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { live: null, fencingToken: '' };
    throw new Error(`${stateFile} cannot be used: ${error}`);
  }
}

/** Replaces a file so that after a crash it is the old or the new one. @param {string} file @param {object} value */
function writeDurably(file, value) {
  const next = `${file}.next`;
  const descriptor = openSync(next, 'w', 0o600);
  writeFileSync(descriptor, JSON.stringify(value));
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(next, file);
}

/** One line for the log; the same kind at most once a second. @param {string} kind @param {string} text */
function say(kind, text) {
  const last = said.get(kind) ?? { at: Number.NEGATIVE_INFINITY, left: 0 };
  if (performance.now() - last.at < 1_000) {
    last.left += 1;
    return;
  }
  const more = last.left > 0 ? ` (and ${last.left} more like it)` : '';
  said.set(kind, { at: performance.now(), left: 0 });
  sayNow(kind, `${text}${more}`);
}

/** @param {string} kind @param {string} text */
function sayNow(kind, text) {
  console.error(`${new Date().toISOString()} ${kind}: ${text}`);
}

/** @param {Live} target @returns {Upstream} */
function upstreamOf(target) {
  const known = upstreams.get(target.instanceId);
  if (known && known.live.port === target.port && known.live.host === target.host) return known;
  const agent = new Agent({
    keepAlive: true,
    timeout: UPSTREAM_IDLE_MS,
    maxSockets: 1_024,
    scheduling: 'lifo',
  });
  const upstream = { live: target, agent, inFlight: 0 };
  upstreams.set(target.instanceId, upstream);
  return upstream;
}

/** Idle connections would keep an instance that is asked to end alive. @param {Upstream} upstream */
function forgetWhenIdle(upstream) {
  if (upstream === live || upstream.inFlight > 0) return;
  upstream.agent.destroy();
  if (upstreams.get(upstream.live.instanceId) === upstream) upstreams.delete(upstream.live.instanceId);
}

/** Counts a request or connection until `carrier` closes. @param {Upstream} upstream @param {import('node:events').EventEmitter} carrier */
function count(upstream, carrier) {
  upstream.inFlight += 1;
  carrier.once('close', () => {
    upstream.inFlight -= 1;
    forgetWhenIdle(upstream);
  });
}

const proxy = createProxyServer({});
proxy.on('proxyRes', (proxyRes) => {
  // These two speak of the connection between proxy and instance only (RFC 9110, 7.6.1).
  delete proxyRes.headers['keep-alive'];
  if (draining) proxyRes.headers.connection = 'close';
  else delete proxyRes.headers.connection;
});

/** Takes out what no release may see or believe. @param {import('node:http').IncomingMessage} request */
function clean(request) {
  dropOperatorCookies(request);
  if (values['trust-forwarded']) return;
  for (const name of Object.keys(request.headers)) {
    if (name === 'forwarded' || name.startsWith('x-forwarded-')) delete request.headers[name];
  }
}

/**
 * Browsers send a host's cookies to all of its ports (RFC 6265, 8.5): where the console shares the host, an operator's
 * session would reach the release. The names are those of cookies.ts.
 * @param {import('node:http').IncomingMessage} request
 */
function dropOperatorCookies(request) {
  const { cookie } = request.headers;
  if (!cookie || !OPERATOR_COOKIE.test(cookie)) return;
  const kept = cookie.split(';').filter((part) => !OPERATOR_COOKIE.test(part));
  if (kept.length > 0) request.headers.cookie = kept.join(';').trim();
  else delete request.headers.cookie;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {boolean} mayRetry
 */
async function serve(request, response, mayRetry) {
  const upstream = live;
  if (!upstream)
    return answer(response, 503, 'Nothing is deployed here yet', 'Please come back in a moment.');
  count(upstream, response);
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
  try {
    await proxy.web(request, response, {
      target: `http://${upstream.live.host}:${upstream.live.port}`,
      agent: upstream.agent,
      xfwd: true,
      headers: { connection: 'keep-alive' },
      proxyTimeout: UPSTREAM_SILENCE_MS,
      ...(hasBody ? {} : { buffer: Readable.from([]) }),
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (response.destroyed) return;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (mayRetry && !hasBody && mayRepeat(request.method ?? '', code)) return serve(request, response, false);
    say(
      'upstream',
      `${upstream.live.tag} (${upstream.live.instanceId}) did not answer ${request.method} ${request.url?.split('?')[0]}: ${code}`,
    );
    answer(response, 502, 'The shop does not answer', 'Please try again in a moment.');
  }
}

/** A refused connection carried nothing; after a reset only what is safe to do twice is done twice (RFC 9110, 9.2.2). @param {string} method @param {string} code */
function mayRepeat(method, code) {
  return (
    code === 'ECONNREFUSED' ||
    ((code === 'ECONNRESET' || code === 'EPIPE') && RETRYABLE_METHODS.includes(method))
  );
}

/** @param {import('node:http').ServerResponse} response @param {number} status @param {string} title @param {string} text */
function answer(response, status, title, text) {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>\n`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'retry-after': String(RETRY_AFTER_SECONDS),
    ...(draining ? { connection: 'close' } : {}),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

const visitors = createServer((request, response) => {
  clean(request);
  serve(request, response, true).catch((error) => {
    say('fault', error instanceof Error ? (error.stack ?? error.message) : String(error));
    response.destroy();
  });
});
visitors.keepAliveTimeout = VISITOR_IDLE_MS;
visitors.headersTimeout = VISITOR_IDLE_MS + 1_000;
visitors.on('upgrade', (request, connection, head) => {
  const upstream = live;
  if (!upstream) {
    connection.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
    return;
  }
  clean(request);
  count(upstream, connection);
  const target = `http://${upstream.live.host}:${upstream.live.port}`;
  // @ts-expect-error the declared socket type is narrower than what Node hands over and httpxy accepts
  proxy.ws(request, connection, { target, xfwd: true }, head).catch((error) => {
    say('upstream', `${upstream.live.tag} did not take a connection over: ${error}`);
    connection.destroy();
  });
});

/**
 * Changes what is live, on disk first. Synchronous, so that two switches never mix.
 * @param {z.infer<typeof switchSchema>} wanted
 * @returns {{ status: number, body: object }}
 */
function switchTo(wanted) {
  const now = { live: state.live, fencingToken: state.fencingToken };
  if (wanted.fencingToken < state.fencingToken) return { status: 409, body: { refused: 'fenced', ...now } };
  if (wanted.ifLive !== undefined && wanted.ifLive !== state.live?.instanceId) {
    return { status: 409, body: { refused: 'changed', ...now } };
  }
  const next = { live: wanted.live, fencingToken: wanted.fencingToken };
  writeDurably(stateFile, next);
  const before = live;
  state = next;
  live = upstreamOf(wanted.live);
  if (before && before !== live) {
    forgetWhenIdle(before);
    sayNow(
      'switch',
      `${before.live.tag} (${before.live.instanceId}) to ${live.live.tag} (${live.live.instanceId})`,
    );
  }
  return { status: 200, body: next };
}

function report() {
  const inFlight = Object.fromEntries(
    [...upstreams.values()].map((upstream) => [upstream.live.instanceId, upstream.inFlight]),
  );
  return { ...self, host, port, ...state, inFlight };
}

const control = createServer(async (request, response) => {
  /** @param {number} status @param {object} body */
  const reply = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    if (request.method === 'GET' && request.url === '/state') return reply(200, report());
    if (request.method !== 'POST' || request.url !== '/switch') return reply(404, { refused: 'unknown' });
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) {
      text += chunk;
      if (text.length > MAX_CONTROL_BYTES) return reply(413, { refused: 'too large' });
    }
    const wanted = switchSchema.safeParse(JSON.parse(text));
    if (!wanted.success) return reply(400, { refused: z.prettifyError(wanted.error) });
    const { status, body } = switchTo(wanted.data);
    reply(status, body);
  } catch (error) {
    say('control', String(error));
    if (!response.headersSent) reply(error instanceof SyntaxError ? 400 : 500, { refused: String(error) });
  }
});

/** Takes no new visitors, lets the present ones finish, ends. */
function drain() {
  if (draining) return;
  draining = true;
  // The control socket's file goes with it, before the next proxy can hold the port and make its own.
  control.close();
  control.closeAllConnections();
  const leave = () => process.exit(0);
  visitors.close(leave);
  setTimeout(leave, DRAIN_MS).unref();
}

visitors.on('error', (error) => {
  console.error(`${host}:${port}: ${error.message}`);
  process.exit('code' in error && error.code === 'EADDRINUSE' ? PORT_IN_USE : 1);
});
control.on('error', (error) => {
  console.error(`${socket}: ${error.message}`);
  process.exit(1);
});
visitors.listen({ host, port }, () => {
  // Whoever holds the port is the only proxy: a socket file that is there is left from a dead one.
  rmSync(socket, { force: true });
  writeDurably(processFile, self);
  control.listen(socket);
});
process.on('SIGTERM', drain);
process.on('SIGINT', drain);
