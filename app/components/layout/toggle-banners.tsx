import { Link } from '@remix-run/react';
import { ShieldAlert, TriangleAlert, Wrench } from 'lucide-react';
import { RelativeTime } from '#app/components/ui/time';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import type { ToggleView } from '#server/maintenance/contract';

const WORDS = { maintenance: 'is in maintenance mode', lockdown: 'is locked down', enhanced_monitoring: '' };

/** Maintenance mode, lockdowns, and what nobody could verify, on every page. */
export function ToggleBanners({ toggles }: { toggles: ToggleView[] }) {
  return toggles.map((toggle) => {
    const { service, environment, kind, verification } = toggle;
    if (kind === 'enhanced_monitoring') return null;
    const isCritical = kind === 'lockdown' || verification === 'unverified';
    const Icon = verification === 'unverified' ? TriangleAlert : kind === 'lockdown' ? ShieldAlert : Wrench;
    const to =
      kind === 'lockdown'
        ? paths.lockdown({ service, environment })
        : paths.maintenanceMode({ service, environment });
    return (
      <div
        key={toggle.id}
        className={cn(
          'flex items-start gap-x-2.5 px-3 py-1.5 md:px-5',
          isCritical ? 'bg-critical-soft' : 'bg-warning-soft',
        )}
      >
        <Icon
          aria-hidden="true"
          size={14}
          className={cn('mt-[3px] shrink-0', isCritical ? 'text-critical' : 'text-warning')}
        />
        <p className="min-w-0 flex-1 break-words">
          <span className="font-semibold">
            {verification === 'unverified' ? 'COULD NOT VERIFY that ' : ''}
            <span className="max-sm:hidden">{service} / </span>
            {environment} {WORDS[kind]}:
          </span>{' '}
          {toggle.reason}
          <span className="text-muted">
            {', '}
            {toggle.startedByName}, <RelativeTime at={toggle.startedAt} focusable />
            {toggle.expiresAt ? (
              <>
                , ends <RelativeTime at={toggle.expiresAt} focusable />
              </>
            ) : null}
          </span>
        </p>
        <Link to={to} className="link shrink-0 font-semibold">
          End<span className="max-sm:sr-only"> it</span>
        </Link>
      </div>
    );
  });
}
