import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { createColumnHelper } from '@tanstack/react-table';
import { CalendarClock, Download, Pause, Pencil, Play } from 'lucide-react';
import { DataTable } from '#app/components/data-table/data-table';
import type { tableModel } from '#app/components/data-table/features';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { EmptyState, FailureNotice, Notice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatInZone } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { DueTimes, ScheduleState } from '#app/schedules/schedule-parts';
import { tickLook } from '#app/schedules/tick-look';
import { whyNot } from '#server/auth/contract';
import { pauseSchedule, resumeSchedule } from '#server/schedules/commands';
import { MISSED_LABELS, OVERLAP_LABELS, type ScheduleView, type TickView } from '#server/schedules/contract';
import { getSchedule, listTicks } from '#server/schedules/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, args.data?.schedule.title ?? 'Schedule');

const TICKS_SHOWN = 25;

export const loader = protectedLoader({ access: 'schedules.read' }, async ({ ctx, params, url }) => {
  const scheduleId = params.scheduleId ?? '';
  const page = url.searchParams.get('page') || undefined;
  const [schedule, ticks] = await Promise.all([
    getSchedule(ctx, { scheduleId }),
    listTicks(ctx, { scheduleId, page, pageSize: TICKS_SHOWN }),
  ]);
  return { schedule, ticks };
});

export const action = protectedAction({
  intents: {
    pause: {
      access: 'schedules.manage',
      handle: async ({ ctx, context, params, form }) => {
        const { scheduleId = '' } = params;
        await pauseSchedule(ctx, { scheduleId, reason: form.reason });
        return redirectWithToast(context, paths.schedule(scheduleId), {
          kind: 'success',
          message: 'Paused. Nothing starts by the clock until somebody resumes it.',
        });
      },
    },
    resume: {
      access: 'schedules.manage',
      handle: async ({ ctx, context, params }) => {
        const { scheduleId = '' } = params;
        await resumeSchedule(ctx, { scheduleId });
        return redirectWithToast(context, paths.schedule(scheduleId), {
          kind: 'success',
          message: 'Resumed. What was due while it was paused is not made up for.',
        });
      },
    },
  },
});

const column = createColumnHelper<typeof tableModel, TickView & { timeZone: string }>();

const columns = column.columns([
  column.accessor('dueAt', {
    id: 'due',
    header: 'Due',
    enableHiding: false,
    meta: { className: 'align-top max-md:w-full' },
    cell: ({ row: { original: tick } }) => (
      <>
        <span className="whitespace-nowrap">
          <span className="font-medium">{formatInZone(tick.dueAt, tick.timeZone)}</span>{' '}
          <RelativeTime at={tick.dueAt} className="ml-2 text-s text-muted" />
        </span>
        <span className="mt-0.5 grid gap-0.5 md:hidden">
          <Outcome tick={tick} />
          {tick.reason ? <span className="text-pretty text-muted">{tick.reason}</span> : null}
          <By tick={tick} />
        </span>
      </>
    ),
  }),
  column.display({
    id: 'utc',
    header: 'UTC',
    meta: { className: 'align-top whitespace-nowrap text-muted', wideOnly: true },
    cell: ({ row: { original: tick } }) => formatInZone(tick.dueAt, 'UTC'),
  }),
  column.accessor('status', {
    id: 'status',
    header: 'What became of it',
    meta: { className: 'align-top whitespace-nowrap', wideOnly: true },
    cell: ({ row }) => <Outcome tick={row.original} />,
  }),
  column.display({
    id: 'by',
    header: 'Started by',
    meta: { className: 'align-top whitespace-nowrap', wideOnly: true },
    cell: ({ row }) => <By tick={row.original} />,
  }),
  column.accessor('reason', {
    id: 'reason',
    header: 'Why',
    meta: { className: 'align-top w-2/5', wideOnly: true },
    cell: ({ row }) => <span className="text-pretty text-muted">{row.original.reason}</span>,
  }),
]);

function Outcome({ tick }: { tick: TickView }) {
  return (
    <span className="inline-flex items-center gap-2">
      <StatusMark look={tickLook(tick.status)} />
      {tick.runId ? (
        <Link to={paths.run(tick.runId)} className="link text-muted">
          its run
        </Link>
      ) : null}
    </span>
  );
}

function By({ tick }: { tick: TickView }) {
  return <span className="text-muted max-md:text-s">{tick.byName ?? 'the clock'}</span>;
}

export default function Schedule() {
  const { schedule, ticks } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const { canManage, canRunNow, isGoingOn } = schedule;
  const rows = ticks.rows.map((tick) => ({ ...tick, timeZone: schedule.timeZone }));
  return (
    <>
      <PageHeader
        title={
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            {schedule.title} <ScheduleState schedule={schedule} />
          </span>
        }
        actions={
          <>
            <LinkButton
              to={paths.changeSchedule(schedule.id)}
              blockedBy={canManage ? null : whyNot('schedules.manage')}
            >
              <Pencil aria-hidden="true" size={14} />
              Change
            </LinkButton>
            <LinkButton
              to={paths.runSchedule(schedule.id)}
              look="primary"
              blockedBy={canRunNow ? (isGoingOn ? 'It is still going on.' : null) : whyNot('drills.run')}
            >
              <Play aria-hidden="true" size={14} />
              Run now
            </LinkButton>
          </>
        }
      >
        in {schedule.service} / {schedule.environment}
        {' · '}
        <Link to={paths.schedules()} className="link">
          all schedules
        </Link>
      </PageHeader>
      <div className="grid gap-4">
        <FailureNotice failure={failure} />
        {schedule.paused ? <PausedNotice schedule={schedule} paused={schedule.paused} /> : null}
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Section title="When it starts">
            <p className="mb-3 text-l leading-snug font-semibold">
              {schedule.inWords ?? <code>{schedule.cron}</code>}
            </p>
            <Facts
              items={[
                ['Time zone', schedule.timeZone],
                ['Rule', <code key="rule">{schedule.cron}</code>],
                ['While the one before goes on', OVERLAP_LABELS[schedule.overlap]],
                ['When nobody was there', MISSED_LABELS[schedule.missed]],
                ...(schedule.changedAt
                  ? ([
                      [
                        'Changed',
                        <span key="changed">
                          <RelativeTime at={schedule.changedAt} focusable /> by {schedule.changedByName}
                        </span>,
                      ],
                    ] as [string, React.ReactNode][])
                  : []),
              ]}
            />
          </Section>
          <div className="grid gap-4">
            <Section title="Next">
              {schedule.nextTicks.length > 0 ? (
                <DueTimes ticks={schedule.nextTicks} timeZone={schedule.timeZone} />
              ) : (
                <p className="text-muted">
                  {schedule.paused ? 'Nothing is due while it is paused.' : 'It is never due again.'}
                </p>
              )}
            </Section>
            {schedule.paused ? null : <PauseForm schedule={schedule} failure={failure} />}
          </div>
        </div>
        <section aria-labelledby="ticks">
          <h2 id="ticks" className="mb-2 text-m">
            What became of every due time
          </h2>
          <DataTable
            id="ticks"
            caption="Due times, newest first"
            columns={columns as never}
            rows={rows}
            rowId={(tick) => tick.id}
            total={ticks.total}
            page={ticks.page}
            pageSize={ticks.pageSize}
            actions={
              <a
                href={paths.ticksCsv(schedule.id)}
                download
                className="hit inline-flex items-center gap-1.5 rounded-m px-2 text-muted no-underline hover:bg-hover hover:text-ink max-md:hidden"
              >
                <Download aria-hidden="true" size={15} />
                CSV
              </a>
            }
            empty={
              <EmptyState icon={CalendarClock} title="Nothing has been due yet">
                Every due time gets its row here: started, skipped, missed or failed, with the reason.
              </EmptyState>
            }
          />
        </section>
      </div>
    </>
  );
}

function PausedNotice({
  schedule,
  paused,
}: {
  schedule: ScheduleView;
  paused: NonNullable<ScheduleView['paused']>;
}) {
  const isBusy = useNavigation().state === 'submitting';
  return (
    <Notice
      tone="warning"
      title={`Paused by ${paused.byName}: ${paused.reason}`}
      actions={
        <Form method="post">
          <input type="hidden" name="intent" value="resume" />
          <Button
            type="submit"
            aria-busy={isBusy}
            blockedBy={schedule.canManage ? null : whyNot('schedules.manage')}
          >
            <Play aria-hidden="true" size={14} />
            Resume
          </Button>
        </Form>
      }
    >
      Since <RelativeTime at={paused.at} focusable />. Nothing starts by the clock; it can still be run by
      hand.
    </Notice>
  );
}

function PauseForm({ schedule, failure }: { schedule: ScheduleView; failure: ActionFailure | undefined }) {
  const isBusy = useNavigation().state === 'submitting';
  const typed = failure?.values.reason;
  return (
    <Section title="Pause" note="nothing starts by the clock until somebody resumes it">
      <Form method="post" className="flex flex-wrap items-end gap-2">
        <input type="hidden" name="intent" value="pause" />
        <TextField
          label="Why"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          className="min-w-48 flex-1"
          defaultValue={typeof typed === 'string' ? typed : ''}
          errors={failure?.fields.reason}
        />
        <Button
          type="submit"
          aria-busy={isBusy}
          blockedBy={schedule.canManage ? null : whyNot('schedules.manage')}
        >
          <Pause aria-hidden="true" size={14} />
          Pause
        </Button>
      </Form>
    </Section>
  );
}
