import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { Wrench } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { TextField } from '#app/components/ui/field';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { ConfirmPlan, typedIn } from '#app/maintenance/confirm-plan';
import { ToggleCard } from '#app/maintenance/toggle-card';
import { can, whyNot } from '#server/auth/contract';
import { disableMaintenance, enableMaintenance } from '#server/maintenance/commands/switch-toggles';
import { getPlaceToggles, previewToggle } from '#server/maintenance/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, `Maintenance mode of ${args.params.environment}`);

export const loader = protectedLoader({ access: 'maintenance.read' }, async ({ ctx, params, url }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const { toggles } = await getPlaceToggles(ctx, place);
  const isOpen = toggles.some(({ kind }) => kind === 'maintenance');
  const asked = url.searchParams.get('direction');
  const direction: 'on' | 'off' = asked === 'on' || asked === 'off' ? asked : isOpen ? 'off' : 'on';
  const preview = await previewToggle(ctx, { ...place, kind: 'maintenance', direction });
  return { place, direction, preview, idempotencyKey: ctx.ids.uuid() };
});

export const action = protectedAction({
  intents: {
    on: {
      access: 'maintenance.toggle',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await enableMaintenance(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), {
          kind: 'success',
          message: `Run #${run.number} switches maintenance mode on.`,
        });
      },
    },
    off: {
      access: 'maintenance.toggle',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await disableMaintenance(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), {
          kind: 'success',
          message: `Run #${run.number} switches maintenance mode off.`,
        });
      },
    },
  },
});

export default function MaintenanceMode() {
  const { place, direction, preview, idempotencyKey } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const isOn = direction === 'on';
  return (
    <div className="mx-auto max-w-5xl">
      <PageHeader title={`${isOn ? 'Maintenance mode for' : 'End maintenance mode of'} ${place.environment}`}>
        {isOn
          ? 'Visitors of every page are asked to come back later; health, metrics and who is let in go on.'
          : 'Visitors are let in again.'}
      </PageHeader>
      {preview.current ? (
        <ul className="mb-4 rounded-l bg-surface shadow-raised">
          <ToggleCard toggle={preview.current} />
        </ul>
      ) : null}
      <ConfirmPlan
        key={direction}
        place={place}
        latest={preview}
        failure={failure}
        idempotencyKey={idempotencyKey}
        intent={direction}
        verb={
          <>
            <Wrench aria-hidden="true" size={17} />
            {isOn ? `Turn visitors of ${place.environment} away` : `Let visitors of ${place.environment} in`}
          </>
        }
        blockedBy={can(subject, 'maintenance.toggle') ? null : whyNot('maintenance.toggle')}
        leaveTo={paths.maintenance()}
      >
        <TextField
          label="Reason"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          defaultValue={typedIn(failure, 'reason')}
          errors={failure?.fields.reason}
          hint="Everybody sees it on every page."
        />
        {isOn ? (
          <>
            <TextField
              label="For how many minutes"
              name="minutes"
              optional
              inputMode="numeric"
              defaultValue={failure ? typedIn(failure, 'minutes') : '30'}
              errors={failure?.fields.minutes}
              hint="It ends by itself then, and visitors are told when. Empty: until somebody ends it."
            />
            <TextField
              label="Retry-After without an end, seconds"
              name="retryAfterSeconds"
              optional
              inputMode="numeric"
              defaultValue={typedIn(failure, 'retryAfterSeconds')}
              errors={failure?.fields.retryAfterSeconds}
              hint="300 unless told."
            />
            <TextField
              label="Let in"
              name="allow"
              optional
              autoComplete="off"
              defaultValue={typedIn(failure, 'allow')}
              errors={failure?.fields.allow}
              hint="Addresses and ranges that are served as usual: 203.0.113.7, 198.51.100.0/24."
            />
          </>
        ) : null}
      </ConfirmPlan>
    </div>
  );
}
