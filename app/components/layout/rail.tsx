import { Form, Link, useLocation } from '@remix-run/react';
import { Ellipsis, PanelLeftClose, PanelLeftOpen } from 'lucide-react';
import { BrandMark } from '#app/components/layout/brand';
import { useCurrentEnvironment } from '#app/components/layout/current-place';
import {
  barNavigation,
  mainNavigation,
  type NavigationItem,
  placeNavigation,
} from '#app/components/layout/navigation';
import { usePreferences, useRootData, useSubject } from '#app/components/layout/root-data';
import { MENU_ITEM, Menu } from '#app/components/ui/menu';
import { cn } from '#app/lib/cn';
import { isCurrentPath, paths } from '#app/lib/paths';

/** The way around, at the left; icons only where space is short or its person wants it so. */
export function Rail() {
  const subject = useSubject();
  const { railCollapsed } = usePreferences();
  const place = useCurrentEnvironment();
  const location = useLocation();
  const labels = railCollapsed ? 'sr-only' : 'max-lg:sr-only';
  const Toggle = railCollapsed ? PanelLeftOpen : PanelLeftClose;
  return (
    <div
      className={cn(
        'no-print sticky top-0 hidden h-dvh flex-col overflow-y-auto bg-rail px-2 py-3 md:flex',
        railCollapsed ? 'w-14' : 'w-14 lg:w-52',
      )}
    >
      <nav aria-label="Main" className="grid gap-0.5">
        <Link
          to={paths.overview()}
          className="mb-4 flex h-9 items-center gap-2.5 rounded-m px-2 no-underline"
        >
          <BrandMark />
          <span className={cn('leading-tight', labels)}>
            <span className="block font-semibold">HerbisVeritas</span>
            <span className="block text-s text-muted">Ops</span>
          </span>
        </Link>
        {mainNavigation(subject).map((item) => (
          <RailLink key={item.href} item={item} pathname={location.pathname} labels={labels} />
        ))}
      </nav>
      {place ? (
        <nav aria-label={`${place.serviceTitle} ${place.environmentTitle}`} className="mt-4 grid gap-0.5">
          <p className={cn('truncate px-2.5 pb-1 text-s text-muted', labels)}>
            {place.service} / {place.environment}
          </p>
          <div className={cn('mx-2.5 mb-1 h-px bg-line', railCollapsed ? '' : 'lg:hidden')} />
          {placeNavigation(place).map((item) => (
            <RailLink key={item.href} item={item} pathname={location.pathname} labels={labels} />
          ))}
        </nav>
      ) : null}
      <Form method="post" action={paths.theme()} className="mt-auto hidden pt-4 lg:block" preventScrollReset>
        <input type="hidden" name="intent" value="rail" />
        <input type="hidden" name="collapsed" value={String(!railCollapsed)} />
        <input type="hidden" name="returnTo" value={`${location.pathname}${location.search}`} />
        <button
          type="submit"
          className="flex h-8 w-full items-center gap-2.5 rounded-m px-2.5 text-muted hover:bg-hover hover:text-ink"
        >
          <Toggle aria-hidden="true" size={16} />
          <span className={labels}>{railCollapsed ? 'Widen' : 'Narrow'}</span>
        </button>
      </Form>
    </div>
  );
}

function RailLink({ item, pathname, labels }: { item: NavigationItem; pathname: string; labels: string }) {
  const isCurrent = isCurrentPath(item.href, pathname);
  return (
    <Link
      to={item.href}
      prefetch="intent"
      aria-current={isCurrent ? 'page' : undefined}
      data-tip={item.label}
      data-tip-narrow
      className={cn(
        'relative flex h-8 items-center gap-2.5 rounded-m px-2.5 no-underline hover:bg-hover',
        isCurrent
          ? 'bg-herb-soft font-medium text-ink before:absolute before:inset-y-2 before:-left-2 before:w-[3px] before:rounded-r-full before:bg-herb'
          : 'text-muted hover:text-ink',
      )}
    >
      <item.icon aria-hidden="true" size={16} className={cn('shrink-0', isCurrent && 'text-herb')} />
      <span className={labels}>{item.label}</span>
      <WaitingCount item={item} className={COUNT_PLACE[labels]} />
    </Link>
  );
}

/** Beside the label where there is one, else on the corner of the icon. */
const COUNT_PLACE: Record<string, string> = {
  'sr-only': 'absolute top-0 right-0.5',
  'max-lg:sr-only': 'max-lg:absolute max-lg:top-0 max-lg:right-0.5 lg:ml-auto',
};

/** How many things behind an item wait: alerts that fire, and approvals for the person who looks. */
function WaitingCount({
  item,
  className = 'ml-auto',
}: {
  item: NavigationItem;
  className?: string | undefined;
}) {
  const root = useRootData();
  const isAlerts = item.href === paths.alerts();
  const waiting = isAlerts
    ? (root?.alerts.firing ?? 0)
    : item.href === paths.approvals()
      ? (root?.approvalsToDecide ?? 0)
      : 0;
  if (waiting === 0) return null;
  return (
    <span
      className={cn(
        'grid h-4 min-w-4 grid-flow-col place-items-center rounded-full px-1 text-s leading-none font-semibold',
        isAlerts ? 'bg-critical text-on-critical' : 'bg-herb text-on-herb',
        className,
      )}
    >
      {waiting > 99 ? '99+' : waiting}
      <span className="sr-only">{isAlerts ? ' firing' : ' for you to decide'}</span>
    </span>
  );
}

/** The same ways at the bottom of a phone, within reach of a thumb. */
export function BottomBar() {
  const subject = useSubject();
  const { pathname } = useLocation();
  const { shown, more } = barNavigation(subject);
  const isInMore = more.some((item) => isCurrentPath(item.href, pathname));
  return (
    <nav
      aria-label="Main"
      className="no-print fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-rail pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {shown.map((item) => {
        const isCurrent = isCurrentPath(item.href, pathname);
        return (
          <Link
            key={item.href}
            to={item.href}
            aria-current={isCurrent ? 'page' : undefined}
            className={cn(BAR_ITEM, 'flex-1', isCurrent ? 'font-medium text-ink' : 'text-muted')}
          >
            <span className="relative">
              <item.icon aria-hidden="true" size={18} className={isCurrent ? 'text-herb' : ''} />
              <WaitingCount item={item} className="absolute -top-1.5 left-3.5" />
            </span>
            {item.label}
          </Link>
        );
      })}
      {more.length > 0 ? (
        <div className="flex-1">
          <Menu
            label="More pages"
            align="end"
            side="above"
            className="mr-2 mb-2"
            triggerClassName={cn(BAR_ITEM, 'rounded-none', isInMore ? 'font-medium text-ink' : 'text-muted')}
            trigger={
              <>
                <span className="relative">
                  <Ellipsis aria-hidden="true" size={18} className={isInMore ? 'text-herb' : ''} />
                  {more.map((item) => (
                    <WaitingCount key={item.href} item={item} className="absolute -top-1.5 left-3.5" />
                  ))}
                </span>
                More
              </>
            }
          >
            {more.map((item) => (
              <Link
                key={item.href}
                to={item.href}
                aria-current={isCurrentPath(item.href, pathname) ? 'page' : undefined}
                className={MENU_ITEM}
              >
                <item.icon aria-hidden="true" size={16} className="text-muted" />
                {item.label}
                <WaitingCount item={item} />
              </Link>
            ))}
          </Menu>
        </div>
      ) : null}
    </nav>
  );
}

const BAR_ITEM = 'grid min-h-14 content-center justify-items-center gap-0.5 px-0 text-s no-underline';
