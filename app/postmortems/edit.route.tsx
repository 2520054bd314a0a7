import { data, type MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useLocation, useNavigation } from '@remix-run/react';
import { Check } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { SelectField, TextAreaField } from '#app/components/ui/field';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import {
  type ActionArgs,
  type ActionFailure,
  protectedAction,
  protectedLoader,
} from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { useHeld } from '#app/lib/use-held';
import { goOn, sectionsOf } from '#app/postmortems/go-on';
import { MarkdownText } from '#app/postmortems/markdown-text';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import { AppError } from '#server/platform/errors';
import { savePostmortem } from '#server/postmortems/commands/write-postmortem';
import { getPostmortem, getPostmortemRevision, previewPostmortem } from '#server/postmortems/queries';
import {
  POSTMORTEM_STATE_LABELS,
  ROOT_CAUSE_KIND_LABELS,
  ROOT_CAUSE_KINDS,
  SECTION_HINTS,
  SECTION_KEYS,
  SECTION_MAX,
  SECTION_TITLES,
  type SectionKey,
} from '#server/postmortems/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Write ${args.data?.postmortem.incidentName ?? 'a post-mortem'}`);

export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, params }) => ({
  postmortem: await getPostmortem(ctx, { number: params.number }),
}));

export const action = protectedAction({
  intents: {
    // Also what a text field sends by keyboard.
    default: {
      access: 'postmortems.manage',
      handle: async (args) => {
        const { ctx, context, params, form } = args;
        const { number } = params;
        const { version, rootCauseKind } = form;
        try {
          const saved = await savePostmortem(ctx, { number, version, rootCauseKind, ...sectionsOf(form) });
          return redirectWithToast(context, paths.postmortem(saved.incidentNumber), {
            kind: 'success',
            message: `Saved as revision ${saved.revision}.`,
          });
        } catch (error) {
          if (error instanceof AppError && error.kind === 'conflict') return bringTogether(args);
          throw error;
        }
      },
    },
    preview: {
      access: 'postmortems.manage',
      handle: async ({ ctx, form }) => {
        const sections = sectionsOf(form);
        const html = await previewPostmortem(ctx, sections);
        const { version, revision, rootCauseKind } = form;
        return {
          html,
          sections,
          version: String(version),
          revision: String(revision),
          rootCauseKind: String(rootCauseKind),
        };
      },
    },
  },
});

/** Nothing is saved: theirs and what was typed are shown together, to be saved over what is there now. */
async function bringTogether({ ctx, params, form }: ActionArgs) {
  const { number } = params;
  const now = await getPostmortem(ctx, { number });
  const base = await getPostmortemRevision(ctx, { number, revision: form.revision });
  return data(
    {
      ...goOn(base.sections, sectionsOf(form), now.sections),
      byName: now.revisions[0]?.authorName ?? '',
      state: now.state,
      version: String(now.version),
      revision: String(now.revision),
      rootCauseKind: String(form.rootCauseKind),
      theirKind: now.rootCauseKind,
    },
    { status: 409 },
  );
}

export default function EditPostmortem() {
  const loaded = useLoaderData<typeof loader>();
  const answer = useAnswer<typeof action>();
  const formKey = useLocation().key;
  // Who saves says which version they began with, also when others save while they write.
  const postmortem = useHeld(loaded.postmortem);
  const failure = answer && 'error' in answer ? (answer as ActionFailure) : null;
  const together = answer && 'clashes' in answer ? answer : null;
  const previewed = answer && 'html' in answer ? answer : null;
  const from = together ?? previewed;
  const navigation = useNavigation();
  const subject = useSubject();
  const busyWith = navigation.state === 'submitting' ? (navigation.formData?.get('intent') ?? 'save') : null;
  const typed = failure ? sectionsOf(failure.values) : null;
  const sections = from?.sections ?? typed ?? postmortem.sections;
  const version = from?.version ?? failure?.values.version ?? postmortem.version;
  const revision = from?.revision ?? failure?.values.revision ?? postmortem.revision;
  const rootCauseKind = from?.rootCauseKind ?? failure?.values.rootCauseKind ?? postmortem.rootCauseKind;
  const clashes: Partial<Record<SectionKey, string>> = together?.clashes ?? {};
  const isWritable = postmortem.state === 'draft' || postmortem.state === 'in_review';
  return (
    <div className="mx-auto max-w-5xl">
      <BackLink to={paths.postmortem(postmortem.incidentNumber)}>Post-mortem</BackLink>
      <PageHeader title={`Post-mortem of ${postmortem.incidentName}`}>{postmortem.title}</PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      {together ? <Together {...{ ...together, clashes }} /> : null}
      {isWritable ? null : (
        <Notice
          tone="warning"
          title={`It is ${POSTMORTEM_STATE_LABELS[postmortem.state].toLowerCase()}, so its text stays as it is.`}
          className="mb-4"
        >
          Take it back to a draft first, and say why.
        </Notice>
      )}
      <Form method="post" className="grid gap-5 rounded-l bg-surface p-4 shadow-raised sm:p-5" key={formKey}>
        <input type="hidden" name="version" value={String(version)} />
        <input type="hidden" name="revision" value={String(revision)} />
        <p className="text-muted">
          Markdown: <code>**strong**</code>, <code>- list</code>, <code>[text](address)</code>. The timeline
          and the action items are added by themselves.
        </p>
        {SECTION_KEYS.map((key) => (
          <div key={key} className="grid gap-2">
            <TextAreaField
              label={SECTION_TITLES[key]}
              name={key}
              hint={SECTION_HINTS[key]}
              rows={Math.min(16, Math.max(4, sections[key].split('\n').length + 1))}
              maxLength={SECTION_MAX}
              defaultValue={sections[key]}
              errors={failure?.fields[key]}
            />
            {key === 'rootCause' ? (
              <SelectField
                label="Kind of root cause"
                name="rootCauseKind"
                hint={
                  together && together.theirKind !== together.rootCauseKind
                    ? `${together.byName} left it at “${ROOT_CAUSE_KIND_LABELS[together.theirKind]}”.`
                    : 'What the figures count by.'
                }
                options={ROOT_CAUSE_KINDS.map((value) => ({ value, label: ROOT_CAUSE_KIND_LABELS[value] }))}
                defaultValue={String(rootCauseKind)}
                errors={failure?.fields.rootCauseKind}
                className="max-w-xs"
              />
            ) : null}
            {clashes[key] === undefined ? null : (
              <div className="grid gap-1 rounded-m bg-warning-soft px-3 py-2">
                <p className="font-medium">
                  {together?.byName} wrote under “{SECTION_TITLES[key]}”:
                </p>
                <pre className="overflow-x-auto text-s whitespace-pre-wrap">
                  {clashes[key] || '(nothing)'}
                </pre>
              </div>
            )}
            {previewed?.html[key] ? (
              <section
                aria-label={`Preview of ${SECTION_TITLES[key]}`}
                className="rounded-m border border-dashed border-edge px-3 py-2"
              >
                <h2 className="text-s font-medium text-muted">Preview</h2>
                <MarkdownText html={previewed.html[key]} />
              </section>
            ) : null}
          </div>
        ))}
        <div className="sticky bottom-0 -mx-4 -mb-4 flex flex-wrap items-center gap-3 rounded-b-l border-t border-line bg-surface px-4 py-3 max-md:static sm:-mx-5 sm:-mb-5 sm:px-5">
          <Button
            type="submit"
            look="primary"
            aria-busy={busyWith === 'save'}
            blockedBy={can(subject, 'postmortems.manage') ? null : whyNot('postmortems.manage', subject)}
          >
            <Check aria-hidden="true" size={15} />
            Save
          </Button>
          <Button
            type="submit"
            name="intent"
            value="preview"
            aria-busy={busyWith === 'preview'}
            blockedBy={can(subject, 'postmortems.manage') ? null : whyNot('postmortems.manage', subject)}
          >
            Preview
          </Button>
          <Link to={paths.postmortem(postmortem.incidentNumber)} className="link text-muted">
            Leave it as it is
          </Link>
        </div>
      </Form>
    </div>
  );
}

function Together({ byName, clashes }: { byName: string; clashes: Partial<Record<SectionKey, string>> }) {
  const count = Object.keys(clashes).length;
  return (
    <Notice
      tone="critical"
      title={`${byName} has changed this post-mortem since you opened it. Nothing was saved.`}
      alert
      className="mb-4"
    >
      What you typed is still here, and what they wrote elsewhere is in its fields.{' '}
      {count > 0
        ? 'Where both of you wrote, theirs stands under yours: take over what is missing, then save.'
        : 'Look it over, then save.'}
    </Notice>
  );
}
