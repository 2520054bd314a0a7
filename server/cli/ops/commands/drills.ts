import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { nameOf, type PlaceCalls } from '#server/cli/ops/commands/place';
import { pageSizeOf, rowsOf, showRows } from '#server/cli/ops/commands/rows';
import { followStarted } from '#server/cli/ops/commands/start-run';
import type { ExitCode } from '#server/cli/ops/exit-codes';
import { usageFailure } from '#server/cli/ops/failure';
import type { FollowCalls } from '#server/cli/ops/follow/watch';
import { age, duration } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import type { DrillView } from '#server/deployments/drills/contract';

const STATES: Record<DrillView['status'], State> = {
  deploying: 'active',
  rolling_back: 'active',
  succeeded: 'ok',
  failed: 'critical',
};

export async function listDrills(ops: Ops<'listDrills'>, input: CommandInput): Promise<undefined> {
  const rows = rowsOf(input, 20);
  const [service, environment] = (textOf(input, 'environment') ?? '').split('/');
  const found = await ops.call('listDrills', {
    pageSize: pageSizeOf(rows),
    ...(environment ? { service, environment } : { environment: service || undefined }),
  });
  const { now } = ops.screen;
  const columns: Column<DrillView>[] = [
    {
      title: 'State',
      cell: (drill) => ({ state: STATES[drill.status], text: drill.status.replace('_', ' ') }),
    },
    { title: 'Environment', cell: nameOf, flexible: true },
    { title: 'Rollback', cell: rollbackOf, right: true },
    { title: 'Releases', cell: (drill) => `${drill.releaseTag} → ${drill.restoredTag}`, flexible: true },
    { title: 'Runs', cell: runsOf },
    { title: 'Began', cell: (drill) => age(drill.startedAt, now), right: true },
    { title: 'Error', cell: (drill) => drill.error ?? '', flexible: true },
  ];
  showRows(ops.screen, found, rows, columns, 'No drill yet: "ops drills run" makes one.');
  return undefined;
}

function rollbackOf(drill: DrillView): string {
  return drill.rollbackMs === null ? '' : `${duration(drill.rollbackMs)} of ${duration(drill.budgetMs)}`;
}

function runsOf(drill: DrillView): string {
  return [drill.deployRun, drill.rollbackRun].flatMap((run) => (run ? [`#${run.number}`] : [])).join(' ');
}

export async function runDrill(
  ops: Ops<PlaceCalls | FollowCalls | 'requestDrill'>,
  input: CommandInput,
): Promise<ExitCode> {
  const place = await findPractice(ops, input.args[0]);
  await ops.confirm({
    level: 'consequential',
    text: `Deploy a release to ${nameOf(place)} and roll it back, as a drill?`,
    name: nameOf(place),
  });
  const { runId, number, created } = await ops.call('requestDrill', place);
  ops.screen.notice(
    'Its deploy comes first; the rollback follows by itself and is what is timed: "ops drills list".',
  );
  return followStarted(ops, input, { runId, number, created, status: 'queued' });
}

/** The practice environment that a call means: the one named, or the only one. @throws OpsFailure `usage` */
async function findPractice(
  ops: Ops<PlaceCalls>,
  given: string | undefined,
): Promise<{ service: string; environment: string }> {
  const { rows } = await ops.call('listEnvironments', {});
  const all = rows.filter((row) => row.isPractice);
  const found =
    given === undefined ? all : all.filter((row) => nameOf(row) === given || row.environment === given);
  const [only] = found;
  if (only && found.length === 1) {
    if (given === undefined) ops.screen.notice(`On ${nameOf(only)}.`);
    return { service: only.service, environment: only.environment };
  }
  throw usageFailure(
    given === undefined ? 'Say which practice environment.' : `"${given}" is no practice environment.`,
    all.length > 0 ? `There are: ${all.map(nameOf).join(', ')}.` : 'None is configured (practice: true).',
  );
}
