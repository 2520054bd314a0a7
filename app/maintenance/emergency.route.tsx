import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { Zap } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { ConfirmPlan } from '#app/maintenance/confirm-plan';
import { can, whyNot } from '#server/auth/contract';
import { requestRestart } from '#server/deployments/commands/request-runs';
import { previewRestart } from '#server/deployments/queries/previews';
import { runEmergencyCommand } from '#server/maintenance/commands/run-emergency';
import { previewEmergency } from '#server/maintenance/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

const WORDS: Record<string, { title: string; about: string }> = {
  restart: {
    title: 'Restart',
    about: 'New processes of the live release take over before the old ones end: nobody waits.',
  },
  'clear-cache': { title: 'Clear the caches of', about: 'Every instance forgets what it has cached.' },
  optimise: { title: 'Optimise', about: 'Database and caches are put in order while visitors go on.' },
};

function wordsOf(command: string | undefined, environment: string | undefined): string {
  return `${WORDS[command ?? '']?.title ?? 'Run a command on'} ${environment}`;
}

export const meta: MetaFunction = (args) =>
  pageTitle(args, wordsOf(args.params.command, args.params.environment));

export const loader = protectedLoader({ access: 'maintenance.read' }, async ({ ctx, params }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const command = params.command ?? '';
  const preview =
    command === 'restart'
      ? await previewRestart(ctx, place)
      : await previewEmergency(ctx, { ...place, command });
  return { place, command, preview, idempotencyKey: ctx.ids.uuid() };
});

export const action = protectedAction({
  intents: {
    run: {
      access: 'emergency.run',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run =
          params.command === 'restart'
            ? await requestRestart(ctx, {
                ...input,
                service: params.service,
                environment: params.environment,
              })
            : await runEmergencyCommand(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), {
          kind: 'success',
          message: `Run #${run.number} has begun.`,
        });
      },
    },
  },
});

export default function Emergency() {
  const { place, command, preview, idempotencyKey } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const title = wordsOf(command, place.environment);
  return (
    <div className="mx-auto max-w-5xl">
      <PageHeader title={title}>{WORDS[command]?.about}</PageHeader>
      <ConfirmPlan
        place={place}
        latest={preview}
        failure={failure}
        idempotencyKey={idempotencyKey}
        intent="run"
        verb={
          <>
            <Zap aria-hidden="true" size={17} />
            {title}
          </>
        }
        blockedBy={can(subject, 'emergency.run') ? null : whyNot('emergency.run')}
        reasonHint="Kept with the run."
        leaveTo={paths.maintenance()}
      />
    </div>
  );
}
