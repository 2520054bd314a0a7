import { setTimeout as delay } from 'node:timers/promises';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findById, shortId } from '#server/cli/ops/commands/find-by-id';
import { findPlace, nameOf, type PlaceCalls } from '#server/cli/ops/commands/place';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { EXIT, type ExitCode } from '#server/cli/ops/exit-codes';
import { usageFailure } from '#server/cli/ops/failure';
import { age, clean } from '#server/cli/ops/output/format';
import { markOf, type State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import type { CheckResultView, CheckRow, CheckView } from '#server/monitoring/checks/contract';
import {
  CHECK_OUTCOME_LABELS,
  CHECK_STATE_LABELS,
  type CheckKind,
  type CheckOutcome,
  type CheckState,
  whyNotWell,
} from '#server/monitoring/checks/words/contract';

const STATES: Record<CheckState, State> = {
  ok: 'ok',
  failed: 'critical',
  not_run: 'warning',
  waiting: 'quiet',
  paused: 'quiet',
};
const PAGE = 200;
/** How long the result of a check that was asked to run is waited for, and how often it is looked for, ms. */
const RESULT_WAIT_MS = 70_000;
const RESULT_LOOK_MS = 250;

const percent = (value: number | null): string => (value === null ? '' : `${value.toFixed(2)} %`);

export async function listChecks(ops: Ops<'listChecks'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 50);
  const found = await ops.call('listChecks', {
    ...placeOf(textOf(input, 'environment')),
    state: textOf(input, 'state') as CheckState | undefined,
    pageSize: pageSizeOf(rows),
  });
  const { now } = ops.screen;
  const columns: Column<CheckRow>[] = [
    { title: 'Id', cell: (check) => shortId(check.id) },
    {
      title: 'State',
      cell: ({ state }) => ({ state: STATES[state], text: CHECK_STATE_LABELS[state].toLowerCase() }),
    },
    { title: 'Check', cell: (check) => clean(check.title), flexible: true },
    { title: 'Environment', cell: nameOf, flexible: true },
    { title: 'Last', cell: ({ lastAt }) => (lastAt ? age(lastAt, now) : ''), right: true },
    {
      title: 'Took',
      cell: (check) => (check.lastDurationMs === null ? '' : `${check.lastDurationMs} ms`),
      right: true,
    },
    { title: '24 h', cell: (check) => percent(check.uptimeDay), right: true },
    { title: '90 d', cell: (check) => percent(check.uptimeQuarter), right: true },
  ];
  showRows(ops.screen, found, rows, columns, 'There is no such check.');
  return undefined;
}

function placeOf(given: string | undefined): { service?: string; environment?: string } {
  if (given === undefined) return {};
  const [first = '', second] = given.split('/');
  return second === undefined ? { environment: first } : { service: first, environment: second };
}

export async function showServiceHealth(
  ops: Ops<PlaceCalls | 'getServiceHealth'>,
  input: CommandInput,
): Promise<ExitCode> {
  const place = await findPlace(ops, input.args[0]);
  const health = await ops.call('getServiceHealth', place);
  const { paint } = ops.screen;
  ops.screen.show(health, () => [
    `${paint(STATES[health.state], `${markOf(STATES[health.state])} ${CHECK_STATE_LABELS[health.state]}`)}  ${nameOf(health)}`,
    ...health.subChecks.map(({ name, status, durationMs, message }) => {
      const state: State = status === 'ok' ? 'ok' : 'critical';
      const words = message ? `  ${clean(message)}` : '';
      return `  ${paint(state, `${markOf(state)} ${clean(name)} ${status}`)}  ${Math.round(durationMs)} ms${words}`;
    }),
    ...(health.checks.length > 0 ? ['Checks:'] : ['It has no checks.']),
    ...health.checks.map((check) => `  ${lineOf(ops, check)}`),
  ]);
  return health.state === 'ok' ? EXIT.done : EXIT.unavailable;
}

function lineOf({ screen }: Pick<Ops<never>, 'screen'>, check: CheckView): string {
  const state = STATES[check.state];
  const parts = [
    screen.paint(
      state,
      `${markOf(state)} ${clean(check.title)}: ${CHECK_STATE_LABELS[check.state].toLowerCase()}`,
    ),
    check.lastDurationMs === null ? '' : `${check.lastDurationMs} ms`,
    clean(check.pauseReason ?? whyNotWell(check) ?? ''),
  ];
  return parts.filter(Boolean).join('  ');
}

export async function listResults(
  ops: Ops<'listChecks' | 'listCheckResults'>,
  input: CommandInput,
): Promise<undefined> {
  const { id: checkId } = await find(ops, input);
  const rows = rowsOf(input, 50);
  const found = await ops.call('listCheckResults', { checkId, pageSize: pageSizeOf(rows) });
  const { now } = ops.screen;
  const columns: Column<CheckResultView>[] = [
    { title: 'When', cell: ({ at }) => age(at, now) },
    {
      title: 'Outcome',
      cell: ({ outcome }) => ({ state: STATES[outcome], text: CHECK_OUTCOME_LABELS[outcome].toLowerCase() }),
    },
    { title: 'Took', cell: ({ durationMs }) => `${durationMs} ms`, right: true },
    { title: 'Status', cell: ({ statusCode }) => String(statusCode ?? ''), right: true },
    { title: 'Why', cell: ({ message }) => clean(message ?? ''), flexible: true },
  ];
  showRows(ops.screen, found, rows, columns, 'It has not run yet.');
  return undefined;
}

function settingsOf(input: CommandInput) {
  return {
    url: textOf(input, 'address'),
    host: textOf(input, 'host'),
    port: textOf(input, 'port'),
    expectStatus: textOf(input, 'expectStatus'),
    bodyIncludes: textOf(input, 'includes'),
    intervalSeconds: textOf(input, 'interval'),
    timeoutMs: textOf(input, 'timeout'),
  };
}

export async function addCheck(
  ops: Ops<PlaceCalls | 'createCheck'>,
  input: CommandInput,
): Promise<undefined> {
  const place = await findPlace(ops, input.args[1]);
  const check = await ops.call('createCheck', {
    ...place,
    key: input.args[0] ?? '',
    title: textOf(input, 'title') ?? '',
    kind: textOf(input, 'kind') as CheckKind,
    ...settingsOf(input),
  });
  ops.screen.show(check, () => [
    `${clean(check.title)} asks ${clean(check.target)} every ${check.intervalSeconds} s from now on.`,
  ]);
  return undefined;
}

export async function changeCheck(
  ops: Ops<'listChecks' | 'changeCheck'>,
  input: CommandInput,
): Promise<undefined> {
  const { id: checkId } = await find(ops, input);
  const check = await ops.call('changeCheck', {
    checkId,
    title: textOf(input, 'title'),
    ...settingsOf(input),
  });
  ops.screen.show(check, () => [
    `${clean(check.title)} asks ${clean(check.target)} every ${check.intervalSeconds} s.`,
  ]);
  return undefined;
}

export async function removeCheck(
  ops: Ops<'listChecks' | 'removeCheck'>,
  input: CommandInput,
): Promise<undefined> {
  const check = await find(ops, input);
  await ops.confirm({
    level: 'consequential',
    text: `Take away "${clean(check.title)}" of ${nameOf(check)}?`,
    name: nameOf(check),
  });
  await ops.call('removeCheck', { checkId: check.id });
  ops.screen.show({ checkId: check.id, removed: true }, () => [`${clean(check.title)} is taken away.`]);
  return undefined;
}

export async function pauseCheck(
  ops: Ops<'listChecks' | 'pauseCheck'>,
  input: CommandInput,
): Promise<undefined> {
  const { id: checkId } = await find(ops, input);
  const check = await ops.call('pauseCheck', { checkId, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show(check, () => [`${clean(check.title)} rests until somebody resumes it.`]);
  return undefined;
}

export async function resumeCheck(
  ops: Ops<'listChecks' | 'resumeCheck'>,
  input: CommandInput,
): Promise<undefined> {
  const { id: checkId } = await find(ops, input);
  const check = await ops.call('resumeCheck', { checkId });
  ops.screen.show(check, () => [`${clean(check.title)} runs again every ${check.intervalSeconds} s.`]);
  return undefined;
}

export async function runCheck(
  ops: Ops<'listChecks' | 'runCheckNow' | 'listCheckResults'>,
  input: CommandInput,
): Promise<ExitCode> {
  const { id: checkId, title } = await find(ops, input);
  const before = await ops.call('runCheckNow', { checkId });
  if (input.options.wait !== true) {
    ops.screen.show(before, () => [`${clean(title)} runs now; "ops checks results" shows what it brings.`]);
    return EXIT.done;
  }
  const deadline = performance.now() + RESULT_WAIT_MS;
  for (;;) {
    const [latest] = (await ops.call('listCheckResults', { checkId, pageSize: 10 })).rows;
    if (latest && latest.at !== before.lastAt) {
      const state = STATES[latest.outcome satisfies CheckOutcome];
      ops.screen.show(latest, () => [
        `${ops.screen.paint(state, `${markOf(state)} ${clean(title)}: ${CHECK_OUTCOME_LABELS[latest.outcome].toLowerCase()}`)}  ${latest.durationMs} ms`,
        ...(latest.message ? [`  ${clean(latest.message)}`] : []),
      ]);
      return latest.outcome === 'ok' ? EXIT.done : EXIT.unavailable;
    }
    if (performance.now() > deadline) {
      ops.screen.show({ checkId, result: null }, () => [
        'No worker took it. "ops status" says whether one runs.',
      ]);
      return EXIT.unavailable;
    }
    await delay(RESULT_LOOK_MS, undefined, { signal: ops.signal });
  }
}

/** The check that is named by its id, or by its key, with its environment where several have it. */
async function find(ops: Ops<'listChecks'>, input: CommandInput): Promise<CheckRow> {
  const given = input.args[0] ?? '';
  const rows: CheckRow[] = [];
  for (let page = 1; ; page += 1) {
    const found = await ops.call('listChecks', { page, pageSize: PAGE });
    rows.push(...found.rows);
    if (rows.length >= found.total || found.rows.length === 0) break;
  }
  const byKey = rows.filter(
    (row) =>
      row.key === given || `${row.environment}/${row.key}` === given || `${nameOf(row)}/${row.key}` === given,
  );
  const [only] = byKey;
  if (only && byKey.length === 1) return only;
  if (byKey.length > 1) {
    throw usageFailure(
      `Several environments have a check "${given}".`,
      `Name one of: ${byKey.map((row) => `${nameOf(row)}/${row.key}`).join(', ')}.`,
    );
  }
  return findById(rows, given, { what: 'check', list: 'ops checks list' });
}
