/** @typedef {(level: 'info' | 'warn' | 'error', msg: string, fields?: Record<string, unknown>) => void} Log */

/**
 * A logger that writes one JSON object a line; times are UTC.
 * @param {string} release
 * @param {(line: string) => void} [write]
 * @returns {Log}
 */
export function createLog(release, write = (line) => void process.stdout.write(line)) {
  return (level, msg, fields = {}) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), level, msg, release, ...fields })}\n`);
  };
}

/**
 * The message of anything that was thrown.
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  if (error instanceof AggregateError && !error.message) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
