import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { Check, ShieldAlert, SkipForward, Undo2 } from 'lucide-react';
import { useRef } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { TextAreaField } from '#app/components/ui/field';
import { EmptyState, Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { ConfirmForm } from '#app/deployments/confirm-form';
import { PlanNotices } from '#app/deployments/plan-notices';
import { ReleaseMarks } from '#app/deployments/release-picker';
import { useConfirmKeys, useShownPlan } from '#app/deployments/use-confirm';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatDuration, plural } from '#app/lib/format';
import { type Place, paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { FromTo, PlanSteps } from '#app/runs/plan-view';
import { can, whyNot } from '#server/auth/contract';
import { requestRollback } from '#server/deployments/commands/request-runs';
import type { RollbackPreview } from '#server/deployments/contract';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { previewRollback } from '#server/deployments/queries/previews';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, `Roll back ${args.params.environment}`);

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, params, url }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const tag = url.searchParams.get('tag') || undefined;
  const state = await getEnvironmentState(ctx, place);
  const preview = tag || state.rollbackTarget ? await previewRollback(ctx, { ...place, tag }) : null;
  return {
    place,
    tag: tag ?? null,
    preview,
    noTarget: state.noRollbackReason,
    freeze: state.freeze,
    idempotencyKey: ctx.ids.uuid(),
  };
});

export const action = protectedAction({
  intents: {
    rollback: {
      access: 'deployments.rollback',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await requestRollback(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), {
          kind: 'success',
          message: run.created
            ? `Run #${run.number} rolls ${params.environment} back.`
            : `Run #${run.number} was already rolling ${params.environment} back.`,
        });
      },
    },
  },
});

export default function Rollback() {
  const { place, tag, preview, noTarget, freeze, idempotencyKey } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  return (
    <div className="mx-auto max-w-5xl">
      <PageHeader title={`Roll back ${place.environment}`}>
        No lock, freeze or approval stands in its way.
      </PageHeader>
      {freeze ? (
        <Notice tone="info" title="The freeze does not hold a rollback back" className="mb-4">
          Deploys are frozen: {freeze.reason} ({freeze.byName}). A rollback goes through all the same.
        </Notice>
      ) : null}
      {preview ? (
        <ConfirmRollback
          key={preview.target.tag}
          place={place}
          explicitTag={tag}
          latest={preview}
          failure={failure}
          idempotencyKey={idempotencyKey}
        />
      ) : (
        <section className="rounded-l bg-surface shadow-raised">
          <EmptyState
            icon={Undo2}
            title="Nothing to go back to"
            action={<LinkButton to={paths.newDeployment(place)}>Deploy a release</LinkButton>}
          >
            {noTarget} A release becomes known good once it has been deployed here and validated, or when a
            person marks it stable.
          </EmptyState>
        </section>
      )}
    </div>
  );
}

function ConfirmRollback({
  place,
  explicitTag,
  latest,
  failure,
  idempotencyKey,
}: {
  place: Place;
  explicitTag: string | null;
  latest: RollbackPreview;
  failure: ActionFailure | undefined;
  idempotencyKey: string;
}) {
  const subject = useSubject();
  const form = useRef<HTMLFormElement>(null);
  useConfirmKeys(form, paths.overview());
  const { shown, isOutdated, adopt } = useShownPlan(latest, failure);
  const blockedBy =
    (can(subject, 'deployments.rollback') ? null : whyNot('deployments.rollback')) ??
    latest.blockedBy ??
    (isOutdated ? 'The plan has changed: look at the new one first.' : null);
  const { plan, target } = shown;
  const typed = failure?.values.breakGlassReason;
  return (
    <>
      <PlanNotices
        place={place}
        failure={failure}
        isOutdated={isOutdated}
        onAdopt={adopt}
        activeRun={latest.activeRun}
        blockedBy={latest.blockedBy}
      />
      <div className="grid items-start gap-4 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <section aria-label="Confirm" className="rounded-l bg-surface p-4 shadow-raised md:sticky md:top-16">
          <div className="mb-4">
            <p className="mb-1 text-l font-semibold">
              <FromTo from={plan.from} to={plan.to} />
            </p>
            <p className="mb-1.5 flex flex-wrap items-center gap-x-3 gap-y-1">
              {target.title} <ReleaseMarks release={target} />
            </p>
            {target.lastDeployedAt ? (
              <p className="text-muted">
                last deployed here <RelativeTime at={target.lastDeployedAt} focusable />
              </p>
            ) : null}
          </div>
          {shown.supersedes ? (
            <Notice tone="warning" title={`It stops run #${shown.supersedes.number}`} className="mb-3">
              <Link to={paths.run(shown.supersedes.id)} className="link">
                {shown.supersedes.title}
              </Link>{' '}
              gives way to this rollback.
            </Notice>
          ) : null}
          <ConfirmForm
            form={form}
            intent="rollback"
            planHash={shown.planHash}
            tag={explicitTag ?? undefined}
            idempotencyKey={idempotencyKey}
            verb={
              <>
                <Undo2 aria-hidden="true" size={17} />
                Roll back to {target.tag}
              </>
            }
            look={shown.breakGlass ? 'danger' : 'primary'}
            blockedBy={blockedBy}
            failure={failure}
            reasonHint="Kept with the run; it also becomes part of the reason of the lock that follows."
            leaveTo={paths.overview()}
          >
            {shown.breakGlass ? (
              <div className="grid gap-3 rounded-m bg-critical-soft p-3">
                <p className="flex gap-2">
                  <ShieldAlert aria-hidden="true" size={16} className="mt-0.5 shrink-0 text-critical" />
                  <span>{shown.breakGlass}</span>
                </p>
                <TextAreaField
                  label="Why it must be done all the same"
                  name="breakGlassReason"
                  required
                  minLength={10}
                  maxLength={500}
                  defaultValue={typeof typed === 'string' ? typed : ''}
                  errors={failure?.fields.breakGlassReason}
                  hint="At least 10 characters. It is recorded apart and reviewed afterwards."
                />
              </div>
            ) : null}
          </ConfirmForm>
        </section>

        <div className="grid min-w-0 gap-4">
          <Section title={shown.breakGlass ? 'What speaks for this release' : 'Why it is safe'}>
            <ul className="grid gap-2">
              {shown.safeBecause.map((reason) => (
                <li key={reason} className="flex gap-2">
                  <Check aria-hidden="true" size={15} className="mt-0.5 shrink-0 text-ok" />
                  {reason}
                </li>
              ))}
            </ul>
          </Section>
          <Section title="What it skips">
            <ul className="grid gap-2">
              {plan.skips.map((skip) => (
                <li key={skip} className="flex gap-2">
                  <SkipForward aria-hidden="true" size={15} className="mt-0.5 shrink-0 text-muted" />
                  {skip}
                </li>
              ))}
            </ul>
          </Section>
          <Section
            title="What will happen"
            note={`${plural(plan.steps.length, 'step')}, within ${formatDuration(plan.budgetMs)}`}
          >
            <PlanSteps plan={plan} />
            <p className="mt-2 border-t border-line pt-2 text-muted">
              Afterwards {plan.from?.tag} is marked faulty and {place.environment} is locked for deploys until
              a person lifts the lock.
            </p>
          </Section>
          {shown.alternatives.length > 0 ? (
            <details className="rounded-l bg-surface shadow-raised">
              <summary className="hit flex items-center px-4 font-semibold hover:bg-hover">
                Go back to another release
                <span className="ml-2 font-normal text-muted">{shown.alternatives.length}</span>
              </summary>
              <ul className="divide-y divide-line border-t border-line">
                {shown.alternatives.map((release) => (
                  <li key={release.id}>
                    <Link
                      to={paths.rollback(place, release.tag)}
                      className="hit flex flex-wrap items-center gap-x-3 px-4 py-1.5 no-underline hover:bg-hover"
                    >
                      <span className="font-mono font-semibold">{release.tag}</span>
                      <span className="min-w-0 flex-1 truncate text-muted">{release.title}</span>
                      <ReleaseMarks release={release} />
                    </Link>
                  </li>
                ))}
              </ul>
            </details>
          ) : null}
          {explicitTag ? (
            <Link to={paths.rollback(place)} className="link text-muted">
              Back to the last known-good release
            </Link>
          ) : null}
        </div>
      </div>
    </>
  );
}
