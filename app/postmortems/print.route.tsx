import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { Printer } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { pageTitle } from '#app/components/layout/page-title';
import { Button } from '#app/components/ui/button';
import { Facts } from '#app/components/ui/section';
import { protectedLoader } from '#app/http/protected.server';
import { formatUtc } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { DecisionLines } from '#app/postmortems/history';
import { MarkdownText } from '#app/postmortems/markdown-text';
import { Timeline } from '#app/postmortems/timeline';
import { BackLink } from '#app/settings/back-link';
import { can } from '#server/auth/contract';
import { getImpact } from '#server/business/queries';
import { impactWords } from '#server/business/words/contract';
import { INCIDENT_LEVEL_LABELS } from '#server/incidents/words/contract';
import { durationWords } from '#server/monitoring/rules/words/contract';
import type { ActionItemView } from '#server/postmortems/contract';
import { getPostmortem, getPostmortemTimeline, previewPostmortem } from '#server/postmortems/queries';
import {
  ACTION_ITEM_STATE_LABELS,
  POSTMORTEM_STATE_LABELS,
  PRIORITY_LABELS,
  ROOT_CAUSE_KIND_LABELS,
  SECTION_ORDER,
  SECTION_TITLES,
  type SectionKey,
} from '#server/postmortems/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';

/** A sheet of paper has no navigation. */
export const handle = { isBare: true };

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Post-mortem of ${args.data?.postmortem.incidentName ?? 'an incident'}`);

/** The whole document on one page, for paper and PDF. */
export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, params }) => {
  const { sections, ...postmortem } = await getPostmortem(ctx, { number: params.number });
  const number = postmortem.incidentNumber;
  const [html, timeline, impact] = await Promise.all([
    previewPostmortem(ctx, sections),
    getPostmortemTimeline(ctx, { number }),
    can(ctx.actor, 'incidents.read') ? getImpact(ctx, { number }) : null,
  ]);
  return {
    postmortem,
    html,
    timeline,
    cost: impact?.current ? impactWords(impact.current) : null,
    now: ctx.clock.now().toISOString(),
  };
});

export default function PrintedPostmortem() {
  const { postmortem, html, timeline, cost, now } = useLoaderData<typeof loader>();
  const { incidentName, incidentNumber, level, service, environment, decisions, items } = postmortem;
  const place = [service, environment].filter(Boolean).join(' / ');
  const texts = (keys: readonly SectionKey[]) =>
    keys.map((key) => (
      <Part key={key} title={SECTION_TITLES[key]}>
        {key === 'impact' && cost ? (
          <p className="mb-2 text-s text-muted">As it is known now: {cost}</p>
        ) : null}
        <MarkdownText html={html[key]} />
      </Part>
    ));
  return (
    <main id="main" tabIndex={-1} className="mx-auto max-w-208 px-4 py-5 outline-none sm:px-8">
      <div className="no-print mb-5 flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line pb-3">
        <BackLink to={paths.postmortem(incidentNumber)}>Back to the page</BackLink>
        <Button look="primary" className="ml-auto hidden js:inline-flex" onClick={() => window.print()}>
          <Printer aria-hidden="true" size={15} />
          Print or save as PDF
        </Button>
        <p className="text-muted js:hidden">
          Your browser’s print command prints this page or saves it as PDF.
        </p>
      </div>
      <article>
        <h1 className="text-l break-words">
          Post-mortem of {incidentName}: {postmortem.title}
        </h1>
        <Facts
          className="mt-3"
          items={[
            ['State', `${POSTMORTEM_STATE_LABELS[postmortem.state]}, revision ${postmortem.revision}`],
            ...(postmortem.publishedAt !== null && postmortem.state !== 'published'
              ? ([
                  [
                    'Published',
                    `Revision ${postmortem.publishedRevision}, ${formatUtc(postmortem.publishedAt)}`,
                  ],
                ] as [string, string][])
              : []),
            ['Level', `${level}, ${INCIDENT_LEVEL_LABELS[level].toLowerCase()}`],
            ...(place ? ([['Where', place]] as [string, string][]) : []),
            ['Began', formatUtc(postmortem.startedAt)],
            ['Ended', postmortem.resolvedAt ? formatUtc(postmortem.resolvedAt) : 'not yet'],
            ['Lasted', durationWords(Math.round(postmortem.durationMs / 1_000))],
            ['Root cause', ROOT_CAUSE_KIND_LABELS[postmortem.rootCauseKind]],
          ]}
        />
        {texts(SECTION_ORDER.beforeTimeline)}
        <Part title="Timeline">
          <p className="mb-2 text-s text-muted">As it is in the incident, UTC.</p>
          <Timeline {...timeline} number={incidentNumber} isWhole />
        </Part>
        {texts(SECTION_ORDER.afterTimeline)}
        <Part title="Action items">
          {items.length === 0 ? <p className="text-muted">Nobody has said yet what is to be done.</p> : null}
          <ul className="grid gap-2">
            {items.map((item) => (
              <Item key={item.id} item={item} />
            ))}
          </ul>
        </Part>
        <Part title="Approvals and decisions">
          <DecisionLines decisions={decisions} />
        </Part>
        {texts(SECTION_ORDER.messages)}
        <p className="mt-6 border-t border-line pt-2 text-s text-muted">As it was at {formatUtc(now)}.</p>
      </article>
    </main>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="mt-5">
      <h2 id={id} className="mb-1.5 border-b border-line pb-1 text-m">
        {title}
      </h2>
      {children}
    </section>
  );
}

function Item({ item }: { item: ActionItemView }) {
  return (
    <li>
      <p className="break-words">{item.title}</p>
      <p className="text-s text-muted">
        {[
          item.group === 'overdue'
            ? `Overdue, ${ACTION_ITEM_STATE_LABELS[item.state].toLowerCase()}`
            : ACTION_ITEM_STATE_LABELS[item.state],
          item.ownerName,
          `due ${item.dueOn}`,
          `${PRIORITY_LABELS[item.priority].toLowerCase()} priority`,
        ].join(' · ')}
      </p>
    </li>
  );
}
