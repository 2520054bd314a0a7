import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { Download, Printer } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { Duration } from '#app/components/ui/time';
import {
  type ActionArgs,
  type ActionFailure,
  protectedAction,
  protectedLoader,
} from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { useFormKey } from '#app/lib/use-form-key';
import { ActionItem, NewActionItem } from '#app/postmortems/action-item';
import { DecisionList, RevisionList } from '#app/postmortems/history';
import { itemIntents } from '#app/postmortems/item-intents.server';
import { postmortemLook } from '#app/postmortems/looks';
import { MarkdownText } from '#app/postmortems/markdown-text';
import { NextStep } from '#app/postmortems/next-step';
import { Timeline } from '#app/postmortems/timeline';
import { AuditLink } from '#app/settings/audit-link';
import { BackLink } from '#app/settings/back-link';
import { can } from '#server/auth/contract';
import { getImpact } from '#server/business/queries';
import { impactWords } from '#server/business/words/contract';
import type { Ctx } from '#server/platform/context';
import {
  approvePostmortem,
  publishPostmortem,
  returnPostmortem,
  submitPostmortem,
} from '#server/postmortems/commands/decide';
import { addActionItem } from '#server/postmortems/commands/manage-items';
import {
  getPostmortem,
  getPostmortemRevision,
  getPostmortemTimeline,
  listOwners,
  previewPostmortem,
} from '#server/postmortems/queries';
import {
  DUE_DAYS_DEFAULT,
  ROOT_CAUSE_KIND_LABELS,
  SECTION_ORDER,
  SECTION_TITLES,
  type SectionKey,
} from '#server/postmortems/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Post-mortem of ${args.data?.postmortem.incidentName ?? 'an incident'}`);

/** Entries of a page; the printed document has more. */
const TIMELINE = 200;
const DAY_MS = 86_400_000;

export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, params, url }) => {
  const postmortem = await getPostmortem(ctx, { number: params.number });
  const number = postmortem.incidentNumber;
  const asked = url.searchParams.get('revision');
  const old = asked ? await getPostmortemRevision(ctx, { number, revision: asked }) : null;
  const mayReadIncident = can(ctx.actor, 'incidents.read');
  const [html, timeline, owners, cost] = await Promise.all([
    previewPostmortem(ctx, old?.sections ?? postmortem.sections),
    getPostmortemTimeline(ctx, { number, most: TIMELINE }),
    can(ctx.actor, 'postmortems.manage') ? listOwners(ctx, {}) : [],
    mayReadIncident ? costWords(ctx, number) : null,
  ]);
  const { sections: _texts, ...shown } = postmortem;
  return {
    postmortem: shown,
    old: old ? { number: old.number, authorName: old.authorName, createdAt: old.createdAt } : null,
    html,
    timeline,
    owners,
    cost,
    dueOn: new Date(ctx.clock.now().getTime() + DUE_DAYS_DEFAULT * DAY_MS).toISOString().slice(0, 10),
  };
});

/** What the incident is known to have cost by now, whatever the text says; null where nobody has said. */
async function costWords(ctx: Ctx, number: number): Promise<string | null> {
  const { current } = await getImpact(ctx, { number });
  if (!current) return null;
  return `As it is known now: ${impactWords(current)}`;
}

/** Back to the post-mortem, told what was done. */
function done({ context, params }: ActionArgs, message: string) {
  return redirectWithToast(context, paths.postmortem(Number(params.number)), { kind: 'success', message });
}

export const action = protectedAction({
  intents: {
    submit: {
      access: 'postmortems.manage',
      handle: async (args) => {
        await submitPostmortem(args.ctx, { number: args.params.number, version: args.form.version });
        return done(args, 'It is in the review queue.');
      },
    },
    approve: {
      access: 'postmortems.approve',
      handle: async (args) => {
        await approvePostmortem(args.ctx, { number: args.params.number, version: args.form.version });
        return done(args, 'Approved.');
      },
    },
    publish: {
      access: 'postmortems.approve',
      handle: async (args) => {
        await publishPostmortem(args.ctx, { number: args.params.number, version: args.form.version });
        return done(args, 'Published. The team is told.');
      },
    },
    return: {
      access: 'postmortems.manage',
      handle: async (args) => {
        const { version, reason } = args.form;
        await returnPostmortem(args.ctx, { number: args.params.number, version, reason });
        return done(args, 'It is a draft again.');
      },
    },
    add: {
      access: 'postmortems.manage',
      handle: async ({ ctx, context, params, form }) => {
        const { title, email, dueOn, priority } = form;
        const item = await addActionItem(ctx, { number: params.number, title, email, dueOn, priority });
        return redirectWithToast(context, paths.postmortem(item.incidentNumber), {
          kind: 'success',
          message: `${item.ownerName} has it until ${item.dueOn}.`,
        });
      },
    },
    ...itemIntents,
  },
});

export default function Postmortem() {
  const { postmortem, old, html, timeline, owners, cost, dueOn } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const newItemKey = useFormKey('add');
  const subject = useSubject();
  const mayChange = can(subject, 'postmortems.manage');
  const me = useRootData()?.viewer?.email ?? '';
  const { incidentName, incidentNumber, state, level, service, environment } = postmortem;
  const isWritable = state === 'draft' || state === 'in_review';
  const part = (key: SectionKey) => (
    <Part key={key} title={SECTION_TITLES[key]} note={key === 'impact' ? (cost ?? undefined) : undefined}>
      <MarkdownText html={html[key]} className="max-w-prose" />
    </Part>
  );
  return (
    <>
      <BackLink to={paths.postmortems({ view: 'all' })}>Post-mortems</BackLink>
      <PageHeader
        title={`Post-mortem of ${incidentName}: ${postmortem.title}`}
        actions={
          <>
            <a href="#next" className="link hit inline-flex items-center lg:hidden">
              What comes next
            </a>
            <AuditLink filter={{ search: incidentName }} />
            {can(subject, 'incidents.read') ? (
              <LinkButton to={paths.incident(incidentNumber)}>{incidentName}</LinkButton>
            ) : null}
            <a
              href={paths.postmortemDocument(incidentNumber)}
              download
              className="hit inline-flex items-center gap-1.5 rounded-m px-2 text-muted no-underline hover:bg-hover hover:text-ink"
            >
              <Download aria-hidden="true" size={15} />
              Markdown
            </a>
            <LinkButton to={paths.printPostmortem(incidentNumber)}>
              <Printer aria-hidden="true" size={15} />
              Print or save as PDF
            </LinkButton>
            {isWritable ? (
              <LinkButton to={paths.editPostmortem(incidentNumber)} look="primary">
                Write
              </LinkButton>
            ) : null}
          </>
        }
      >
        <span className="flex flex-wrap gap-x-3">
          <StatusMark look={postmortemLook(state)} />
          <span>Level {level}</span>
          {service ? <span>{[service, environment].filter(Boolean).join(' / ')}</span> : null}
          <span>
            began {formatUtc(postmortem.startedAt)}, lasted <Duration ms={postmortem.durationMs} />
          </span>
          <span>revision {postmortem.revision}</span>
          <span>root cause: {ROOT_CAUSE_KIND_LABELS[postmortem.rootCauseKind].toLowerCase()}</span>
        </span>
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      {old ? (
        <Notice
          tone="info"
          title={`This is revision ${old.number}, as ${old.authorName} saved it on ${formatUtc(old.createdAt)}.`}
          className="mb-4"
          actions={
            <Link to={paths.postmortem(incidentNumber)} className="link">
              See the last one
            </Link>
          }
        />
      ) : null}
      {!old && postmortem.publishedRevision !== null && state !== 'published' ? (
        <Notice
          tone="info"
          title={`Revision ${postmortem.publishedRevision} is published; this is another text, which nobody has published yet.`}
          className="mb-4"
          actions={
            <Link
              to={paths.postmortem(incidentNumber, { revision: postmortem.publishedRevision })}
              className="link"
            >
              See the published one
            </Link>
          }
        />
      ) : null}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,3fr)] lg:items-start print:block print:space-y-4">
        <article className="print-flat min-w-0 divide-y divide-line rounded-l bg-surface shadow-raised">
          {SECTION_ORDER.beforeTimeline.map(part)}
          <Part title="Timeline" note="As it is in the incident, UTC.">
            <Timeline {...timeline} number={incidentNumber} />
          </Part>
          {[...SECTION_ORDER.afterTimeline, ...SECTION_ORDER.messages].map(part)}
        </article>
        <div className="grid min-w-0 gap-4 print:block print:space-y-4">
          <NextStep postmortem={postmortem} failure={failure} />
          <Section title="Action items" note={String(postmortem.items.length)} flush>
            {postmortem.items.length === 0 ? (
              <p className="px-4 py-3 text-muted">Nobody has said yet what is to be done.</p>
            ) : null}
            <ul className="divide-y divide-line">
              {postmortem.items.map((item) => (
                <ActionItem key={item.id} {...{ item, owners, failure, mayChange }} />
              ))}
            </ul>
            {mayChange ? (
              <NewActionItem
                key={newItemKey}
                failure={failure?.intent === 'add' ? failure : undefined}
                {...{ owners, me, dueOn }}
              />
            ) : null}
          </Section>
          <DecisionList decisions={postmortem.decisions} />
          <RevisionList number={incidentNumber} revisions={postmortem.revisions} />
        </div>
      </div>
    </>
  );
}

/** One part of the document. */
function Part({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="px-4 py-4 sm:px-6">
      <div className="mb-2 flex flex-wrap items-baseline gap-x-3">
        <h2 id={id} className="text-m">
          {title}
        </h2>
        {note ? <p className="text-s text-muted">{note}</p> : null}
      </div>
      {children}
    </section>
  );
}
