import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { CalendarClock } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { EmptyState } from '#app/components/ui/notice';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { formatInZone } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { Rule, ScheduleState } from '#app/schedules/schedule-parts';
import { tickLook } from '#app/schedules/tick-look';
import type { ScheduleView } from '#server/schedules/contract';
import { listSchedules } from '#server/schedules/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Schedules');

export const loader = protectedLoader({ access: 'schedules.read' }, async ({ ctx }) => ({
  schedules: await listSchedules(ctx, {}),
}));

const column = createColumnHelper<typeof tableModel, ScheduleView>();

const columns = column.columns([
  column.accessor('title', {
    id: 'title',
    header: 'What starts by itself',
    enableHiding: false,
    meta: { className: 'align-top max-md:w-full' },
    cell: ({ row: { original: schedule } }) => (
      <>
        <Link
          to={paths.schedule(schedule.id)}
          data-row-link
          className="font-medium no-underline hover:underline"
        >
          {schedule.title}
        </Link>
        <span className="block text-s text-muted">
          {schedule.service} / {schedule.environment}
        </span>
        <span className="mt-1.5 grid justify-items-start gap-1.5 md:hidden">
          <ScheduleState schedule={schedule} />
          <span>
            <Rule cron={schedule.cron} inWords={schedule.inWords} />
            <span className="block text-s text-muted">{schedule.timeZone}</span>
          </span>
          <LastTick schedule={schedule} />
        </span>
      </>
    ),
  }),
  column.display({
    id: 'state',
    header: 'State',
    meta: { className: 'align-top', wideOnly: true },
    cell: ({ row: { original: schedule } }) => (
      <>
        <ScheduleState schedule={schedule} />
        {schedule.paused ? (
          <span className="mt-0.5 block max-w-56 text-s text-muted">
            {schedule.paused.byName}: {schedule.paused.reason}
          </span>
        ) : null}
      </>
    ),
  }),
  column.display({
    id: 'rule',
    header: 'When',
    meta: { className: 'align-top', wideOnly: true },
    cell: ({ row: { original: schedule } }) => (
      <>
        <Rule cron={schedule.cron} inWords={schedule.inWords} />
        <span className="block text-s text-muted">{schedule.timeZone}</span>
      </>
    ),
  }),
  column.display({
    id: 'next',
    header: 'Next',
    meta: { className: 'align-top', wideOnly: true },
    cell: ({ row: { original: schedule } }) => <NextTick schedule={schedule} />,
  }),
  column.display({
    id: 'last',
    header: 'Last',
    meta: { className: 'align-top', wideOnly: true },
    cell: ({ row: { original: schedule } }) => <LastTick schedule={schedule} />,
  }),
]);

function NextTick({ schedule }: { schedule: ScheduleView }) {
  const [next] = schedule.nextTicks;
  if (!next)
    return <span className="text-muted">{schedule.paused ? 'When it is resumed' : 'Never again'}</span>;
  return (
    <span className="whitespace-nowrap">
      {formatInZone(next, schedule.timeZone)}
      <span className="block text-s text-muted">
        {formatInZone(next, 'UTC').slice(-5)} UTC, <RelativeTime at={next} />
      </span>
    </span>
  );
}

function LastTick({ schedule: { lastTick } }: { schedule: ScheduleView }) {
  if (!lastTick) return <span className="text-muted">Not yet</span>;
  return (
    <span>
      <StatusMark look={tickLook(lastTick.status)} className="whitespace-nowrap" />
      <span className="block text-s text-muted">
        <RelativeTime at={lastTick.dueAt} />
        {lastTick.byName ? `, by ${lastTick.byName}` : ''}
      </span>
    </span>
  );
}

export default function Schedules() {
  const { schedules } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Schedules">
        What the console starts by itself, on the clock of a place: summer time is taken into account, and
        nothing that was due disappears without a trace.
      </PageHeader>
      <DataTable
        id="schedules"
        caption="Schedules by title"
        columns={columns as never}
        rows={schedules}
        rowId={(schedule) => schedule.id}
        rowHref={(schedule) => paths.schedule(schedule.id)}
        total={schedules.length}
        page={1}
        pageSize={Math.max(1, schedules.length)}
        empty={
          <EmptyState icon={CalendarClock} title="Nothing starts by itself">
            Every environment that the configuration file marks with <code>practice: true</code> gets a weekly
            rollback drill here, some seconds after a worker has started.
          </EmptyState>
        }
      />
    </>
  );
}
