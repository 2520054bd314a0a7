import type { Ops } from '#server/cli/ops/command';
import { nameOf } from '#server/cli/ops/commands/place';
import { EXIT, type ExitCode } from '#server/cli/ops/exit-codes';
import { OpsFailure } from '#server/cli/ops/failure';
import { age, clean, clock, cut, when } from '#server/cli/ops/output/format';
import { markOf, stateOfRun, wordOf } from '#server/cli/ops/output/paint';
import type { Screen } from '#server/cli/ops/output/screen';
import { type Cell, type Column, renderTable } from '#server/cli/ops/output/table';
import type { EnvironmentState } from '#server/deployments/contract';
import type { Health } from '#server/http/contract';
import type { ApprovalView, RunSummary } from '#server/runs/contract';

export async function showStatus(ops: Ops<'getOverview' | 'listApprovals'>): Promise<undefined> {
  const client = await ops.client();
  const [health, { environments }, approvals] = await Promise.all([
    client.health(),
    ops.call('getOverview', {}),
    openApprovals(ops),
  ]);
  const { screen } = ops;
  screen.show({ health, environments, approvals }, () => {
    const lines = [
      ...healthLines(screen, health, client.place),
      '',
      ...environmentLines(screen, environments),
      ...(approvals ?? []).map(
        (each) =>
          `${markOf('warning')} Run #${each.number} (${clean(each.title)}) awaits approval, asked for by ${clean(each.requestedByName)}; expires ${age(each.expiresAt, screen.now)}: ops approvals approve ${each.number}`,
      ),
    ];
    return lines.map((line) => cutLine(screen, line));
  });
  return undefined;
}

/** Null for somebody who may see the environments and not the runs. */
async function openApprovals(ops: Ops<'listApprovals'>): Promise<ApprovalView[] | null> {
  try {
    return (await ops.call('listApprovals', { state: 'open', pageSize: 50 })).rows;
  } catch (error) {
    if (error instanceof OpsFailure && error.exitCode === EXIT.denied) return null;
    throw error;
  }
}

export async function showHealth(ops: Ops<never>): Promise<ExitCode> {
  const client = await ops.client();
  const health = await client.health();
  ops.screen.show(health, () =>
    health.checks
      .map((check) =>
        [
          ops.screen.paint(
            check.status === 'ok' ? 'ok' : 'critical',
            `${markOf(check.status === 'ok' ? 'ok' : 'critical')} ${check.name} ${check.status}`,
          ),
          `${check.durationMs} ms`,
          check.message ? clean(check.message) : '',
        ]
          .filter(Boolean)
          .join('  '),
      )
      .concat(`${health.status}, version ${health.version}, at ${client.place}`),
  );
  return health.status === 'healthy' ? EXIT.done : EXIT.unavailable;
}

function healthLines(screen: Screen, health: Health, place: string): string[] {
  const isWell = health.status === 'healthy';
  const state = isWell ? 'ok' : 'critical';
  return [
    `${screen.paint(state, `${markOf(state)} ${health.status}`)}  ${place}, version ${health.version}`,
    ...health.checks
      .filter((check) => check.status !== 'ok')
      .map((check) => `  ${check.name}: ${clean(check.message ?? check.status)}`),
  ];
}

function environmentLines(screen: Screen, environments: readonly EnvironmentState[]): string[] {
  const { now, paint } = screen;
  const columns: Column<EnvironmentState>[] = [
    { title: 'Environment', cell: (each) => `${nameOf(each)}${each.isPractice ? ' (practice)' : ''}` },
    { title: 'Live', cell: (each) => each.live?.tag ?? 'nothing' },
    { title: 'State', cell: liveState },
    { title: 'Since', cell: (each) => (each.live ? when(each.live.since, now) : '') },
  ];
  const [heading = '', ...rows] = renderTable(environments, columns, { width: null, paint });
  const blocks = environments.flatMap((each, index) => [rows[index] ?? '', ...detailLines(screen, each)]);
  return [heading, ...blocks];
}

function liveState({ live }: EnvironmentState): Cell {
  if (!live) return '';
  if (live.verdict === 'faulty') return { state: 'critical', text: 'marked faulty' };
  return live.validated ? { state: 'ok', text: 'validated' } : { state: 'warning', text: 'not validated' };
}

function detailLines({ now }: Screen, each: EnvironmentState): string[] {
  const lines: string[] = [];
  const { lock, freeze, activeRun, rollbackTarget, noRollbackReason } = each;
  if (activeRun) lines.push(`  run       ${runText(activeRun, now)}`);
  if (lock)
    lines.push(`  locked    ${clean(lock.reason)} (${clean(lock.lockedByName)}, ${age(lock.lockedAt, now)})`);
  if (freeze)
    lines.push(
      `  frozen    until ${when(freeze.until, now)}: ${clean(freeze.reason)} (${clean(freeze.byName)})`,
    );
  const back = rollbackTarget ? `would go to ${rollbackTarget.tag}` : clean(noRollbackReason ?? '');
  if (back) lines.push(`  rollback  ${back}`);
  return lines;
}

function runText(run: RunSummary, nowMs: number): string {
  const spent = run.startedAt ? `${clock(nowMs - Date.parse(run.startedAt))} of ${clock(run.budgetMs)}` : '';
  const parts = [wordOf(run.status), run.currentStep ? clean(run.currentStep) : '', spent].filter(Boolean);
  return `${markOf(stateOfRun(run.status))} #${run.number} ${clean(run.title)}: ${parts.join(', ')}`;
}

/** A line of prose in a table's company: cut where it would wrap. Lines with colours are short enough. */
function cutLine(screen: Screen, line: string): string {
  return screen.width === null || line.includes('\u001b') ? line : cut(line, screen.width);
}
