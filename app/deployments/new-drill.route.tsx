import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { Play, Timer } from 'lucide-react';
import { useRef } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { ConfirmForm } from '#app/deployments/confirm-form';
import { PlanNotices } from '#app/deployments/plan-notices';
import { useConfirmKeys, useShownPlan } from '#app/deployments/use-confirm';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatDuration, plural } from '#app/lib/format';
import { type Place, paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { FromTo, PlanSteps } from '#app/runs/plan-view';
import { can, whyNot } from '#server/auth/contract';
import type { DeployPreview } from '#server/deployments/contract';
import { requestDrill } from '#server/deployments/drills/commands';
import type { DrillPlace } from '#server/deployments/drills/contract';
import { previewDrill } from '#server/deployments/drills/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, `Drill in ${args.params.environment}`);

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, params }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const { place: drills, deploy } = await previewDrill(ctx, place);
  return { place, drills, deploy, idempotencyKey: ctx.ids.uuid() };
});

export const action = protectedAction({
  intents: {
    drill: {
      access: 'drills.run',
      handle: async ({ ctx, context, params, form }) => {
        const { planHash, idempotencyKey } = form;
        const drill = await requestDrill(ctx, { ...params, planHash, idempotencyKey });
        return redirectWithToast(context, paths.drills(), {
          kind: 'success',
          message: drill.created
            ? `The drill has begun with run #${drill.number}.`
            : `This drill had begun already, with run #${drill.number}.`,
        });
      },
    },
  },
});

export default function NewDrill() {
  const { place, drills, deploy, idempotencyKey } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  return (
    <div className="mx-auto max-w-5xl">
      <PageHeader title={`Rollback drill in ${place.environment}`}>
        A real deploy and a real rollback, in an environment that is for practice only.
      </PageHeader>
      {deploy ? (
        <ConfirmDrill
          place={place}
          drills={drills}
          latest={deploy}
          failure={failure}
          idempotencyKey={idempotencyKey}
        />
      ) : (
        <section className="rounded-l bg-surface shadow-raised">
          <EmptyState
            icon={Timer}
            title="No drill can start here now"
            action={<LinkButton to={paths.newDeployment(place)}>Deploy a release</LinkButton>}
          >
            {drills.blockedBy} A drill needs a good release that is live and another good one to leave it for.
          </EmptyState>
        </section>
      )}
    </div>
  );
}

function ConfirmDrill({
  place,
  drills,
  latest,
  failure,
  idempotencyKey,
}: {
  place: Place;
  drills: DrillPlace;
  latest: DeployPreview;
  failure: ActionFailure | undefined;
  idempotencyKey: string;
}) {
  const subject = useSubject();
  const form = useRef<HTMLFormElement>(null);
  useConfirmKeys(form, paths.drills());
  const { shown, isOutdated, adopt } = useShownPlan(latest, failure);
  const { plan } = shown;
  const blockedBy =
    (can(subject, 'drills.run') ? null : whyNot('drills.run')) ??
    drills.blockedBy ??
    (isOutdated ? 'The plan has changed: look at the new one first.' : null);
  return (
    <>
      <PlanNotices
        place={place}
        failure={failure}
        isOutdated={isOutdated}
        onAdopt={adopt}
        lock={latest.lock}
        activeRun={latest.activeRun}
        blockedBy={drills.blockedBy?.replace(/\.$/, '') ?? null}
      />
      <div className="grid items-start gap-4 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <section aria-label="Confirm" className="rounded-l bg-surface p-4 shadow-raised md:sticky md:top-16">
          <p className="mb-1 text-l font-semibold">
            <FromTo from={plan.from} to={plan.to} />
          </p>
          <p className="mb-4 text-muted">
            and back to <span className="font-mono text-ink">{plan.from?.tag}</span>. The rollback is timed
            from its request to its end and may take {formatDuration(drills.budgetMs)}.
          </p>
          <ConfirmForm
            form={form}
            intent="drill"
            planHash={shown.planHash}
            idempotencyKey={idempotencyKey}
            verb={
              <>
                <Play aria-hidden="true" size={16} />
                Run the drill in {place.environment}
              </>
            }
            blockedBy={blockedBy}
            failure={failure}
            leaveTo={paths.drills()}
          />
        </section>
        <div className="grid min-w-0 gap-4">
          <Section
            title={`First: deploy ${plan.to?.tag}`}
            note={`${plural(plan.steps.length, 'step')}, within ${formatDuration(plan.budgetMs)}`}
          >
            <PlanSteps plan={plan} />
          </Section>
          <Section
            title={`Then: roll back to ${plan.from?.tag}`}
            note={`within ${formatDuration(drills.budgetMs)}`}
          >
            <ol className="grid gap-2">
              <li>It begins by itself as soon as the deploy has been validated, in a run of its own.</li>
              <li>
                It is the rollback of every day: the same steps, the same health gate. Only the faulty mark
                and the lock are left out, because nothing is wrong with {plan.to?.tag}.
              </li>
              <li>
                In the end the drill looks at what visitors reach. Should anything fail, the drill says so and
                stops where it is.
              </li>
            </ol>
          </Section>
        </div>
      </div>
    </>
  );
}
