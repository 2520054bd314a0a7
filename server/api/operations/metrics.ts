import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import {
  chartView,
  listMetricsInput,
  metricView,
  pushMetricsInput,
  pushMetricsResult,
  readChartInput,
  scrapeTargetView,
} from '#server/metrics/contract';

const group = 'Metrics';
const place = '/environments/{service}/{environment}';

/** Numbers over time. */
export const METRIC_OPERATIONS = {
  pushMetrics: defineOperation({
    method: 'post',
    path: '/metrics',
    group,
    summary: 'Send samples',
    description:
      'Up to 5,000 samples of one environment. A faulty one is told in `rejected` and the others are kept. To send the same samples again does no harm: they are counted as duplicates.',
    input: pushMetricsInput,
    status: 200,
    output: pushMetricsResult,
  }),
  listMetrics: defineOperation({
    method: 'get',
    path: `${place}/metrics`,
    group,
    summary: 'The metrics of an environment, with their labels',
    input: listMetricsInput,
    status: 200,
    output: z.object({ rows: z.array(metricView) }),
  }),
  readChart: defineOperation({
    method: 'get',
    path: `${place}/chart`,
    group,
    summary: 'A measure over time',
    description:
      '`measure` is JSON, for example {"kind":"ratio","numerator":{"metric":"http_requests_total","labels":{"status":"5xx"}},"denominator":{"metric":"http_requests_total"}}.',
    input: readChartInput,
    status: 200,
    output: chartView,
  }),
  listScrapeTargets: defineOperation({
    method: 'get',
    path: '/scrape-targets',
    group,
    summary: 'What is scraped, and how it went the last time',
    input: z.object({}),
    status: 200,
    output: z.object({ rows: z.array(scrapeTargetView) }),
  }),
};
