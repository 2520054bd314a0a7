/** @typedef {{ path: string, medianMs: number }} EndpointBudget */
/** @typedef {{ requestsPerEndpoint: number, timeoutMs: number, maximumFailedShare: number, endpoints: EndpointBudget[] }} Budget */
/** @typedef {{ path: string, requests: number, failed: number, medianMs: number | null, budgetMs: number, problem: string | null }} Measurement */

/**
 * The middle value, or null of nothing.
 * @param {number[]} values
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/**
 * Judges the answers of one endpoint. An answer that failed counts as failed, never as fast.
 * @param {EndpointBudget} endpoint
 * @param {{ ok: boolean, durationMs: number }[]} answers
 * @param {number} maximumFailedShare
 * @returns {Measurement}
 */
export function judge(endpoint, answers, maximumFailedShare) {
  const good = answers.filter((answer) => answer.ok);
  const failed = answers.length - good.length;
  const middle = median(good.map((answer) => answer.durationMs));
  const medianMs = middle === null ? null : Math.round(middle * 10) / 10;
  let problem = null;
  if (medianMs === null) problem = 'no good answer';
  else if (failed / answers.length > maximumFailedShare)
    problem = `${failed} of ${answers.length} answers failed`;
  else if (medianMs > endpoint.medianMs)
    problem = `the median is ${medianMs} ms, over ${endpoint.medianMs} ms`;
  return {
    path: endpoint.path,
    requests: answers.length,
    failed,
    medianMs,
    budgetMs: endpoint.medianMs,
    problem,
  };
}
