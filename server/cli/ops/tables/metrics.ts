import { command } from '#server/cli/ops/command';

const PLACE = {
  name: '[environment]',
  text: 'as service/environment or environment; absent: the only one that is not for practice',
} as const;
const group = 'Metrics';
const load = () => import('#server/cli/ops/commands/metrics');

/** Numbers over time. */
export const METRICS = [
  command({
    path: 'metrics list',
    group,
    summary: 'The metrics of an environment, with their labels',
    args: [PLACE],
    calls: ['listEnvironments', 'listMetrics'],
    run: async (ops, input) => (await load()).listMetrics(ops, input),
  }),
  command({
    path: 'metrics show',
    group,
    summary: 'A measure over time',
    details: [
      'For example: ops metrics show http_requests_total --kind rate --last 6h',
      'A histogram is named without _bucket.',
    ],
    args: [{ name: '<metric>', text: 'its name as "ops metrics list" shows it' }, PLACE],
    options: [
      {
        flags: '--kind <kind>',
        text: 'how to reckon; by default rate of counters, average of gauges, p95 of histograms',
        choices: ['rate', 'increase', 'avg', 'max', 'min', 'last', 'p50', 'p95', 'p99'],
      },
      {
        flags: '--label <name=value...>',
        text: 'only series with this label; * stands for anything behind ~',
      },
      { flags: '--last <time>', text: 'how far back, such as 15m, 6h or 7d; 1h unless told' },
      { flags: '--points <number>', text: 'steps at most; 30 unless told' },
    ],
    calls: ['listEnvironments', 'listMetrics', 'readChart'],
    run: async (ops, input) => (await load()).showMetric(ops, input),
  }),
  command({
    path: 'metrics targets',
    group,
    summary: 'What is scraped, and how it went the last time',
    details: ['Exit code 5 when one brought nothing.'],
    calls: ['listScrapeTargets'],
    run: async (ops, input) => (await load()).listTargets(ops, input),
  }),
];
