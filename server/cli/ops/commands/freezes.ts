import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findById, shortId } from '#server/cli/ops/commands/find-by-id';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { usageFailure } from '#server/cli/ops/failure';
import { minute, when } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import type { FreezeView } from '#server/deployments/freezes/contract';

const STATES: Record<FreezeView['status'], State> = { active: 'warning', upcoming: 'quiet', past: 'quiet' };

export async function listFreezes(ops: Ops<'listFreezes'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const found = await ops.call('listFreezes', {
    state: input.options.all === true ? undefined : 'current',
    pageSize: pageSizeOf(rows),
  });
  const columns: Column<FreezeView>[] = [
    { title: 'Id', cell: (freeze) => shortId(freeze.id) },
    { title: 'State', cell: (freeze) => ({ state: STATES[freeze.status], text: freeze.status }) },
    { title: 'Where', cell: whereOf, flexible: true },
    { title: 'When', cell: whenOf, flexible: true },
    { title: 'Reason', cell: (freeze) => freeze.reason, flexible: true },
    { title: 'By', cell: (freeze) => freeze.createdByName, flexible: true },
  ];
  showRows(ops.screen, found, rows, columns, 'No freeze is active or coming.');
  return undefined;
}

function whereOf(freeze: FreezeView): string {
  if (!freeze.service && !freeze.environment) return 'everywhere';
  return `${freeze.service ?? '*'}/${freeze.environment ?? '*'}`;
}

function whenOf(freeze: FreezeView): string {
  if (freeze.activeUntil) return `until ${minute(freeze.activeUntil)}`;
  const next = freeze.next[0];
  if (next) return `from ${minute(next.startsAt)}`;
  return freeze.endedAt || freeze.endsAt ? `ended ${minute(freeze.endedAt ?? freeze.endsAt ?? '')}` : '';
}

export async function createFreeze(ops: Ops<'createFreeze'>, input: CommandInput): Promise<undefined> {
  const [service, environment, ...more] = (textOf(input, 'environment') ?? '').split('/');
  if (more.length > 0)
    throw usageFailure('--environment: name it as service/environment, or a service alone.');
  const made = await ops.call('createFreeze', {
    service: service || undefined,
    environment: environment || undefined,
    reason: textOf(input, 'reason') ?? '',
    startsAt: textOf(input, 'from'),
    endsAt: textOf(input, 'until'),
    cron: textOf(input, 'cron'),
    durationMinutes: textOf(input, 'minutes'),
    timeZone: textOf(input, 'zone'),
  });
  ops.screen.show(made, () => [
    `Freeze ${shortId(made.id)} is ${made.status} for ${whereOf(made)}: ${
      made.activeUntil
        ? `until ${when(made.activeUntil, ops.screen.now)}`
        : `from ${made.next[0] ? when(made.next[0].startsAt, ops.screen.now) : 'never'}`
    }. Rollbacks go on.`,
  ]);
  return undefined;
}

export async function endFreeze(
  ops: Ops<'listFreezes' | 'endFreeze'>,
  input: CommandInput,
): Promise<undefined> {
  const given = input.args[0] ?? '';
  const { rows } = await ops.call('listFreezes', { state: 'current', pageSize: 200 });
  const freezeId = findById(rows, given, { what: 'freeze', list: 'ops freezes list' }).id;
  const ended = await ops.call('endFreeze', { freezeId, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show(ended, () => [
    `Freeze ${shortId(ended.id)} has ended: deploys to ${whereOf(ended)} may go.`,
  ]);
  return undefined;
}
