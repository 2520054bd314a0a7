import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData, useSubmit } from '@remix-run/react';
import { ClipboardCheck, Stethoscope } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { SelectField } from '#app/components/ui/field';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { PlanNotices } from '#app/deployments/plan-notices';
import { requestedToast } from '#app/deployments/requested-toast';
import { useShownPlan } from '#app/deployments/use-confirm';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatDuration, plural } from '#app/lib/format';
import { type Place, paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { PlanSteps } from '#app/runs/plan-view';
import { can, whyNot } from '#server/auth/contract';
import { requestChecklist, requestValidation } from '#server/deployments/commands/request-runs';
import type { PlanPreview } from '#server/deployments/contract';
import { getEnvironmentState } from '#server/deployments/queries/environments';
import { previewChecklist, previewValidation } from '#server/deployments/queries/previews';
import { listReleases } from '#server/deployments/queries/releases';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, `Checks of ${args.params.environment}`);

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, params, url }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const [all, state] = await Promise.all([listReleases(ctx, place), getEnvironmentState(ctx, place)]);
  const releases = all.filter((release) => !release.isMissing);
  const tag = url.searchParams.get('tag') || releases[0]?.tag || null;
  const [checklist, validation] = await Promise.all([
    tag ? previewChecklist(ctx, { ...place, tag }) : null,
    state.live ? previewValidation(ctx, place) : null,
  ]);
  return {
    place,
    tag,
    releases: releases.map(({ tag: name, title }) => ({ tag: name, title })),
    checklist,
    validation,
    live: state.live?.tag ?? null,
    approvalMinutes: ctx.env.APPROVAL_MINUTES,
    idempotencyKey: ctx.ids.uuid(),
  };
});

export const action = protectedAction({
  intents: {
    checklist: {
      access: 'deployments.check',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await requestChecklist(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), requestedToast(run, `checks ${input.tag}`));
      },
    },
    validation: {
      access: 'deployments.check',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await requestValidation(ctx, { ...input, ...params });
        return redirectWithToast(
          context,
          paths.run(run.runId),
          requestedToast(run, 'validates what is live'),
        );
      },
    },
  },
});

export default function Checks() {
  const { place, tag, releases, checklist, validation, live, approvalMinutes, idempotencyKey } =
    useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const submit = useSubmit();
  return (
    <>
      <PageHeader title={`Checks of ${place.environment}`}>
        Run them alone; nothing that visitors see is changed.
      </PageHeader>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Section title="Pre-deploy checklist" anchor="checklist">
          <Form
            method="get"
            className="mb-4 flex items-end gap-2"
            onChange={(event) => submit(event.currentTarget, { replace: true, preventScrollReset: true })}
          >
            <SelectField
              label="Release"
              name="tag"
              key={tag}
              defaultValue={tag ?? ''}
              className="flex-1"
              options={releases.map((release) => ({
                value: release.tag,
                label: `${release.tag}: ${release.title}`,
              }))}
            />
            <noscript>
              <Button type="submit">Show</Button>
            </noscript>
          </Form>
          {checklist && tag ? (
            <CheckPlan
              key={tag}
              place={place}
              intent="checklist"
              latest={checklist}
              tag={tag}
              approvalMinutes={approvalMinutes}
              idempotencyKey={`${idempotencyKey}-c`}
              failure={failure?.intent === 'checklist' ? failure : undefined}
              verb={`Check ${tag}`}
            />
          ) : (
            <EmptyState icon={ClipboardCheck} title="The repository has no release to check" />
          )}
        </Section>
        <Section
          title="Post-deploy validation"
          anchor="validation"
          note={live ? `of ${live}, which is live` : null}
        >
          {validation ? (
            <CheckPlan
              place={place}
              intent="validation"
              latest={validation}
              approvalMinutes={approvalMinutes}
              idempotencyKey={`${idempotencyKey}-v`}
              failure={failure?.intent === 'validation' ? failure : undefined}
              verb={`Validate ${live}`}
            />
          ) : (
            <EmptyState icon={Stethoscope} title="Nothing is live yet">
              Deploy a release first; then it can be validated.
            </EmptyState>
          )}
        </Section>
      </div>
    </>
  );
}

function CheckPlan({
  place,
  intent,
  latest,
  tag,
  approvalMinutes,
  idempotencyKey,
  failure,
  verb,
}: {
  place: Place;
  intent: string;
  latest: PlanPreview;
  tag?: string;
  /** How long it would wait for a second person, where it needs one. */
  approvalMinutes: number;
  idempotencyKey: string;
  failure: ActionFailure | undefined;
  verb: string;
}) {
  const subject = useSubject();
  const { shown, isOutdated, adopt } = useShownPlan(latest, failure);
  const blockedBy =
    (can(subject, 'deployments.check') ? null : whyNot('deployments.check')) ??
    latest.blockedBy ??
    (isOutdated ? 'The plan has changed: look at the new one first.' : null);
  return (
    <>
      <PlanNotices
        place={place}
        failure={failure}
        isOutdated={isOutdated}
        onAdopt={adopt}
        activeRun={latest.activeRun}
        blockedBy={latest.blockedBy}
        approvalMinutes={latest.needsApproval ? approvalMinutes : null}
      />
      <p className="mb-1 text-s text-muted">
        {plural(shown.plan.steps.length, 'step')}, within {formatDuration(shown.plan.budgetMs)}
      </p>
      <PlanSteps plan={shown.plan} />
      <Form method="post" className="mt-4 grid gap-2">
        <input type="hidden" name="intent" value={intent} />
        <input type="hidden" name="planHash" value={shown.planHash} />
        <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
        {tag ? <input type="hidden" name="tag" value={tag} /> : null}
        <Button
          type="submit"
          look="primary"
          className="w-full sm:w-auto sm:justify-self-start"
          blockedBy={blockedBy}
        >
          {latest.needsApproval ? `Ask to ${verb[0]?.toLowerCase()}${verb.slice(1)}` : verb}
        </Button>
        {blockedBy ? <p className="text-s text-muted">{blockedBy}</p> : null}
      </Form>
    </>
  );
}
