import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData } from '@remix-run/react';
import { Activity } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { typedIn } from '#app/maintenance/confirm-plan';
import { ToggleCard } from '#app/maintenance/toggle-card';
import { can, whyNot } from '#server/auth/contract';
import {
  disableEnhancedMonitoring,
  enableEnhancedMonitoring,
} from '#server/maintenance/commands/monitoring-mode';
import { getPlaceToggles } from '#server/maintenance/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) =>
  pageTitle(args, `Enhanced monitoring of ${args.params.environment}`);

export const loader = protectedLoader({ access: 'maintenance.read' }, async ({ ctx, params }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const { toggles } = await getPlaceToggles(ctx, place);
  return { place, current: toggles.find(({ kind }) => kind === 'enhanced_monitoring') ?? null };
});

export const action = protectedAction({
  intents: {
    on: {
      access: 'maintenance.toggle',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        await enableEnhancedMonitoring(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.maintenance(), {
          kind: 'success',
          message: `${params.service} / ${params.environment} is checked more often now.`,
        });
      },
    },
    off: {
      access: 'maintenance.toggle',
      handle: async ({ ctx, context, params, form }) => {
        await disableEnhancedMonitoring(ctx, { ...params, reason: form.reason });
        return redirectWithToast(context, paths.maintenance(), {
          kind: 'success',
          message: `${params.service} / ${params.environment} is checked as often as every day again.`,
        });
      },
    },
  },
});

export default function EnhancedMonitoring() {
  const { place, current } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const blockedBy = can(subject, 'maintenance.toggle') ? null : whyNot('maintenance.toggle');
  return (
    <div className="mx-auto max-w-xl">
      <PageHeader title={`Enhanced monitoring of ${place.environment}`}>
        Checks run more often until a time, and by themselves as before afterwards.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      {current ? (
        <ul className="mb-4 rounded-l bg-surface shadow-raised">
          <ToggleCard toggle={current} />
        </ul>
      ) : null}
      <Form method="post" className="grid gap-4 rounded-l bg-surface p-4 shadow-raised">
        <TextField
          label="Reason"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          defaultValue={typedIn(failure, 'reason')}
          errors={failure?.fields.reason}
          hint="Everybody sees it."
        />
        <TextField
          label="For how many minutes"
          name="minutes"
          inputMode="numeric"
          defaultValue={typedIn(failure, 'minutes') || '60'}
          errors={failure?.fields.minutes}
        />
        <TextField
          label="Seconds between checks"
          name="intervalSeconds"
          inputMode="numeric"
          defaultValue={typedIn(failure, 'intervalSeconds') || '5'}
          errors={failure?.fields.intervalSeconds}
        />
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" name="intent" value="on" look="primary" size="big" blockedBy={blockedBy}>
            <Activity aria-hidden="true" size={16} />
            {current ? 'Change it' : 'Check more often'}
          </Button>
          {current ? (
            <Button type="submit" name="intent" value="off" size="big" blockedBy={blockedBy}>
              Back to every day
            </Button>
          ) : null}
          <Link to={paths.maintenance()} className="link text-muted">
            Leave it as it is
          </Link>
        </div>
      </Form>
    </div>
  );
}
