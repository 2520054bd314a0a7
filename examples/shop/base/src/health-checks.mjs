import { authorisePayment } from './payments.mjs';
import { userOf } from './users.mjs';

/**
 * The dependencies that the shop cannot do without.
 * @param {import('./app.mjs').Services} services
 * @returns {import('./health.mjs').HealthCheck[]}
 */
export function healthChecks({ db, config, products, ops }) {
  /** @type {import('./health.mjs').HealthCheck[]} */
  const checks = [
    { name: 'database', timeoutMs: 2000, run: () => checkDatabase(db) },
    { name: 'auth', timeoutMs: 2000, run: () => checkAuth(db) },
    { name: 'payments', timeoutMs: 1000, run: checkPayments },
    { name: 'cache', timeoutMs: 2000, run: () => checkCache(products) },
    {
      name: 'external-apis',
      timeoutMs: 1500,
      run: (signal) => checkCarrier(config.carrierStatusUrl, signal),
    },
  ];
  const { unhealthy } = ops.faults;
  return checks.map((check) => (check.name === unhealthy ? { ...check, run: failAsInjected } : check));
}

async function failAsInjected() {
  throw new Error('an injected fault');
}

/** @param {import('./database.mjs').Database} db */
async function checkDatabase(db) {
  await db.query('select 1');
}

/** @param {import('./database.mjs').Database} db */
async function checkAuth(db) {
  if ((await userOf(db, 'no-such-session')) !== null)
    throw new Error('a session that was never opened was accepted');
}

/** The provider's test mode must take the card that it always takes, and refuse the one that it always refuses. */
async function checkPayments() {
  const now = new Date();
  const accepted = authorisePayment({ number: '4242424242424242', expiry: '12/99' }, 100, now);
  const refused = authorisePayment({ number: '4000000000000002', expiry: '12/99' }, 100, now);
  if (!accepted.accepted || refused.accepted) throw new Error('the payment provider gives wrong answers');
}

/** @param {import('./cache.mjs').Cached<import('./catalogue.mjs').Product[]>} products */
async function checkCache(products) {
  const list = await products.get();
  if (list.length === 0) throw new Error('the catalogue is empty');
}

/**
 * @param {URL | null} url
 * @param {AbortSignal} signal
 */
async function checkCarrier(url, signal) {
  if (!url) return 'none configured';
  const response = await fetch(url, { signal });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the carrier answered ${response.status}`);
}
