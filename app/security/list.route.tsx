import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { ToggleCard } from '#app/maintenance/toggle-card';
import { CsvLink } from '#app/settings/csv-link';
import { can, whyNot } from '#server/auth/contract';
import type { PlaceToggles } from '#server/maintenance/contract';
import { listOpenToggles } from '#server/maintenance/queries';
import {
  SECURITY_KIND_LABELS,
  SECURITY_KINDS,
  type SecurityCounts,
  type SecurityKind,
} from '#server/monitoring/security-events/contract';
import { countEvents, listSecurityEvents } from '#server/monitoring/security-events/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Security');

const HOURS = [
  { value: '1', label: 'Last hour' },
  { value: '168', label: 'Last 7 days' },
  { value: '720', label: 'Last 30 days' },
];

export const loader = protectedLoader({ access: 'security.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const [places, events, counts] = await Promise.all([
    listOpenToggles(ctx, {}),
    listSecurityEvents(ctx, filter),
    countEvents(ctx, { ...filter, page: 1 }),
  ]);
  return { places, events, counts, filter };
});

export default function Security() {
  const { places, events, counts, filter } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Security">Lockdowns, and what looked like an attack.</PageHeader>
      <div className="grid gap-4">
        {places.map((place) => (
          <LockdownState key={`${place.service}/${place.environment}`} place={place} />
        ))}
        <Section
          title="Security events"
          note={`${counts.total} in all`}
          aside={<CsvLink href={paths.securityEventsCsv(filter)} />}
          flush
        >
          <div className="border-b border-line p-3">
            <FilterForm>
              <ChoiceFilter
                name="kind"
                label="Kind"
                all="Every kind"
                options={SECURITY_KINDS.map((kind) => ({ value: kind, label: SECURITY_KIND_LABELS[kind] }))}
              />
              <ChoiceFilter
                name="environment"
                label="Environment"
                all="Every environment"
                options={[...new Set(places.map(({ environment }) => environment))].map((name) => ({
                  value: name,
                  label: name,
                }))}
              />
              <ChoiceFilter name="hours" label="Time" all="Last 24 hours" options={HOURS} />
            </FilterForm>
          </div>
          {counts.total > 0 ? (
            <>
              <Counts counts={counts} />
              <ul className="divide-y divide-line">
                {events.rows.map((event) => (
                  <li
                    key={event.id}
                    className="grid gap-0.5 px-4 py-2 sm:grid-cols-[9rem_11rem_minmax(0,1fr)]"
                  >
                    <RelativeTime at={event.at} focusable />
                    <span className="font-medium">{SECURITY_KIND_LABELS[event.kind]}</span>
                    <span className="min-w-0">
                      <span className="block break-all font-mono text-s">
                        {[event.method, event.path].filter(Boolean).join(' ')}
                      </span>
                      <span className="block text-s break-words text-muted">
                        {event.service} / {event.environment} · {event.sourceIp ?? 'unknown address'} · told
                        by {event.source}
                        {event.evidence ? ` · ${event.evidence}` : ''}
                      </span>
                    </span>
                  </li>
                ))}
              </ul>
              <Pagination page={events.page} pageSize={events.pageSize} total={events.total} />
            </>
          ) : (
            <EmptyState icon={ShieldCheck} title="Nothing suspicious">
              Request logs are read all the time; others report through the API.
            </EmptyState>
          )}
        </Section>
      </div>
    </>
  );
}

function LockdownState({ place }: { place: PlaceToggles }) {
  const subject = useSubject();
  const lockdown = place.toggles.find(({ kind }) => kind === 'lockdown');
  const blockedBy = can(subject, 'security.lockdown') ? null : whyNot('security.lockdown');
  const noControl = place.canControl ? null : 'Its configuration does not say how the console reaches it.';
  return (
    <Section
      title={`${place.serviceTitle}, ${place.environmentTitle}`}
      aside={
        <LinkButton
          to={paths.lockdown(place)}
          look={lockdown ? 'primary' : 'danger'}
          blockedBy={blockedBy ?? noControl}
        >
          <ShieldAlert aria-hidden="true" size={15} />
          {lockdown ? 'Unlock' : 'Lock down'}
        </LinkButton>
      }
      flush
    >
      {lockdown ? (
        <ul>
          <ToggleCard toggle={lockdown} />
        </ul>
      ) : (
        <p className="flex items-center gap-2 px-4 py-3 text-muted">
          <ShieldCheck aria-hidden="true" size={15} className="text-ok" />
          No lockdown.
        </p>
      )}
    </Section>
  );
}

function Counts({ counts }: { counts: SecurityCounts }) {
  const groups: [string, { name: string; count: number }[]][] = [
    [
      'By kind',
      counts.byKind.map((row) => ({ ...row, name: SECURITY_KIND_LABELS[row.name as SecurityKind] })),
    ],
    ['By source', counts.bySource],
    ['By address', counts.byAddress],
  ];
  return (
    <div className="grid gap-4 border-b border-line p-4 sm:grid-cols-3">
      {groups.map(([title, rows]) => (
        <div key={title}>
          <h3 className="mb-1 text-s text-muted">{title}</h3>
          <ul>
            {rows.map(({ name, count }) => (
              <li key={name} className="flex justify-between gap-3">
                <span className="min-w-0 break-all">{name}</span>
                <span className="tabular-nums">{count}</span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}
