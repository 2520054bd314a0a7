import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
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
import { isPasswordFresh } from '#server/auth/queries';
import { requestLockdown, requestUnlock } from '#server/maintenance/commands/switch-toggles';
import { getPlaceToggles, previewToggle } from '#server/maintenance/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, `Lockdown of ${args.params.environment}`);

export const loader = protectedLoader({ access: 'maintenance.read' }, async ({ ctx, params }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const { toggles } = await getPlaceToggles(ctx, place);
  const direction: 'on' | 'off' = toggles.some(({ kind }) => kind === 'lockdown') ? 'off' : 'on';
  const preview = await previewToggle(ctx, { ...place, kind: 'lockdown', direction });
  return {
    place,
    direction,
    preview,
    isFresh: await isPasswordFresh(ctx, {}),
    idempotencyKey: ctx.ids.uuid(),
  };
});

export const action = protectedAction({
  intents: {
    on: {
      access: 'security.lockdown',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await requestLockdown(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), {
          kind: 'success',
          message: `Run #${run.number} locks ${params.environment} down.`,
        });
      },
    },
    off: {
      access: 'security.lockdown',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await requestUnlock(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), {
          kind: 'success',
          message: `Run #${run.number} lifts the lockdown of ${params.environment}.`,
        });
      },
    },
  },
});

export default function Lockdown() {
  const { place, direction, preview, isFresh, idempotencyKey } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const isOn = direction === 'on';
  const Icon = isOn ? ShieldAlert : ShieldCheck;
  return (
    <div className="mx-auto max-w-5xl">
      <PageHeader title={`${isOn ? 'Lock down' : 'Unlock'} ${place.environment}`}>
        {isOn
          ? 'Logins, checkouts and the admin page are refused, and everybody is logged out. Browsing goes on.'
          : 'Logins, checkouts and the admin page are opened again; everybody logs in anew.'}
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
            <Icon aria-hidden="true" size={17} />
            {isOn ? `Lock ${place.environment} down` : `Unlock ${place.environment}`}
          </>
        }
        look="danger"
        blockedBy={can(subject, 'security.lockdown') ? null : whyNot('security.lockdown')}
        leaveTo={paths.security()}
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
        <TextField
          label={`Type ${place.environment} to confirm`}
          name="confirmEnvironment"
          required
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          defaultValue={typedIn(failure, 'confirmEnvironment')}
          errors={failure?.fields.confirmEnvironment}
        />
        <TextField
          label="Your password"
          name="password"
          type="password"
          autoComplete="current-password"
          optional={isFresh}
          errors={failure?.fields.password}
          hint={isFresh ? 'You have given it in the last five minutes.' : 'It counts for five minutes.'}
        />
      </ConfirmPlan>
    </div>
  );
}
