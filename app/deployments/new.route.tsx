import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { GitCommitHorizontal, Rocket } from 'lucide-react';
import { useRef } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { ConfirmForm } from '#app/deployments/confirm-form';
import { OverrideFreeze } from '#app/deployments/override-freeze';
import { PlanNotices } from '#app/deployments/plan-notices';
import { ReleaseMarks, ReleasePicker } from '#app/deployments/release-picker';
import { requestedToast } from '#app/deployments/requested-toast';
import { useConfirmKeys, useShownPlan } from '#app/deployments/use-confirm';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatDuration, plural, shortSha } from '#app/lib/format';
import { type Place, paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { FromTo, PlanSteps } from '#app/runs/plan-view';
import { can, whyNot } from '#server/auth/contract';
import { requestDeploy } from '#server/deployments/commands/request-runs';
import type { CommitView, DeployPreview } from '#server/deployments/contract';
import { previewDeploy } from '#server/deployments/queries/previews';
import { listReleases } from '#server/deployments/queries/releases';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Deploy${args.data?.tag ? ` ${args.data.tag}` : ''} to ${args.params.environment}`);

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, params, url }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const tag = url.searchParams.get('tag') || null;
  const [releases, preview] = await Promise.all([
    listReleases(ctx, place),
    tag ? previewDeploy(ctx, { ...place, tag }) : null,
  ]);
  return {
    place,
    tag,
    releases,
    preview,
    approvalMinutes: preview?.needsApproval ? ctx.env.APPROVAL_MINUTES : null,
    idempotencyKey: ctx.ids.uuid(),
  };
});

export const action = protectedAction({
  intents: {
    deploy: {
      access: 'deployments.deploy',
      handle: async ({ ctx, context, params, form }) => {
        const { intent: _intent, ...input } = form;
        const run = await requestDeploy(ctx, { ...input, ...params });
        return redirectWithToast(context, paths.run(run.runId), requestedToast(run, `deploys ${input.tag}`));
      },
    },
  },
});

export default function NewDeployment() {
  const { place, tag, releases, preview, approvalMinutes, idempotencyKey } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  return (
    <>
      <PageHeader title={`Deploy to ${place.environment}`}>
        Choose a release, look at what would happen, confirm.
      </PageHeader>
      <div className="grid items-start gap-4 lg:grid-cols-[23rem_minmax(0,1fr)]">
        <details open={!preview} className="group rounded-l bg-surface shadow-raised lg:hidden">
          <summary className="hit flex items-center px-4 font-semibold">
            {preview ? 'Choose another release' : 'Releases'}
          </summary>
          <div className="border-t border-line">
            <ReleasePicker releases={releases} chosen={tag} />
          </div>
        </details>
        <Section
          title="Releases"
          note={plural(releases.length, 'release')}
          flush
          className="max-lg:hidden lg:sticky lg:top-16"
        >
          <ReleasePicker releases={releases} chosen={tag} />
        </Section>
        {preview ? (
          <ConfirmDeploy
            key={preview.release.tag}
            place={place}
            latest={preview}
            approvalMinutes={approvalMinutes}
            failure={failure}
            idempotencyKey={idempotencyKey}
          />
        ) : (
          <Section title="Plan" className="max-lg:hidden">
            <EmptyState icon={Rocket} title="No release chosen yet">
              Its plan and the commits since the live release appear here. Nothing starts before you confirm.
            </EmptyState>
          </Section>
        )}
      </div>
    </>
  );
}

function ConfirmDeploy({
  place,
  latest,
  approvalMinutes,
  failure,
  idempotencyKey,
}: {
  place: Place;
  latest: DeployPreview;
  approvalMinutes: number | null;
  failure: ActionFailure | undefined;
  idempotencyKey: string;
}) {
  const subject = useSubject();
  const form = useRef<HTMLFormElement>(null);
  const leaveTo = paths.deployments();
  useConfirmKeys(form, leaveTo);
  const { shown, isOutdated, adopt } = useShownPlan(latest, failure);
  const { freeze } = latest;
  const mayOverride = can(subject, 'freezes.override');
  const blockedBy =
    (can(subject, 'deployments.deploy') ? null : whyNot('deployments.deploy')) ??
    latest.blockedBy ??
    (freeze && !mayOverride
      ? `Deploys are frozen. To override it: ${lowerFirst(whyNot('freezes.override'))}`
      : null) ??
    (isOutdated ? 'The plan has changed: look at the new one first.' : null);
  const { release, plan } = shown;
  return (
    <div className="min-w-0">
      <PlanNotices
        place={place}
        failure={failure}
        isOutdated={isOutdated}
        onAdopt={adopt}
        lock={latest.lock}
        freeze={freeze}
        approvalMinutes={approvalMinutes}
        activeRun={latest.activeRun}
        blockedBy={latest.blockedBy}
      />
      <div className="grid min-w-0 gap-4">
        <section
          aria-label="Confirm"
          className="grid gap-x-8 gap-y-3 rounded-l bg-surface p-4 shadow-raised xl:grid-cols-2"
        >
          <div className="min-w-0">
            <p className="mb-1 text-l font-semibold">
              <FromTo from={plan.from} to={plan.to} />
            </p>
            <p>{release.title}</p>
            <p className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">
              <span>
                committed <RelativeTime at={release.committedAt} focusable />
              </span>
              <code>{shortSha(release.commitSha)}</code>
              <ReleaseMarks release={release} />
            </p>
          </div>
          <ConfirmForm
            form={form}
            intent="deploy"
            planHash={shown.planHash}
            tag={release.tag}
            idempotencyKey={idempotencyKey}
            verb={verbOf(latest, release.tag, place)}
            look={freeze ? 'danger' : 'primary'}
            blockedBy={blockedBy}
            failure={failure}
            reasonHint="Kept with the run and in the audit log."
            leaveTo={leaveTo}
          >
            {freeze && mayOverride ? <OverrideFreeze failure={failure} /> : null}
          </ConfirmForm>
        </section>
        <Commits commits={shown.commits} leftOut={shown.commitsLeftOut} from={plan.from?.tag ?? null} />
        <Section
          title="What will happen"
          note={`${plural(plan.steps.length, 'step')}, within ${formatDuration(plan.budgetMs)}`}
        >
          <PlanSteps plan={plan} />
        </Section>
      </div>
    </div>
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What pressing the button does: where a second person is needed it only asks. */
function verbOf({ needsApproval, freeze }: DeployPreview, tag: string, { environment }: Place): string {
  const verb = `${needsApproval ? 'Ask to deploy' : 'Deploy'} ${tag} to ${environment}`;
  return freeze ? `${verb} in spite of the freeze` : verb;
}

function Commits({
  commits,
  leftOut,
  from,
}: {
  commits: CommitView[];
  leftOut: number;
  from: string | null;
}) {
  const isEmpty = commits.length === 0;
  return (
    <Section
      title={from ? `Commits since ${from}` : 'Commits'}
      note={isEmpty ? null : plural(commits.length + leftOut, 'commit')}
      flush
    >
      {isEmpty ? (
        <p className="px-4 py-3 text-muted">
          None: it holds nothing that the live release does not have. Deploying it goes back or repeats.
        </p>
      ) : (
        <ul className="max-h-80 divide-y divide-line overflow-y-auto">
          {commits.map((commit) => (
            <li key={commit.sha} className="flex min-h-9 items-center gap-3 px-4 py-1.5">
              <GitCommitHorizontal aria-hidden="true" size={14} className="shrink-0 text-faint" />
              <span className="min-w-0 flex-1 break-words">{commit.title}</span>
              <span className="max-w-28 truncate text-s text-muted max-sm:hidden">{commit.author}</span>
              <RelativeTime at={commit.at} className="text-s text-muted" />
              <code className="text-s text-faint max-sm:hidden">{shortSha(commit.sha)}</code>
            </li>
          ))}
          {leftOut > 0 ? (
            <li className="px-4 py-2 text-muted">and {plural(leftOut, 'more commit')}</li>
          ) : null}
        </ul>
      )}
    </Section>
  );
}
