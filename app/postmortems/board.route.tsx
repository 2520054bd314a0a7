import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { CircleCheck } from 'lucide-react';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState, FailureNotice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { useHeld } from '#app/lib/use-held';
import { ActionItem } from '#app/postmortems/action-item';
import { itemIntents } from '#app/postmortems/item-intents.server';
import { CsvLink } from '#app/settings/csv-link';
import { can } from '#server/auth/contract';
import { listActionItems, listOwners } from '#server/postmortems/queries';
import { DUE_GROUP_LABELS, DUE_GROUPS, type DueGroup } from '#server/postmortems/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Action items');

/** Items of a column; the rest is behind its name. */
const COLUMN = 20;

export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const { group, owner, page } = filter;
  const shown = group === undefined ? DUE_GROUPS : [group as DueGroup];
  const columns = await Promise.all(
    shown.map(async (each) => ({
      ...(await listActionItems(ctx, {
        group: each,
        owner,
        ...(group === undefined ? { pageSize: COLUMN } : { page }),
      })),
      group: each,
    })),
  );
  const owners = can(ctx.actor, 'postmortems.manage') ? await listOwners(ctx, {}) : [];
  return { columns, owners, filter };
});

export const action = protectedAction({ intents: itemIntents });

const EMPTY: Record<DueGroup, string> = {
  overdue: 'Nothing is overdue.',
  week: 'Nothing is due within a week.',
  later: 'Nothing is planned for later.',
  ended: 'Nothing has been finished yet.',
};

export default function ActionItems() {
  const { columns: loaded, owners, filter } = useLoaderData<typeof loader>();
  // An item that somebody else puts off changes its column, and with it would go what is typed.
  const columns = useHeld(loaded);
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const mayChange = can(useSubject(), 'postmortems.manage');
  const { page: _page, ...csvFilter } = filter;
  const total = columns.reduce((sum, column) => sum + column.total, 0);
  const isBoard = filter.group === undefined;
  return (
    <>
      <PageHeader
        title="Action items"
        actions={
          <>
            <CsvLink href={paths.actionItemsCsv(csvFilter)} />
            <LinkButton to={paths.postmortems({ view: 'all' })}>Post-mortems</LinkButton>
          </>
        }
      >
        What post-mortems asked for, by the day on which it is due (UTC).
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="no-print mb-4">
        <FilterForm>
          <ChoiceFilter
            name="owner"
            label="Owner"
            all="Everybody's"
            options={[
              { value: 'me', label: 'Mine' },
              ...owners.map(({ name, email }) => ({ value: email, label: name })),
            ]}
          />
          <ChoiceFilter
            name="group"
            label="When"
            all="The whole board"
            options={DUE_GROUPS.map((value) => ({ value, label: DUE_GROUP_LABELS[value] }))}
          />
        </FilterForm>
      </div>
      {total === 0 && isBoard && !filter.owner ? (
        <Section title="The board" flush>
          <EmptyState
            icon={CircleCheck}
            title="There is nothing to be done"
            action={<LinkButton to={paths.postmortems({ view: 'all' })}>See the post-mortems</LinkButton>}
          >
            Action items are added in a post-mortem, with an owner and a day.
          </EmptyState>
        </Section>
      ) : (
        <div className={isBoard ? 'grid items-start gap-4 md:grid-cols-2 2xl:grid-cols-4' : ''}>
          {columns.map(({ group, rows, total: inGroup, page, pageSize }) => (
            <Section key={group} title={DUE_GROUP_LABELS[group]} note={String(inGroup)} flush>
              {rows.length === 0 ? <p className="px-4 py-3 text-muted">{EMPTY[group]}</p> : null}
              <ul className="divide-y divide-line">
                {rows.map((item) => (
                  <ActionItem key={item.id} withIncident {...{ item, owners, failure, mayChange }} />
                ))}
              </ul>
              {isBoard ? (
                inGroup > rows.length ? (
                  <p className="border-t border-line px-4 py-2">
                    <Link to={paths.actionItems({ ...filter, group })} className="link">
                      All {inGroup}
                    </Link>
                  </p>
                ) : null
              ) : (
                <Pagination {...{ page, pageSize, total: inGroup }} />
              )}
            </Section>
          ))}
        </div>
      )}
    </>
  );
}
