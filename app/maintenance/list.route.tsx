import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import {
  Activity,
  CircleCheck,
  DatabaseZap,
  Eraser,
  History,
  RotateCw,
  ShieldAlert,
  Wrench,
} from 'lucide-react';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { EmptyState, Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { ToggleCard } from '#app/maintenance/toggle-card';
import { CsvLink } from '#app/settings/csv-link';
import { can, type Permission, whyNot } from '#server/auth/contract';
import type { PlaceToggles } from '#server/maintenance/contract';
import { listOpenToggles, listToggles } from '#server/maintenance/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Maintenance');

const PAST_SHOWN = 20;

export const loader = protectedLoader({ access: 'maintenance.read' }, async ({ ctx, url }) => {
  const page = url.searchParams.get('page') || undefined;
  const [places, history] = await Promise.all([
    listOpenToggles(ctx, {}),
    listToggles(ctx, { page, pageSize: PAST_SHOWN }),
  ]);
  return { places, history };
});

export default function Maintenance() {
  const { places, history } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Maintenance">
        What is switched on, for whom, and until when; and what to do in an emergency.
      </PageHeader>
      <div className="grid gap-4">
        {places.map((place) => (
          <PlaceSection key={`${place.service}/${place.environment}`} place={place} />
        ))}
        <Section
          title="History"
          note={`${history.total} in all`}
          aside={<CsvLink href={paths.maintenanceCsv()} />}
          flush
        >
          {history.total > 0 ? (
            <>
              <ul className="divide-y divide-line">
                {history.rows.map((toggle) => (
                  <ToggleCard key={toggle.id} toggle={toggle} withPlace />
                ))}
              </ul>
              <Pagination page={history.page} pageSize={history.pageSize} total={history.total} />
            </>
          ) : (
            <EmptyState icon={History} title="Nothing was ever switched on">
              Maintenance mode, lockdowns and enhanced monitoring are listed here with their reasons.
            </EmptyState>
          )}
        </Section>
      </div>
    </>
  );
}

function PlaceSection({ place }: { place: PlaceToggles }) {
  const subject = useSubject();
  const need = (permission: Permission) => (can(subject, permission) ? null : whyNot(permission));
  const noControl = place.canControl ? null : 'Its configuration does not say how the console reaches it.';
  const isOn = (kind: string) => place.toggles.some((toggle) => toggle.kind === kind);
  return (
    <Section
      title={`${place.serviceTitle}, ${place.environmentTitle}`}
      note={`${place.service} / ${place.environment}`}
      flush
    >
      {place.toggles.length > 0 ? (
        <ul className="divide-y divide-line border-b border-line">
          {place.toggles.map((toggle) => (
            <ToggleCard key={toggle.id} toggle={toggle} />
          ))}
        </ul>
      ) : (
        <p className="flex items-center gap-2 border-b border-line px-4 py-3 text-muted">
          <CircleCheck aria-hidden="true" size={15} className="text-ok" />
          Nothing is switched on: it runs as every day.
        </p>
      )}
      {noControl ? (
        <Notice
          tone="info"
          title="Maintenance mode and emergency commands cannot be used here"
          className="m-4"
        >
          {noControl}
        </Notice>
      ) : null}
      <div className="grid gap-2 p-4 sm:flex sm:flex-wrap">
        <LinkButton
          to={paths.maintenanceMode(place)}
          look="primary"
          size="big"
          blockedBy={need('maintenance.toggle') ?? noControl}
        >
          <Wrench aria-hidden="true" size={16} />
          {isOn('maintenance') ? 'End maintenance mode' : 'Maintenance mode'}
        </LinkButton>
        <LinkButton to={paths.enhancedMonitoring(place)} size="big" blockedBy={need('maintenance.toggle')}>
          <Activity aria-hidden="true" size={16} />
          {isOn('enhanced_monitoring') ? 'Change monitoring' : 'Enhanced monitoring'}
        </LinkButton>
        <LinkButton to={paths.emergency(place, 'restart')} size="big" blockedBy={need('emergency.run')}>
          <RotateCw aria-hidden="true" size={16} />
          Restart
        </LinkButton>
        <LinkButton
          to={paths.emergency(place, 'clear-cache')}
          size="big"
          blockedBy={need('emergency.run') ?? noControl}
        >
          <Eraser aria-hidden="true" size={16} />
          Clear caches
        </LinkButton>
        <LinkButton
          to={paths.emergency(place, 'optimise')}
          size="big"
          blockedBy={need('emergency.run') ?? noControl}
        >
          <DatabaseZap aria-hidden="true" size={16} />
          Optimise
        </LinkButton>
        {isOn('lockdown') ? (
          <Link to={paths.lockdown(place)} className="link flex items-center gap-1.5 self-center font-medium">
            <ShieldAlert aria-hidden="true" size={15} className="text-critical" />
            Lift the lockdown
          </Link>
        ) : null}
      </div>
    </Section>
  );
}
