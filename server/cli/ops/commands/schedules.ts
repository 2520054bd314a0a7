import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findById, shortId } from '#server/cli/ops/commands/find-by-id';
import { nameOf } from '#server/cli/ops/commands/place';
import { age, when } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import type { ScheduleView } from '#server/schedules/contract';

export async function listSchedules(ops: Ops<'listSchedules'>): Promise<undefined> {
  const found = await ops.call('listSchedules', {});
  const { now } = ops.screen;
  const columns: Column<ScheduleView>[] = [
    { title: 'Id', cell: (schedule) => shortId(schedule.id) },
    { title: 'State', cell: stateOf },
    { title: 'What', cell: (schedule) => schedule.title, flexible: true },
    { title: 'Environment', cell: nameOf, flexible: true },
    { title: 'When', cell: (schedule) => `${schedule.cron} ${schedule.timeZone}`, flexible: true },
    { title: 'Next', cell: ({ nextTicks: [next] }) => (next ? age(next, now) : ''), right: true },
  ];
  ops.screen.table(found, found.rows, columns, 'Nothing starts by itself.');
  return undefined;
}

function stateOf(schedule: ScheduleView): { state: State; text: string } {
  if (schedule.paused) return { state: 'warning', text: 'paused' };
  return schedule.isGoingOn ? { state: 'active', text: 'going on' } : { state: 'ok', text: 'on' };
}

async function find(ops: Ops<'listSchedules'>, input: CommandInput): Promise<ScheduleView> {
  const given = input.args[0] ?? '';
  const { rows } = await ops.call('listSchedules', {});
  const byKey = rows.find((row) => row.key === given);
  return byKey ?? findById(rows, given, { what: 'schedule', list: 'ops schedules list' });
}

export async function pauseSchedule(
  ops: Ops<'listSchedules' | 'pauseSchedule'>,
  input: CommandInput,
): Promise<undefined> {
  const schedule = await find(ops, input);
  await ops.call('pauseSchedule', { scheduleId: schedule.id, reason: textOf(input, 'reason') ?? '' });
  ops.screen.show({ scheduleId: schedule.id, paused: true }, () => [
    `${schedule.title} starts nothing by the clock until it is resumed.`,
  ]);
  return undefined;
}

export async function resumeSchedule(
  ops: Ops<'listSchedules' | 'getSchedule' | 'resumeSchedule'>,
  input: CommandInput,
): Promise<undefined> {
  const { id: scheduleId } = await find(ops, input);
  await ops.call('resumeSchedule', { scheduleId });
  const schedule = await ops.call('getSchedule', { scheduleId });
  ops.screen.show(schedule, () => {
    const [next] = schedule.nextTicks;
    return [`${schedule.title} is on again${next ? `: next ${when(next, ops.screen.now)}` : ''}.`];
  });
  return undefined;
}

export async function runSchedule(
  ops: Ops<'listSchedules' | 'runScheduleNow'>,
  input: CommandInput,
): Promise<undefined> {
  const schedule = await find(ops, input);
  await ops.confirm({
    level: 'consequential',
    text: `Start "${schedule.title}" on ${nameOf(schedule)} now?`,
    name: nameOf(schedule),
  });
  const started = await ops.call('runScheduleNow', { scheduleId: schedule.id });
  ops.screen.show(started, () => [
    started.runId
      ? `Started: follow it with "ops runs tail ${started.runId}".`
      : `Nothing was started; "ops schedules list" and the schedule's page say why.`,
  ]);
  return undefined;
}
