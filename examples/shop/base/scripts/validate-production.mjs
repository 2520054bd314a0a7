import { readFileSync } from 'node:fs';
import { messageOf } from '../src/log.mjs';
import { judge } from './budget.mjs';

try {
  await main();
} catch (error) {
  process.stderr.write(`production is not within its budget: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function main() {
  const shopUrl = process.env.SHOP_URL;
  if (!shopUrl || !/^https?:$/.test(URL.canParse(shopUrl) ? new URL(shopUrl).protocol : '')) {
    throw new Error('SHOP_URL must be the address of the shop, such as http://127.0.0.1:4000');
  }
  /** @type {import('./budget.mjs').Budget} */
  const budget = JSON.parse(readFileSync('performance-budget.json', 'utf8'));
  const measurements = [];
  for (const endpoint of budget.endpoints) {
    const answers = await askMany(new URL(endpoint.path, shopUrl), budget);
    const measurement = judge(endpoint, answers, budget.maximumFailedShare);
    measurements.push(measurement);
    process.stdout.write(`${JSON.stringify(measurement)}\n`);
  }
  const problems = measurements.filter((measurement) => measurement.problem);
  if (problems.length > 0)
    throw new Error(problems.map(({ path, problem }) => `${path}: ${problem}`).join('; '));
  process.stdout.write('every endpoint is within its budget\n');
}

/**
 * Asks an endpoint several times, one after the other; after two answers that time out the rest is given up.
 * @param {URL} url
 * @param {import('./budget.mjs').Budget} budget
 */
async function askMany(url, { requestsPerEndpoint, timeoutMs }) {
  const answers = [];
  let timeouts = 0;
  while (answers.length < requestsPerEndpoint && timeouts < 2) {
    const answer = await ask(url, timeoutMs);
    if (!answer.ok && answer.durationMs >= timeoutMs) timeouts += 1;
    answers.push(answer);
  }
  return answers;
}

/**
 * @param {URL} url
 * @param {number} timeoutMs
 */
async function ask(url, timeoutMs) {
  const started = performance.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    return { ok: response.ok, durationMs: performance.now() - started };
  } catch {
    return { ok: false, durationMs: performance.now() - started };
  }
}
