import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { CircleCheck } from 'lucide-react';
import { FilterForm, SearchFilter } from '#app/components/data-table/filter-form';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button, LinkButton } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { EmptyState, FailureNotice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { cn } from '#app/lib/cn';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { postmortemLook } from '#app/postmortems/looks';
import { CsvLink } from '#app/settings/csv-link';
import { can, whyNot } from '#server/auth/contract';
import { createPostmortem } from '#server/postmortems/commands/write-postmortem';
import type { PostmortemRow } from '#server/postmortems/contract';
import { listPostmortems } from '#server/postmortems/queries';
import {
  POSTMORTEM_VIEW_LABELS,
  POSTMORTEM_VIEWS,
  type PostmortemView,
} from '#server/postmortems/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Post-mortems');

export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, url }) => {
  const filter: Record<string, string> = {
    view: 'review',
    ...Object.fromEntries([...url.searchParams].filter(([, value]) => value !== '')),
  };
  const [page, ...counts] = await Promise.all([
    listPostmortems(ctx, filter),
    ...POSTMORTEM_VIEWS.map(async (view) => (await listPostmortems(ctx, { view, pageSize: 5 })).total),
  ]);
  return { ...page, filter, view: filter.view as PostmortemView, counts };
});

export const action = protectedAction({
  intents: {
    begin: {
      access: 'postmortems.manage',
      handle: async ({ ctx, context, form }) => {
        const given = typeof form.number === 'string' ? form.number.trim().replace(/^(inc-|#)/i, '') : '';
        const made = await createPostmortem(ctx, { number: given });
        return redirectWithToast(context, paths.editPostmortem(made.incidentNumber), {
          kind: 'success',
          message: `The post-mortem of ${made.incidentName} is begun.`,
        });
      },
    },
  },
});

const EMPTY: Record<PostmortemView, [title: string, text: string]> = {
  review: ['Nothing waits for a review', 'What is submitted is listed here until it is published.'],
  missing: [
    'Every incident of level 1 and 2 has been reviewed',
    'Those that are resolved come here until somebody has approved what they teach.',
  ],
  all: ['There is no post-mortem yet', 'One begins by itself when an incident of level 1 or 2 is resolved.'],
};

export default function Postmortems() {
  const { rows, total, page, pageSize, filter, view, counts } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const { page: _page, ...csvFilter } = filter;
  const [title, text] = filter.search
    ? ['No post-mortem is like that', 'Take the search away to see more.']
    : EMPTY[view];
  return (
    <>
      <PageHeader
        title="Post-mortems"
        actions={<LinkButton to={paths.actionItems()}>Action items</LinkButton>}
      >
        What incidents taught, and what waits to be learned.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <nav aria-label="Which post-mortems" className="no-print mb-3 flex flex-wrap gap-1">
        {POSTMORTEM_VIEWS.map((each, index) => (
          <Link
            key={each}
            to={paths.postmortems({ view: each })}
            prefetch="intent"
            aria-current={each === view ? 'page' : undefined}
            className={cn(
              'hit inline-flex items-center gap-1.5 rounded-m px-3 no-underline',
              each === view ? 'bg-pressed font-semibold' : 'text-muted hover:bg-hover hover:text-ink',
            )}
          >
            {POSTMORTEM_VIEW_LABELS[each]}
            <span className="text-s text-muted">{counts[index]}</span>
          </Link>
        ))}
      </nav>
      <Section
        title={POSTMORTEM_VIEW_LABELS[view]}
        aside={<CsvLink href={paths.postmortemsCsv(csvFilter)} />}
        flush
      >
        <div className="no-print border-b border-line p-3">
          <FilterForm shownBeside={['view']}>
            <SearchFilter label="Search post-mortems" placeholder="Title, or INC-42" />
          </FilterForm>
        </div>
        {rows.length > 0 ? (
          <>
            <ul className="divide-y divide-line">
              {rows.map((row) => (
                <PostmortemItem key={row.incidentNumber} row={row} />
              ))}
            </ul>
            <Pagination page={page} pageSize={pageSize} total={total} />
          </>
        ) : (
          <EmptyState icon={CircleCheck} title={title}>
            {text}
          </EmptyState>
        )}
      </Section>
      <BeginAnother failure={failure} />
    </>
  );
}

function PostmortemItem({ row }: { row: PostmortemRow }) {
  const place = [row.service, row.environment].filter(Boolean).join(' / ');
  return (
    <li className="grid gap-x-4 gap-y-1 px-4 py-3 md:grid-cols-[8rem_minmax(0,1fr)_auto] md:items-start">
      <StatusMark look={postmortemLook(row.state)} />
      <div className="min-w-0">
        {row.state ? (
          <Link
            to={paths.postmortem(row.incidentNumber)}
            prefetch="intent"
            className="font-medium break-words no-underline hover:underline"
          >
            {row.incidentName} {row.title}
          </Link>
        ) : (
          <p className="font-medium break-words">
            {row.incidentName} {row.title}
          </p>
        )}
        <p className="flex flex-wrap gap-x-3 text-s text-muted">
          <span>Level {row.level}</span>
          {place ? <span>{place}</span> : null}
          {row.resolvedAt ? (
            <span>
              resolved <RelativeTime at={row.resolvedAt} focusable />
            </span>
          ) : (
            <span>open again</span>
          )}
          {row.publishedRevision !== null && row.state !== 'published' ? (
            <span>revision {row.publishedRevision} is published</span>
          ) : null}
          {row.openItems > 0 ? <span>{plural(row.openItems, 'open action item')}</span> : null}
        </p>
      </div>
      {row.state === null ? <BeginButton row={row} /> : null}
    </li>
  );
}

function BeginButton({ row }: { row: PostmortemRow }) {
  const subject = useSubject();
  return (
    <Form method="post">
      <input type="hidden" name="intent" value="begin" />
      <input type="hidden" name="number" value={row.incidentNumber} />
      <Button
        type="submit"
        blockedBy={can(subject, 'postmortems.manage') ? null : whyNot('postmortems.manage', subject)}
      >
        Begin it<span className="sr-only"> for {row.incidentName}</span>
      </Button>
    </Form>
  );
}

/** Incidents of level 3 and 4 have one where somebody asks for it. */
function BeginAnother({ failure }: { failure: ActionFailure | undefined }) {
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const typed = failure?.values.number;
  if (!can(subject, 'postmortems.manage')) return null;
  return (
    <details className="no-print mt-4" open={failure ? true : undefined}>
      <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
        Begin one for another incident
      </summary>
      <Form method="post" className="mt-2 flex max-w-md flex-wrap items-end gap-3">
        <input type="hidden" name="intent" value="begin" />
        <TextField
          label="Number of the incident"
          name="number"
          required
          maxLength={14}
          placeholder="INC-42"
          autoComplete="off"
          defaultValue={typeof typed === 'string' ? typed : ''}
          errors={failure?.fields.number}
          className="flex-1"
        />
        <Button type="submit" aria-busy={isBusy}>
          Begin it
        </Button>
      </Form>
    </details>
  );
}
