import { messageOf } from './log.mjs';

/** @typedef {{ name: string, timeoutMs: number, run: (signal: AbortSignal) => Promise<string | void> }} HealthCheck */
/** @typedef {{ name: string, status: 'ok' | 'failed', durationMs: number, message?: string }} CheckResult */
/** @typedef {{ status: 'healthy' | 'unhealthy', timestamp: string, checks: CheckResult[], version: string }} HealthReport */

/**
 * Runs every check at once. Each has its own time limit, so the report never takes longer than the longest limit,
 * whatever a dependency does.
 * @param {HealthCheck[]} checks
 * @param {string} version
 * @returns {Promise<HealthReport>}
 */
export async function reportHealth(checks, version) {
  const results = await Promise.all(checks.map(runCheck));
  return {
    status: results.every((result) => result.status === 'ok') ? 'healthy' : 'unhealthy',
    timestamp: new Date().toISOString(),
    checks: results,
    version,
  };
}

/**
 * @param {HealthCheck} check
 * @returns {Promise<CheckResult>}
 */
async function runCheck(check) {
  const started = performance.now();
  const abort = new AbortController();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const limit = new Promise((_resolve, reject) => {
    timer = setTimeout(() => {
      abort.abort();
      reject(new Error(`no answer within ${check.timeoutMs} ms`));
    }, check.timeoutMs);
  });
  try {
    const message = await Promise.race([check.run(abort.signal), limit]);
    return {
      name: check.name,
      status: 'ok',
      durationMs: since(started),
      ...(message ? { message: String(message) } : {}),
    };
  } catch (error) {
    return { name: check.name, status: 'failed', durationMs: since(started), message: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {number} started */
function since(started) {
  return Math.round((performance.now() - started) * 10) / 10;
}
