import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { CalendarClock, Plus, Snowflake } from 'lucide-react';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState, FailureNotice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { FreezeItem } from '#app/deployments/freeze-item';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { CsvLink } from '#app/settings/csv-link';
import { can, whyNot } from '#server/auth/contract';
import { endFreeze } from '#server/deployments/commands/manage-freezes';
import type { FreezeView } from '#server/deployments/freezes/contract';
import { listFreezes } from '#server/deployments/queries/freezes';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Freezes');

const CURRENT_SHOWN = 200;
const PAST_SHOWN = 20;

export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, url }) => {
  const page = url.searchParams.get('page') || undefined;
  const [current, past] = await Promise.all([
    listFreezes(ctx, { state: 'current', pageSize: CURRENT_SHOWN }),
    listFreezes(ctx, { state: 'past', page, pageSize: PAST_SHOWN }),
  ]);
  return { current: current.rows, past };
});

export const action = protectedAction({
  intents: {
    end: {
      access: 'freezes.manage',
      handle: async ({ ctx, context, form }) => {
        await endFreeze(ctx, { freezeId: form.freezeId, reason: form.reason });
        return redirectWithToast(context, paths.freezes(), {
          kind: 'success',
          message: 'The freeze is ended. It refuses nothing any more.',
        });
      },
    },
  },
});

export default function Freezes() {
  const { current, past } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const blockedBy = can(subject, 'freezes.manage') ? null : whyNot('freezes.manage');
  const active = current.filter(({ status }) => status === 'active');
  const upcoming = current.filter(({ status }) => status !== 'active');
  const items = (freezes: FreezeView[]) => (
    <ul className="divide-y divide-line">
      {freezes.map((freeze) => (
        <FreezeItem
          key={freeze.id}
          freeze={freeze}
          failure={failure?.values.freezeId === freeze.id ? failure : undefined}
          blockedBy={blockedBy}
        />
      ))}
    </ul>
  );
  return (
    <>
      <PageHeader
        title="Freezes"
        actions={
          <LinkButton to={paths.newFreeze()} look="primary" blockedBy={blockedBy}>
            <Plus aria-hidden="true" size={15} />
            Declare a freeze
          </LinkButton>
        }
      >
        Times in which deploys are refused. Rollbacks, checks and runs under way never are.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid gap-4">
        <Section title="Active now" note={active.length > 0 ? `${active.length} in all` : null} flush>
          {active.length > 0 ? (
            items(active)
          ) : (
            <EmptyState icon={Snowflake} title="Nothing is frozen">
              Deploys go through everywhere, as far as locks and approvals let them.
            </EmptyState>
          )}
        </Section>
        <Section title="Upcoming" note={upcoming.length > 0 ? `${upcoming.length} in all` : null} flush>
          {upcoming.length > 0 ? (
            items(upcoming)
          ) : (
            <EmptyState icon={CalendarClock} title="No freeze is to come">
              Declare one ahead of a sale, a holiday or a night without staff.
            </EmptyState>
          )}
        </Section>
        {past.total > 0 ? (
          <Section title="Past" aside={<CsvLink href={paths.freezesCsv()} />} flush>
            {items(past.rows)}
            <Pagination page={past.page} pageSize={past.pageSize} total={past.total} />
          </Section>
        ) : null}
      </div>
    </>
  );
}
