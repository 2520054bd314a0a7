import { healthChecks } from './health-checks.mjs';
import { HttpError, jsonReply } from './http.mjs';
import { readFaults, readJsonObject, readLockdown, readMaintenance } from './ops-input.mjs';
import { optimise } from './optimise.mjs';
import { endAllSessions } from './users.mjs';

/** @typedef {import('./app.mjs').Handler} Handler */
/** @typedef {import('./app.mjs').Context} Context */

/**
 * Lets operators in and nobody else.
 * @param {(context: Context, state: import('./ops-state.mjs').OpsState) => Promise<unknown>} handle
 * @returns {Handler}
 */
function forOperators(handle) {
  return async (context) => {
    const { ops, log } = context.services;
    if (!ops.state) throw new HttpError(404, 'There is nothing at this address.');
    if (!ops.isOperator(context.request.headers.authorization)) {
      const refusal = { error: 'Send the operators’ token: authorization: Bearer ….' };
      return jsonReply(refusal, { status: 401, headers: { 'www-authenticate': 'Bearer realm="operators"' } });
    }
    const result = await handle(context, ops.state);
    if (context.request.method !== 'GET') {
      log('warn', 'an operator has acted', { path: context.url.pathname, client: context.client });
    }
    return jsonReply(result);
  };
}

/** @param {Context} context */
function describe({ services: { ops, config } }) {
  const { maintenance, lockdown, faults, cacheEpoch } = ops.switches;
  return {
    release: config.release,
    time: new Date(ops.now()).toISOString(),
    maintenance: { ...maintenance, active: ops.inMaintenance },
    lockdown,
    faults: { ...faults, active: ops.faults === ops.switches.faults },
    cacheEpoch,
  };
}

const readState = forOperators(async (context) => describe(context));

const putMaintenance = forOperators(async (context, state) => {
  const maintenance = readMaintenance(await readJsonObject(context.request), new Date());
  await state.update((switches) => ({
    ...switches,
    maintenance: {
      ...maintenance,
      since: (maintenance.enabled && switches.maintenance.since) || maintenance.since,
    },
  }));
  return describe(context);
});

/** Sessions end on the way out as well: one opened by an instance that had not heard of the lockdown yet ends too. */
const putLockdown = forOperators(async (context, state) => {
  const lockdown = readLockdown(await readJsonObject(context.request), new Date());
  await state.update((switches) => ({
    ...switches,
    lockdown: { ...lockdown, since: (lockdown.enabled && switches.lockdown.since) || lockdown.since },
  }));
  const sessionsEnded = await endAllSessions(context.services.db);
  return { ...describe(context), sessionsEnded };
});

const putFaults = forOperators(async (context, state) => {
  const checks = healthChecks(context.services).map(({ name }) => name);
  const faults = readFaults(await readJsonObject(context.request), new Date(), checks);
  await state.update((switches) => ({ ...switches, faults }));
  return describe(context);
});

const clearCache = forOperators(async (context, state) => {
  const { cacheEpoch } = await state.update((switches) => ({
    ...switches,
    cacheEpoch: switches.cacheEpoch + 1,
  }));
  const started = performance.now();
  const products = await context.services.products.get();
  const reloadMs = Math.round((performance.now() - started) * 10) / 10;
  return { cleared: ['catalogue'], cacheEpoch, products: products.length, reloadMs };
});

const runOptimise = forOperators(({ services }) => optimise(services));

/** The addresses for operators; part of the shop only where OPS_CONTROL_TOKEN is set. */
export const opsRoutes = /** @type {import('./router.mjs').Route<Handler>[]} */ ([
  { method: 'GET', pattern: '/api/ops/state', handler: readState },
  { method: 'PUT', pattern: '/api/ops/maintenance', handler: putMaintenance },
  { method: 'PUT', pattern: '/api/ops/lockdown', handler: putLockdown },
  { method: 'PUT', pattern: '/api/ops/faults', handler: putFaults },
  { method: 'POST', pattern: '/api/ops/cache/clear', handler: clearCache },
  { method: 'POST', pattern: '/api/ops/optimise', handler: runOptimise },
]);
