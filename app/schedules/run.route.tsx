import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { Play } from 'lucide-react';
import { useRef } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { Button } from '#app/components/ui/button';
import { Kbd } from '#app/components/ui/kbd';
import { FailureNotice } from '#app/components/ui/notice';
import { Facts } from '#app/components/ui/section';
import { useConfirmKeys } from '#app/deployments/use-confirm';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatInZone } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { can, whyNot } from '#server/auth/contract';
import { DRILL_JOB } from '#server/deployments/drills/contract';
import { previewDrill } from '#server/deployments/drills/queries';
import { AppError } from '#server/platform/errors';
import { runScheduleNow } from '#server/schedules/commands';
import { getSchedule } from '#server/schedules/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Run ${args.data?.schedule.title ?? 'a schedule'} now`);

export const loader = protectedLoader({ access: 'schedules.read' }, async ({ ctx, params }) => {
  const schedule = await getSchedule(ctx, { scheduleId: params.scheduleId ?? '' });
  const { service, environment } = schedule;
  const knows = schedule.job === DRILL_JOB && can(ctx.actor, 'deployments.read');
  const foreseen = knows
    ? await previewDrill(ctx, { service, environment }).then(
        ({ place }) => ({ drill: place.next, blockedBy: place.blockedBy }),
        // An environment may be gone from the configuration, or no longer be for practice.
        (error: unknown) => {
          if (!(error instanceof AppError)) throw error;
          return { drill: null, blockedBy: error.message };
        },
      )
    : { drill: null, blockedBy: schedule.isGoingOn ? 'It is still going on.' : null };
  return { schedule, ...foreseen };
});

export const action = protectedAction({
  intents: {
    run: {
      // The command knows which job it is, and who may start that one.
      access: 'schedules.read',
      handle: async ({ ctx, context, params }) => {
        const { scheduleId = '' } = params;
        const { runId } = await runScheduleNow(ctx, { scheduleId });
        return redirectWithToast(context, runId ? paths.run(runId) : paths.schedule(scheduleId), {
          kind: 'success',
          message: 'Started by hand. The clock goes on as before.',
        });
      },
    },
  },
});

export default function RunSchedule() {
  const { schedule, drill, blockedBy: obstacle } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const form = useRef<HTMLFormElement>(null);
  const leaveTo = paths.schedule(schedule.id);
  useConfirmKeys(form, leaveTo);
  const isSending = useNavigation().state !== 'idle';
  const [next] = schedule.nextTicks;
  const blockedBy = schedule.canRunNow ? obstacle : whyNot('drills.run');
  return (
    <div className="mx-auto max-w-xl">
      <PageHeader title={`Run ${schedule.title} now`}>
        By hand, once. What the clock does is not changed by it.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <section aria-label="Confirm" className="grid gap-4 rounded-l bg-surface p-4 shadow-raised">
        <Facts
          items={[
            ['In', `${schedule.service} / ${schedule.environment}`],
            ...(drill
              ? ([
                  ['Deploys', <code key="to">{drill.releaseTag}</code>],
                  ['Rolls back to', <code key="back">{drill.restoredTag}</code>],
                ] as [string, React.ReactNode][])
              : []),
            [
              'By the clock',
              schedule.paused
                ? `paused by ${schedule.paused.byName}`
                : next
                  ? `${formatInZone(next, schedule.timeZone)} ${schedule.timeZone}`
                  : 'never again',
            ],
          ]}
        />
        <Form ref={form} method="post" className="grid gap-2">
          <input type="hidden" name="intent" value="run" />
          <Button
            type="submit"
            look="primary"
            size="big"
            className="w-full whitespace-normal"
            blockedBy={blockedBy ?? (isSending ? 'It is being sent.' : null)}
          >
            <Play aria-hidden="true" size={16} />
            Start it in {schedule.environment}
          </Button>
          {blockedBy ? <p className="text-s text-muted">{blockedBy}</p> : null}
          <p className="flex flex-wrap items-center gap-x-1.5 text-s text-muted">
            {blockedBy ? null : (
              <>
                <Kbd>Enter</Kbd> <span className="hidden md:inline touch:hidden">confirms,</span>
              </>
            )}
            <Kbd>Esc</Kbd> <span className="hidden md:inline touch:hidden">leaves.</span>
            <Link to={leaveTo} className="link">
              Leave without doing it
            </Link>
          </p>
        </Form>
      </section>
    </div>
  );
}
