import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findById, shortId } from '#server/cli/ops/commands/find-by-id';
import { nameOf } from '#server/cli/ops/commands/place';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { usageFailure } from '#server/cli/ops/failure';
import { age, clean, minute, when } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import type { AlertSummary } from '#server/monitoring/alerts/contract';
import { ALERT_STATE_LABELS, type AlertState } from '#server/monitoring/alerts/words/contract';
import type { RuleView } from '#server/monitoring/rules/contract';
import {
  RULE_ACTION_LABELS,
  RULE_STATE_LABELS,
  type RuleStateName,
  type Severity,
} from '#server/monitoring/rules/words/contract';

const SEVERITIES: Record<Severity, State> = { critical: 'critical', warning: 'warning', info: 'quiet' };
const STANDINGS: Record<RuleStateName, State> = {
  inactive: 'ok',
  pending: 'warning',
  firing: 'critical',
  unknown: 'warning',
  no_data: 'quiet',
};

function stateOf({ state, severity }: AlertSummary): State {
  if (state === 'resolved') return 'ok';
  return state === 'acknowledged' ? 'quiet' : SEVERITIES[severity];
}

export async function listAlerts(ops: Ops<'listAlerts'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const state = textOf(input, 'state') ?? 'open';
  const found = await ops.call('listAlerts', {
    state: state === 'all' ? undefined : (state as AlertState | 'open'),
    severity: textOf(input, 'severity') as Severity | undefined,
    pageSize: pageSizeOf(rows),
  });
  const { now } = ops.screen;
  const columns: Column<AlertSummary>[] = [
    { title: 'Id', cell: (alert) => shortId(alert.id) },
    {
      title: 'State',
      cell: (alert) => ({ state: stateOf(alert), text: ALERT_STATE_LABELS[alert.state].toLowerCase() }),
    },
    { title: 'Severity', cell: ({ severity }) => severity },
    { title: 'Alert', cell: (alert) => clean(alert.title), flexible: true },
    { title: 'Environment', cell: nameOf, flexible: true },
    { title: 'Fired', cell: ({ openedAt }) => age(openedAt, now), right: true },
    { title: 'By', cell: (alert) => clean(alert.acknowledgedByName ?? '') },
  ];
  showRows(ops.screen, found, rows, columns, state === 'open' ? 'Nothing fires.' : 'There is no such alert.');
  return undefined;
}

export async function showAlert(
  ops: Ops<'listAlerts' | 'getAlert'>,
  input: CommandInput,
): Promise<undefined> {
  const alertId = await find(ops, input);
  const alert = await ops.call('getAlert', { alertId });
  const { paint } = ops.screen;
  ops.screen.show(alert, () => [
    `${paint(stateOf(alert), ALERT_STATE_LABELS[alert.state])}  ${clean(alert.title)}  ${nameOf(alert)}`,
    clean(alert.explanation),
    ...alert.history.map(({ at, text }) => `  ${minute(at)}  ${clean(text)}`),
  ]);
  return undefined;
}

export async function acknowledge(
  ops: Ops<'listAlerts' | 'acknowledgeAlert'>,
  input: CommandInput,
): Promise<undefined> {
  const alertId = await find(ops, input);
  const alert = await ops.call('acknowledgeAlert', {
    alertId,
    note: textOf(input, 'note'),
    minutes: textOf(input, 'minutes'),
  });
  const { now } = ops.screen;
  const until = alert.acknowledgedUntil ? ` until ${when(alert.acknowledgedUntil, now)}` : '';
  ops.screen.show(alert, () => [`You deal with "${clean(alert.title)}"${until}.`]);
  return undefined;
}

export async function resolve(
  ops: Ops<'listAlerts' | 'resolveAlert'>,
  input: CommandInput,
): Promise<undefined> {
  const alertId = await find(ops, input);
  const alert = await ops.call('resolveAlert', { alertId, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show(alert, () => [`"${clean(alert.title)}" is resolved. What goes on breaching fires again.`]);
  return undefined;
}

export async function listRules(ops: Ops<'listRules'>): Promise<undefined> {
  const found = await ops.call('listRules', {});
  const columns: Column<RuleView>[] = [
    { title: 'Key', cell: ({ key }) => key },
    { title: 'State', cell: standingCell },
    { title: 'Severity', cell: ({ severity }) => ({ state: SEVERITIES[severity], text: severity }) },
    { title: 'Rule', cell: (rule) => clean(rule.title), flexible: true },
    {
      title: 'Action',
      cell: ({ action, dryRun }) =>
        `${RULE_ACTION_LABELS[action].toLowerCase()}${dryRun ? ' (dry run)' : ''}`,
      flexible: true,
    },
    { title: 'Channel', cell: ({ channel }) => channel },
  ];
  ops.screen.table(found, found.rows, columns, 'There are no rules.');
  return undefined;
}

function standingCell({ enabled, standings }: RuleView): { state: State; text: string } {
  if (!enabled) return { state: 'quiet', text: 'off' };
  const order: RuleStateName[] = ['firing', 'pending', 'unknown', 'inactive', 'no_data'];
  const worst = order.find((state) => standings.some((each) => each.state === state)) ?? 'no_data';
  return { state: STANDINGS[worst], text: RULE_STATE_LABELS[worst].toLowerCase() };
}

export async function testRule(ops: Ops<'testRule'>, input: CommandInput): Promise<undefined> {
  const test = await ops.call('testRule', { key: input.args[0] ?? '', days: textOf(input, 'days') });
  const { preview } = test;
  const days = Math.round((Date.parse(preview.to) - Date.parse(preview.from)) / 86_400_000);
  ops.screen.show(test, () => [
    clean(preview.words),
    ...test.now.map(
      (each) =>
        `  ${nameOf(each)} now: ${each.value === null ? (each.note ?? 'nothing') : `${Number(each.value.toPrecision(4))}${each.breaches ? ', past the limit' : ''}`}`,
    ),
    `Would have fired ${preview.total === 1 ? 'once' : `${preview.total} times`} in the last ${days === 1 ? 'day' : `${days} days`}.`,
    ...preview.places.flatMap((place) =>
      place.firings.map(
        ({ firedAt, resolvedAt }) =>
          `  ${nameOf(place)}  ${minute(firedAt)}${resolvedAt ? ` to ${minute(resolvedAt)}` : ', and on'}`,
      ),
    ),
    ...(preview.limitation ? [preview.limitation] : []),
  ]);
  return undefined;
}

/** What each word switches, and what is asked first where it matters. */
const SWITCHES: Record<
  string,
  { change: { enabled?: boolean; dryRun?: boolean }; asks?: (key: string) => string }
> = {
  on: { change: { enabled: true } },
  off: {
    change: { enabled: false },
    asks: (key) =>
      `Switch ${key} off? Nothing is looked at, told or done by it any more, and what it has fired is resolved.`,
  },
  dry: { change: { dryRun: true } },
  real: {
    change: { dryRun: false },
    asks: (key) =>
      `Let ${key} act? What its action says is done by the console itself, without asking anybody.`,
  },
};

export async function switchRule(ops: Ops<'switchRule'>, input: CommandInput): Promise<undefined> {
  const wish = SWITCHES[input.args[1] ?? ''];
  if (!wish)
    throw usageFailure('Say on, off, dry or real.', 'For example: ops rules switch error-rate-critical dry');
  const key = input.args[0] ?? '';
  if (wish.asks) await ops.confirm({ level: 'consequential', text: wish.asks(clean(key)), name: key });
  const rule = await ops.call('switchRule', { key, ...wish.change, reason: textOf(input, 'reason') });
  ops.screen.show(rule, () => [
    `${clean(rule.title)} is ${rule.enabled ? 'on' : 'off'}${rule.dryRun ? '; its action is only noted' : ''}.`,
  ]);
  return undefined;
}

const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of the alert that is named by it, or by its end where the newest that are open or resolved have it. */
async function find(ops: Ops<'listAlerts'>, input: CommandInput): Promise<string> {
  const given = input.args[0] ?? '';
  if (WHOLE_ID.test(given)) return given;
  const pages = [
    await ops.call('listAlerts', { state: 'open', pageSize: 200 }),
    await ops.call('listAlerts', { state: 'resolved', pageSize: 200 }),
  ];
  const rows = pages.flatMap((page) => page.rows);
  const isCut = pages.some(({ rows: shown, total }) => shown.length < total);
  return findById(rows, given, { what: 'alert', list: 'ops alerts list', isCut }).id;
}
