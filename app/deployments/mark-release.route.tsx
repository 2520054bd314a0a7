import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { StatusMark, verdictLook } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { ReleaseMarks } from '#app/deployments/release-picker';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { can, whyNot } from '#server/auth/contract';
import { markRelease } from '#server/deployments/commands/manage-environments';
import { VERDICTS, type Verdict } from '#server/deployments/contract';
import { listReleases } from '#server/deployments/queries/releases';
import { AppError } from '#server/platform/errors';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Mark ${args.data?.release.tag ?? 'a release'}`);

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, params, url }) => {
  const place = { service: params.service ?? '', environment: params.environment ?? '' };
  const tag = url.searchParams.get('tag') ?? '';
  const release = (await listReleases(ctx, place)).find((candidate) => candidate.tag === tag);
  if (!release) {
    throw new AppError('not_found', `There is no release "${tag}" of ${place.service}.`, {
      hint: 'Open it from the list of releases.',
    });
  }
  const asked = url.searchParams.get('verdict');
  return { place, release, verdict: VERDICTS.find((known) => known === asked) ?? release.verdict };
});

const DONE: Record<Verdict, string> = {
  stable: 'is marked stable',
  faulty: 'is marked faulty',
  none: 'has no mark any more',
};

export const action = protectedAction({
  intents: {
    mark: {
      access: 'releases.mark',
      handle: async ({ ctx, context, params, form }) => {
        const { tag, verdict, reason } = form;
        const marked = await markRelease(ctx, { service: params.service, tag, verdict, reason });
        return redirectWithToast(context, paths.deployments(), {
          kind: 'success',
          message: `${marked.tag} ${DONE[verdict as Verdict]}.`,
        });
      },
    },
  },
});

const MEANING: Record<Verdict, string> = {
  stable: 'A rollback may go to it, even where no validation of it is on record.',
  faulty: 'No deploy and no rollback goes to it until the mark is taken off.',
  none: 'What its own deployments say counts.',
};

export default function MarkRelease() {
  const { release, verdict } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const chosen = typeof failure?.values.verdict === 'string' ? failure.values.verdict : verdict;
  return (
    <div className="mx-auto max-w-xl">
      <PageHeader
        title={
          <>
            Mark <span className="font-mono">{release.tag}</span>
          </>
        }
      >
        <span className="flex flex-wrap items-center gap-x-3">
          {release.title} <ReleaseMarks release={release} />
        </span>
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      {release.verdictReason && release.verdictAt ? (
        <p className="mb-4 text-muted">
          {release.verdictByName}, <RelativeTime at={release.verdictAt} focusable />: {release.verdictReason}
        </p>
      ) : null}
      <Form method="post" className="grid gap-4 rounded-l bg-surface p-4 shadow-raised">
        <input type="hidden" name="intent" value="mark" />
        <input type="hidden" name="tag" value={release.tag} />
        <fieldset className="grid gap-1">
          <legend className="mb-1 font-medium">Verdict</legend>
          {VERDICTS.map((choice) => (
            <label
              key={choice}
              className={cn(
                'hit flex items-start gap-3 rounded-m border border-line px-3 py-2 hover:bg-hover has-checked:border-herb has-checked:bg-herb-soft',
              )}
            >
              <input
                type="radio"
                name="verdict"
                value={choice}
                defaultChecked={choice === chosen}
                className="mt-1 accent-herb"
              />
              <span>
                <StatusMark look={verdictLook(choice)} className="font-medium" />
                <span className="block text-s text-muted">{MEANING[choice]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <TextField
          label="Why"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          defaultValue={typeof failure?.values.reason === 'string' ? failure.values.reason : ''}
          errors={failure?.fields.reason}
          hint="Shown beside the release and kept in the audit log."
        />
        <div className="flex flex-wrap items-center gap-3">
          <Button
            type="submit"
            look="primary"
            size="big"
            aria-busy={isBusy}
            blockedBy={can(subject, 'releases.mark') ? null : whyNot('releases.mark')}
          >
            Keep the mark
          </Button>
          <Link to={paths.deployments()} className="link text-muted">
            Leave it as it is
          </Link>
        </div>
      </Form>
    </div>
  );
}
