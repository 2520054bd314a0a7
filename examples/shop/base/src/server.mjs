import { createServer } from 'node:http';
import release from '../release.json' with { type: 'json' };
import { createApp } from './app.mjs';
import { Assets } from './assets.mjs';
import { Cached } from './cache.mjs';
import { listProducts } from './catalogue.mjs';
import { readConfig } from './config.mjs';
import { createDatabase, requireDatabase } from './database.mjs';
import { createLog, messageOf } from './log.mjs';
import { Metrics } from './metrics.mjs';
import { Ops } from './ops.mjs';
import { OpsState } from './ops-state.mjs';
import { FailureLimit } from './rate-limit.mjs';
import { pruneSessions } from './users.mjs';
import { pruneVisits, VisitLog } from './visits.mjs';

const catalogueMs = 30_000;
const switchesPollMs = 250;
const visitFlushMs = 1000;
const pruneMs = 3_600_000;
const databasePatienceMs = 5000;
const drainMs = 8000;
const stopMs = 10_000;
const drainPollMs = 50;

async function main() {
  const config = readConfig(process.env);
  const log = createLog(config.release);
  const db = createDatabase(config.databaseUrl, log);
  const assets = new Assets(new URL('./assets/', import.meta.url));
  await requireDatabase(db, release.schemaVersion, databasePatienceMs);
  const products = new Cached(() => listProducts(db), catalogueMs);
  await products.get();
  const visits = new VisitLog(db, config.release, log);
  visits.start(visitFlushMs);
  const state = config.ops ? new OpsState(config.ops.stateFile, log) : null;
  state?.onChange((next, before) => {
    if (next.cacheEpoch !== before.cacheEpoch) products.clear();
  });
  await state?.start(switchesPollMs);
  const services = {
    db,
    config,
    log,
    metrics: new Metrics(config.release),
    products,
    visits,
    assets,
    loginLimit: new FailureLimit(10, 600_000),
    ops: new Ops({ release: config.release, token: config.ops?.token ?? null, state }),
  };
  let draining = false;
  const server = createServer(createApp(services, () => draining));
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
  server.requestTimeout = 30_000;
  const port = await listen(server, config);
  log('info', 'listening', { host: config.host, port });
  const prune = setInterval(() => void removeOld(db, log), pruneMs);

  /** @param {string} signal */
  const stop = async (signal) => {
    if (draining) return;
    draining = true;
    log('info', 'stopping', { signal });
    clearInterval(prune);
    state?.stop();
    setTimeout(() => process.exit(0), stopMs).unref();
    const clean = await drain(server);
    await visits.stop();
    await db.end();
    log('info', 'stopped', { clean });
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

/**
 * @param {import('node:http').Server} server
 * @param {import('./config.mjs').Config} config
 * @returns {Promise<number>} the port in use
 */
function listen(server, config) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Error(`cannot listen on HOST ${config.host}, PORT ${config.port}: ${messageOf(error)}`)),
    );
    server.listen(config.port, config.host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : config.port);
    });
  });
}

/**
 * Stops accepting, lets requests in flight finish, and closes keep-alive connections as they fall idle.
 * @param {import('node:http').Server} server
 * @returns {Promise<boolean>} false when connections had to be cut after 8 s
 */
async function drain(server) {
  const closed = new Promise((resolve) => server.close(() => resolve(true)));
  const sweep = setInterval(() => server.closeIdleConnections(), drainPollMs);
  const limit = new Promise((resolve) => setTimeout(resolve, drainMs, false));
  const clean = /** @type {boolean} */ (await Promise.race([closed, limit]));
  clearInterval(sweep);
  if (!clean) server.closeAllConnections();
  return clean;
}

/**
 * @param {import('./database.mjs').Database} db
 * @param {import('./log.mjs').Log} log
 */
async function removeOld(db, log) {
  try {
    await pruneVisits(db);
    await pruneSessions(db);
  } catch (error) {
    log('warn', 'old rows were not removed', { error: messageOf(error) });
  }
}

main().catch((error) => {
  process.stderr.write(`the shop did not start: ${messageOf(error)}\n`);
  process.exit(1);
});
