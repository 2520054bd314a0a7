import type { ImpactEntry, IncidentImpact } from '#server/business/contract';
import { moneyWords, revenueWords, usersWords } from '#server/business/words/contract';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { incidentNumberOf } from '#server/cli/ops/commands/incident-number';
import { usageFailure } from '#server/cli/ops/failure';
import { clean, duration, minute } from '#server/cli/ops/output/format';

type Calls = 'getIncidentImpact' | 'estimateIncidentImpact' | 'overrideIncidentImpact';

export async function showImpact(ops: Ops<Calls>, input: CommandInput): Promise<undefined> {
  const number = incidentNumberOf(input);
  const [revenue, users] = [rangeOf(input, 'revenue'), rangeOf(input, 'users')];
  const reason = textOf(input, 'reason');
  const isSaid = revenue !== null || users !== null;
  const isEstimate = input.options.estimate === true;
  if (isSaid && isEstimate) throw usageFailure('Estimate it or say it yourself, one at a time.');
  if (isSaid && reason === undefined) throw usageFailure('Say how you know, with --reason.');
  if (!isSaid && reason !== undefined)
    throw usageFailure('Say what it cost, with --revenue or --users.', 'For example: --revenue 120-340.50');
  let impact: IncidentImpact;
  if (isEstimate) impact = await ops.call('estimateIncidentImpact', { number });
  else {
    impact = await ops.call('getIncidentImpact', { number });
    if (isSaid)
      impact = await ops.call('overrideIncidentImpact', {
        number,
        seen: impact.history[0]?.id ?? '0',
        revenueLow: revenue?.low,
        revenueHigh: revenue?.high,
        currency: textOf(input, 'currency'),
        usersLow: users?.low,
        usersHigh: users?.high,
        reason: reason ?? '',
      });
  }
  const shown = impact;
  ops.screen.show(shown, () => linesOf(shown));
  return undefined;
}

/** `12-40` or `12`. @throws OpsFailure `usage` */
function rangeOf(input: CommandInput, name: 'revenue' | 'users'): { low: string; high: string } | null {
  const given = textOf(input, name);
  if (given === undefined) return null;
  const [, low, high = low] = /^\s*([\d.,]+)\s*(?:-\s*([\d.,]+)\s*)?$/.exec(given) ?? [];
  if (low === undefined || high === undefined)
    throw usageFailure(`--${name}: "${given}" is no range.`, 'Write the least and the most, like 120-340.');
  return { low, high };
}

function linesOf({ incidentName, durationMs, current, history, sourceProblem }: IncidentImpact): string[] {
  const head = `${incidentName} lasted ${duration(durationMs)}.`;
  if (current === null) return [head, sourceProblem ?? 'Nobody has estimated yet what it cost.'];
  const who =
    current.kind === 'override'
      ? `Said by ${clean(current.authorName)} at ${minute(current.recordedAt)}: ${clean(current.reason ?? '')}`
      : `Estimated by ${clean(current.authorName)} at ${minute(current.recordedAt)}, of ${minute(current.from)} to ${minute(current.until)}.`;
  return [
    head,
    `Lost revenue: ${clean(revenueWords(current))}`,
    `Users affected: ${clean(usersWords(current))}`,
    who,
    ...inputsOf(current),
    ...(history.length > 1 ? [`${history.length - 1} other entries; all with --json.`] : []),
  ];
}

function inputsOf({ inputs }: ImpactEntry): string[] {
  if (inputs === null) return [];
  const { actual, currency, weeks } = inputs;
  const money = (minor: number) => moneyWords(minor, currency);
  return [
    `  Then: ${actual.orders} orders, ${money(actual.revenueMinor)}, ${actual.failedPayments} of ${actual.payments} payments failed, ${actual.visitors} visitors`,
    ...weeks.map(({ weeksBefore, sums, leftOut }) => {
      const title = weeksBefore === 1 ? '1 week before' : `${weeksBefore} weeks before`;
      return `  ${title}: ${sums ? `${sums.orders} orders, ${money(sums.revenueMinor)}, ${sums.failedPayments} of ${sums.payments} payments failed, ${sums.visitors} visitors` : `left out. ${leftOut}`}`;
    }),
  ];
}
