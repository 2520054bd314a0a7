/** Upper bounds of the duration histogram, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The counters of this process, in the Prometheus text format 0.0.4. */
export class Metrics {
  /** @type {Map<string, number>} */
  #requests = new Map();
  /** @type {Map<string, { counts: number[], sum: number, count: number }>} */
  #durations = new Map();
  #orders = 0;
  #revenueCents = 0;
  /** @type {Map<string, number>} */
  #refusals = new Map();
  #paymentAttempts = 0;
  #held = 0;
  #startedAt = Date.now() / 1000;

  /** @param {string} release */
  constructor(release) {
    this.release = release;
  }

  /**
   * @param {string} route the route's pattern, never the raw path
   * @param {number} status
   * @param {number} durationMs
   */
  request(route, status, durationMs) {
    const key = `route="${escapeLabel(route)}",status="${Math.floor(status / 100)}xx"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const routeKey = `route="${escapeLabel(route)}"`;
    const histogram = this.#durations.get(routeKey) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 };
    const seconds = durationMs / 1000;
    histogram.counts = histogram.counts.map(
      (count, index) => count + (seconds <= (buckets[index] ?? 0) ? 1 : 0),
    );
    histogram.sum += seconds;
    histogram.count += 1;
    this.#durations.set(routeKey, histogram);
  }

  /** @param {number} totalCents */
  order(totalCents) {
    this.#orders += 1;
    this.#revenueCents += totalCents;
  }

  paymentAttempt() {
    this.#paymentAttempts += 1;
  }

  /** A request that maintenance held back; it is no request of the shop's own and counts nowhere else. */
  heldByMaintenance() {
    this.#held += 1;
  }

  /** @param {string} reason */
  paymentRefused(reason) {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  /** @returns {string} */
  expose() {
    const lines = [
      ...header('http_requests_total', 'counter', 'Requests answered, by route and status class.'),
      ...[...this.#requests].map(([labels, count]) => `http_requests_total{${labels}} ${count}`),
      ...header('http_request_duration_seconds', 'histogram', 'Time to answer, by route.'),
      ...[...this.#durations].flatMap(([labels, histogram]) => exposeHistogram(labels, histogram)),
      ...header('shop_orders_total', 'counter', 'Orders placed.'),
      `shop_orders_total ${this.#orders}`,
      ...header('shop_revenue_euros_total', 'counter', 'Value of the orders placed, delivery included.'),
      `shop_revenue_euros_total ${(this.#revenueCents / 100).toFixed(2)}`,
      ...header('shop_payment_attempts_total', 'counter', 'Payments asked for.'),
      `shop_payment_attempts_total ${this.#paymentAttempts}`,
      ...header('shop_maintenance_held_total', 'counter', 'Requests that maintenance answered.'),
      `shop_maintenance_held_total ${this.#held}`,
      ...header('shop_payment_failures_total', 'counter', 'Payments refused, by reason.'),
      ...(this.#refusals.size === 0 ? ['shop_payment_failures_total{reason="none"} 0'] : []),
      ...[...this.#refusals].map(
        ([reason, count]) => `shop_payment_failures_total{reason="${escapeLabel(reason)}"} ${count}`,
      ),
      ...header('shop_release_info', 'gauge', 'The release that runs.'),
      `shop_release_info{release="${escapeLabel(this.release)}"} 1`,
      ...header('process_start_time_seconds', 'gauge', 'Start of the process, seconds since 1970 (UTC).'),
      `process_start_time_seconds ${this.#startedAt.toFixed(3)}`,
      ...header('process_resident_memory_bytes', 'gauge', 'Resident memory.'),
      `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}

/**
 * @param {string} name
 * @param {string} type
 * @param {string} help
 */
function header(name, type, help) {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/**
 * @param {string} labels
 * @param {{ counts: number[], sum: number, count: number }} histogram
 */
function exposeHistogram(labels, histogram) {
  const name = 'http_request_duration_seconds';
  return [
    ...histogram.counts.map((count, index) => `${name}_bucket{${labels},le="${buckets[index]}"} ${count}`),
    `${name}_bucket{${labels},le="+Inf"} ${histogram.count}`,
    `${name}_sum{${labels}} ${histogram.sum.toFixed(6)}`,
    `${name}_count{${labels}} ${histogram.count}`,
  ];
}

/** @param {string} value */
function escapeLabel(value) {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
