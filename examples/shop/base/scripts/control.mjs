import { parseArgs } from 'node:util';
import { messageOf } from '../src/log.mjs';

/** @typedef {{ method: string, path: string, body?: Record<string, unknown> }} Order */

const timeoutMs = 30_000;

try {
  await main();
} catch (error) {
  process.stderr.write(`nothing is known to have changed: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function main() {
  const options = /** @type {const} */ ({ reason: { type: 'string' }, minutes: { type: 'string' } });
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const order = orderOf(positionals[0] ?? '', values.reason ?? '', readMinutes(values.minutes));
  const { SHOP_URL, OPS_CONTROL_TOKEN } = process.env;
  if (!SHOP_URL || !URL.canParse(SHOP_URL)) throw new Error('SHOP_URL must be the address of the shop');
  if (!OPS_CONTROL_TOKEN) throw new Error('OPS_CONTROL_TOKEN is missing');
  const response = await fetch(new URL(order.path, SHOP_URL), {
    method: order.method,
    headers: { authorization: `Bearer ${OPS_CONTROL_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(order.body ?? {}),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the shop answered ${response.status}: ${answer}`);
  process.stdout.write(`${answer}\n`);
}

/**
 * @param {string} action
 * @param {string} reason
 * @param {number | null} minutes
 * @returns {Order}
 */
function orderOf(action, reason, minutes) {
  const until = minutes === null ? null : new Date(Date.now() + minutes * 60_000).toISOString();
  const orders = /** @type {Record<string, Order>} */ ({
    'maintenance-on': {
      method: 'PUT',
      path: '/api/ops/maintenance',
      body: { enabled: true, reason, until },
    },
    'maintenance-off': { method: 'PUT', path: '/api/ops/maintenance', body: { enabled: false, reason } },
    'lockdown-on': { method: 'PUT', path: '/api/ops/lockdown', body: { enabled: true, reason } },
    'lockdown-off': { method: 'PUT', path: '/api/ops/lockdown', body: { enabled: false, reason } },
    'clear-cache': { method: 'POST', path: '/api/ops/cache/clear' },
    optimise: { method: 'POST', path: '/api/ops/optimise' },
  });
  const order = orders[action];
  if (!order) throw new Error(`say one of ${Object.keys(orders).join(', ')}`);
  return order;
}

/** @param {string | undefined} value */
function readMinutes(value) {
  if (value === undefined) return null;
  const minutes = Number(value);
  if (!(minutes > 0 && minutes <= 43_200)) throw new Error('--minutes must be a number from 1 to 43200');
  return minutes;
}
