import { Link, Outlet, useLocation } from '@remix-run/react';
import { useEffect, useRef } from 'react';
import { useSubject } from '#app/components/layout/root-data';
import { protectedLoader } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';
import { isCurrentPath } from '#app/lib/paths';
import { type SettingsSection, settingsSections } from '#app/settings/sections';

export { ErrorBoundary } from '#app/components/error-boundary';

export const loader = protectedLoader({ access: 'account.manage' }, async () => null);

const GROUPS = { you: 'You', console: 'The console' } as const;

/** The frame of the settings: their sections at the left, or as a strip above where the page is narrow. */
export default function Settings() {
  const sections = settingsSections(useSubject());
  return (
    <div className="grid gap-x-8 gap-y-4 lg:grid-cols-[10.5rem_minmax(0,1fr)]">
      <SectionNavigation sections={sections} />
      <div className="min-w-0 max-w-5xl">
        <Outlet />
      </div>
    </div>
  );
}

function SectionNavigation({ sections }: { sections: SettingsSection[] }) {
  const { pathname } = useLocation();
  const strip = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has another current section
  useEffect(() => {
    const current = strip.current?.querySelector<HTMLElement>('[aria-current]');
    if (!strip.current || !current) return;
    // In the middle, so that both neighbours show.
    strip.current.scrollLeft = current.offsetLeft - (strip.current.clientWidth - current.offsetWidth) / 2;
  }, [pathname]);
  return (
    <nav
      ref={strip}
      aria-label="Settings"
      className="no-print relative flex gap-1 overflow-x-auto border-b border-line pb-2 [scrollbar-width:none] max-lg:-mx-3 max-lg:px-3 md:max-lg:-mx-5 md:max-lg:px-5 lg:sticky lg:top-16 lg:grid lg:gap-4 lg:self-start lg:border-0 lg:pb-0"
    >
      {Object.entries(GROUPS).map(([about, title]) => {
        const own = sections.filter((section) => section.about === about);
        return own.length > 0 ? (
          <div key={about} className="flex gap-1 lg:grid lg:gap-0.5">
            <p className="hidden px-2.5 pb-1 text-s text-muted lg:block">{title}</p>
            {own.map((section) => (
              <SectionLink
                key={section.href}
                section={section}
                isCurrent={isCurrentPath(section.href, pathname)}
              />
            ))}
          </div>
        ) : null;
      })}
    </nav>
  );
}

function SectionLink({ section, isCurrent }: { section: SettingsSection; isCurrent: boolean }) {
  return (
    <Link
      to={section.href}
      prefetch="intent"
      aria-current={isCurrent ? 'page' : undefined}
      className={cn(
        'hit flex shrink-0 items-center gap-2 rounded-m px-2.5 whitespace-nowrap no-underline hover:bg-hover',
        isCurrent ? 'bg-herb-soft font-medium text-ink' : 'text-muted hover:text-ink',
      )}
    >
      <section.icon aria-hidden="true" size={15} className={cn('shrink-0', isCurrent && 'text-herb')} />
      {section.label}
    </Link>
  );
}
