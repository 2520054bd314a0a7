import type { AuditRow } from '#server/audit/contract';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { minute } from '#server/cli/ops/output/format';
import type { Column } from '#server/cli/ops/output/table';

export async function listAudit(ops: Ops<'listAudit'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 30);
  const [service, environment] = (textOf(input, 'environment') ?? '').split('/');
  const found = await ops.call('listAudit', {
    pageSize: pageSizeOf(rows),
    action: textOf(input, 'action'),
    actor: textOf(input, 'actor'),
    search: textOf(input, 'search'),
    ...(environment ? { service, environment } : { environment: service || undefined }),
  });
  const columns: Column<AuditRow>[] = [
    { title: 'When', cell: (row) => minute(row.at) },
    { title: 'Who', cell: (row) => row.actorName, flexible: true },
    { title: 'Action', cell: (row) => row.action, flexible: true },
    { title: 'Target', cell: (row) => row.targetLabel ?? row.targetId ?? row.targetType, flexible: true },
    { title: 'Reason', cell: (row) => row.reason ?? '', flexible: true },
  ];
  showRows(ops.screen, found, rows, columns, 'No entry fits.');
  return undefined;
}
