import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useFetcher, useLoaderData, useNavigation } from '@remix-run/react';
import { CalendarClock, Check } from 'lucide-react';
import { useEffect, useId, useRef } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { DueTimes } from '#app/schedules/schedule-parts';
import { whyNot } from '#server/auth/contract';
import { AppError } from '#server/platform/errors';
import { changeSchedule } from '#server/schedules/commands';
import {
  MISSED_LABELS,
  MISSED_POLICIES,
  OVERLAP_LABELS,
  OVERLAPS,
  type SchedulePreview,
} from '#server/schedules/contract';
import { getSchedule, previewSchedule } from '#server/schedules/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Change ${args.data?.schedule.title ?? 'a schedule'}`);

/** The address may carry a proposal: what is typed and not saved can be looked at, and shared. */
export const loader = protectedLoader({ access: 'schedules.read' }, async ({ ctx, params, url }) => {
  const schedule = await getSchedule(ctx, { scheduleId: params.scheduleId ?? '' });
  const proposed = (name: 'cron' | 'timeZone' | 'overlap' | 'missed'): string =>
    url.searchParams.get(name) ?? schedule[name];
  const proposal = {
    cron: proposed('cron'),
    timeZone: proposed('timeZone'),
    overlap: proposed('overlap'),
    missed: proposed('missed'),
  };
  const looked = await previewSchedule(ctx, proposal).then(
    (preview) => ({ preview, fields: {} as Record<string, string[]> }),
    (error: unknown) => {
      if (!(error instanceof AppError) || error.kind !== 'invalid_input') throw error;
      return { preview: null, fields: error.fields ?? {} };
    },
  );
  return {
    schedule,
    proposal,
    ...looked,
    zones: url.searchParams.has('live') ? [] : ['UTC', ...Intl.supportedValuesOf('timeZone')],
  };
});

export const action = protectedAction({
  intents: {
    change: {
      access: 'schedules.manage',
      handle: async ({ ctx, context, params, form }) => {
        const { scheduleId = '' } = params;
        const { cron, timeZone, overlap, missed } = form;
        await changeSchedule(ctx, { scheduleId, cron, timeZone, overlap, missed });
        return redirectWithToast(context, paths.schedule(scheduleId), {
          kind: 'success',
          message: 'Changed. The new rule counts from now on.',
        });
      },
    },
  },
});

export default function ChangeSchedule() {
  const { schedule, proposal, preview, fields, zones } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const isBusy = useNavigation().state === 'submitting';
  const zonesId = useId();
  const live = useFetcher<typeof loader>();
  const look = useDelayed((form: HTMLFormElement) => {
    const search = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    live.load(paths.changeSchedule(schedule.id, { ...Object.fromEntries(search), live: true }));
  });
  const latest = live.data ?? { preview, fields, proposal };
  // What the server refused stays said until something else is typed.
  const wrong: Record<string, string[]> = live.data
    ? latest.fields
    : { ...latest.fields, ...failure?.fields };
  const value = (name: keyof typeof proposal) => {
    const typed = failure?.values[name];
    return typeof typed === 'string' ? typed : proposal[name];
  };
  return (
    <div className="mx-auto max-w-5xl">
      <PageHeader title={`Change ${schedule.title}`}>
        in {schedule.service} / {schedule.environment}
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid items-start gap-4 md:grid-cols-2">
        <Section title="The rule">
          <Form
            method="post"
            action={paths.changeSchedule(schedule.id)}
            className="grid gap-4"
            onChange={(event) => look(event.currentTarget)}
          >
            <TextField
              label="When"
              name="cron"
              required
              maxLength={100}
              autoComplete="off"
              spellCheck={false}
              defaultValue={value('cron')}
              errors={wrong.cron}
              hint="Minute, hour, day of month, month, day of week. For Mondays at 10:00 write 0 10 * * 1."
            />
            <TextField
              label="Time zone"
              name="timeZone"
              required
              maxLength={60}
              autoComplete="off"
              spellCheck={false}
              list={zonesId}
              defaultValue={value('timeZone')}
              errors={wrong.timeZone}
              hint="A name of the IANA list. Summer time is that place's."
            />
            <datalist id={zonesId}>
              {zones.map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
            <SelectField
              label="While the one before is going on"
              name="overlap"
              defaultValue={value('overlap')}
              errors={failure?.fields.overlap}
              options={OVERLAPS.map((each) => ({ value: each, label: OVERLAP_LABELS[each] }))}
            />
            <SelectField
              label="When nobody was there to start it"
              name="missed"
              defaultValue={value('missed')}
              errors={failure?.fields.missed}
              options={MISSED_POLICIES.map((each) => ({ value: each, label: MISSED_LABELS[each] }))}
            />
            <div className="flex flex-wrap items-center gap-3">
              <Button type="submit" formMethod="get" className="js:hidden">
                <CalendarClock aria-hidden="true" size={15} />
                Preview
              </Button>
              <Button
                type="submit"
                look="primary"
                name="intent"
                value="change"
                aria-busy={isBusy}
                blockedBy={schedule.canManage ? null : whyNot('schedules.manage')}
              >
                <Check aria-hidden="true" size={15} />
                Save the change
              </Button>
              <Link to={paths.schedule(schedule.id)} className="link text-muted">
                Leave it as it is
              </Link>
            </div>
          </Form>
        </Section>
        <Section title="It would be due" note="from now on">
          <div aria-live="polite">
            <Proposed preview={latest.preview} timeZone={latest.proposal.timeZone} />
          </div>
        </Section>
      </div>
    </div>
  );
}

function Proposed({ preview, timeZone }: { preview: SchedulePreview | null; timeZone: string }) {
  if (!preview) return <p className="text-muted">Nothing can be said before the rule can be read.</p>;
  return (
    <>
      {preview.inWords ? <p className="mb-3 font-semibold">{preview.inWords}</p> : null}
      {preview.nextTicks.length > 0 ? (
        <DueTimes ticks={preview.nextTicks} timeZone={timeZone} />
      ) : (
        <p className="text-muted">Never.</p>
      )}
    </>
  );
}

const TYPING_PAUSE_MS = 250;

/** Does it once nothing has been typed for a moment. */
function useDelayed(work: (form: HTMLFormElement) => void): (form: HTMLFormElement) => void {
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  return (form) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => work(form), TYPING_PAUSE_MS);
  };
}
