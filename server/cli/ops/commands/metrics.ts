import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findPlace, nameOf, type PlaceCalls } from '#server/cli/ops/commands/place';
import { EXIT, type ExitCode } from '#server/cli/ops/exit-codes';
import { usageFailure } from '#server/cli/ops/failure';
import { age, clean } from '#server/cli/ops/output/format';
import type { Column } from '#server/cli/ops/output/table';
import type { ChartView, Measure, MetricKind, MetricView, ScrapeTargetView } from '#server/metrics/contract';

export async function listMetrics(
  ops: Ops<PlaceCalls | 'listMetrics'>,
  input: CommandInput,
): Promise<undefined> {
  const place = await findPlace(ops, input.args[0]);
  const found = await ops.call('listMetrics', place);
  const columns: Column<MetricView>[] = [
    { title: 'Metric', cell: ({ name }) => clean(name) },
    { title: 'Kind', cell: ({ kind }) => kind },
    { title: 'Series', cell: ({ series }) => String(series), right: true },
    {
      title: 'Labels',
      cell: ({ labels }) => labels.map(({ name, values }) => clean(`${name}=${values.join('|')}`)).join(' '),
      flexible: true,
    },
  ];
  ops.screen.table(found, found.rows, columns, `Nothing was ever measured on ${nameOf(place)}.`);
  return undefined;
}

const BY_KIND: Record<MetricKind, string> = { counter: 'rate', gauge: 'avg', histogram: 'p95' };
const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export async function showMetric(
  ops: Ops<PlaceCalls | 'listMetrics' | 'readChart'>,
  input: CommandInput,
): Promise<undefined> {
  const name = input.args[0] ?? '';
  const spanMs = durationOf(textOf(input, 'last') ?? '1h');
  const labels = labelsOf(input.options.label);
  const place = await findPlace(ops, input.args[1]);
  const metric = (await ops.call('listMetrics', place)).rows.find((each) => each.name === name);
  if (!metric) {
    throw usageFailure(`${nameOf(place)} has no metric "${name}".`, 'See "ops metrics list".');
  }
  const how = textOf(input, 'kind') ?? BY_KIND[metric.kind];
  const chart = await ops.call('readChart', {
    ...place,
    measure: measureOf(how, name, labels),
    from: new Date(ops.screen.now - spanMs).toISOString(),
    to: new Date(ops.screen.now).toISOString(),
    points: textOf(input, 'points') ?? 30,
  });
  const columns: Column<ChartView['points'][number]>[] = [
    { title: 'From (UTC)', cell: ({ at }) => at.slice(0, 19).replace('T', ' ') },
    {
      title: how,
      cell: ({ value }) => (value === null ? '–' : String(Number(value.toPrecision(4)))),
      right: true,
    },
  ];
  ops.screen.table(chart, chart.points, columns, 'Nothing is known of that time.');
  return undefined;
}

function measureOf(how: string, metric: string, labels: Record<string, string> | undefined): Measure {
  const what = { metric, ...(labels ? { labels } : {}) };
  switch (how) {
    case 'rate':
    case 'increase':
      return { kind: how, ...what };
    case 'p50':
    case 'p95':
    case 'p99':
      return { kind: 'quantile', ...what, q: how === 'p50' ? 0.5 : how === 'p95' ? 0.95 : 0.99 };
    case 'max':
    case 'min':
    case 'last':
      return { kind: 'gauge', ...what, aggregate: how };
    default:
      return { kind: 'gauge', ...what, aggregate: 'avg' };
  }
}

/** `15m`, `6h`, `7d` in ms. @throws OpsFailure `usage` */
function durationOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,4})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (!(ms > 0)) throw usageFailure(`"${text}" is no time.`, 'Write it as 15m, 6h or 7d.');
  return ms;
}

function labelsOf(given: string | boolean | string[] | undefined): Record<string, string> | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined;
  return Object.fromEntries(
    given.map((each) => {
      const at = each.indexOf('=');
      if (at < 1) throw usageFailure(`"${each}" is no label.`, 'Write it as status=5xx.');
      return [each.slice(0, at), each.slice(at + 1)];
    }),
  );
}

/** Scrapes that may be missed before the last one says nothing any more, and the least time that they are given, ms. */
const OVERDUE_SCRAPES = 3;
const OVERDUE_LEAST_MS = 60_000;

function isOverdue({ lastScrapedAt, intervalMs }: ScrapeTargetView, now: number): boolean {
  const patienceMs = Math.max(OVERDUE_SCRAPES * intervalMs, OVERDUE_LEAST_MS);
  return lastScrapedAt !== null && Date.parse(lastScrapedAt) < now - patienceMs;
}

export async function listTargets(ops: Ops<'listScrapeTargets'>, _input: CommandInput): Promise<ExitCode> {
  const found = await ops.call('listScrapeTargets', {});
  const { now } = ops.screen;
  const columns: Column<ScrapeTargetView>[] = [
    { title: 'Environment', cell: nameOf },
    {
      title: 'State',
      cell: (target) =>
        target.lastError
          ? { state: 'critical', text: 'brought nothing' }
          : isOverdue(target, now)
            ? { state: 'critical', text: 'not scraped for long' }
            : target.lastScrapedAt
              ? { state: 'ok', text: 'well' }
              : { state: 'quiet', text: 'not yet' },
    },
    {
      title: 'Last',
      cell: ({ lastScrapedAt }) => (lastScrapedAt ? age(lastScrapedAt, now) : ''),
      right: true,
    },
    { title: 'Samples', cell: ({ lastSamples }) => String(lastSamples ?? ''), right: true },
    { title: 'Every', cell: ({ intervalMs }) => `${intervalMs / 1_000} s`, right: true },
    { title: 'Address', cell: ({ url, lastError }) => clean(lastError ?? url), flexible: true },
  ];
  ops.screen.table(found, found.rows, columns, 'Nothing is scraped.');
  return found.rows.some((target) => target.lastError !== null || isOverdue(target, now))
    ? EXIT.unavailable
    : EXIT.done;
}
