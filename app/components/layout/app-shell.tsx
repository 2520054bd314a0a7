import type { ReactNode } from 'react';
import { Banners } from '#app/components/layout/banners';
import { BottomBar, Rail } from '#app/components/layout/rail';
import { useRootData } from '#app/components/layout/root-data';
import { TopBar } from '#app/components/layout/top-bar';
import { LiveProvider, useLiveData } from '#app/components/live/live-provider';
import { PaletteProvider } from '#app/palette/palette';
import type { Viewer } from '#server/auth/contract';

/** The frame of every page behind the login. */
export function AppShell({ viewer, children }: { viewer: Viewer; children: ReactNode }) {
  return (
    <LiveProvider>
      <PaletteProvider viewer={viewer}>
        <FollowEnvironments />
        <a
          href="#main"
          className="fixed top-2 left-2 z-50 -translate-y-16 rounded-m bg-ink px-3 py-2 text-canvas focus:translate-y-0"
        >
          Skip to the page
        </a>
        <div className="md:grid md:grid-cols-[auto_minmax(0,1fr)]">
          <Rail />
          <div className="min-w-0">
            <section aria-label="For everybody" className="no-print">
              <Banners />
            </section>
            <TopBar viewer={viewer} />
            <main id="main" tabIndex={-1} className="px-3 pt-4 pb-24 outline-none md:px-5 md:pb-10">
              {children}
            </main>
          </div>
        </div>
        <BottomBar />
      </PaletteProvider>
    </LiveProvider>
  );
}

function FollowEnvironments() {
  const environments = useRootData()?.environments ?? [];
  useLiveData({
    runs: {},
    environments: environments.map(({ service, environment }) => `${service}/${environment}`),
  });
  return null;
}
