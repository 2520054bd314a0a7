import type { LinksFunction, MetaFunction } from '@remix-run/node';
import { data, Links, Meta, Outlet, Scripts, useMatches, useRouteLoaderData } from '@remix-run/react';
import { type ReactNode, useEffect } from 'react';
import { ErrorBoundary as ErrorAccount } from '#app/components/error-boundary';
import { AppShell } from '#app/components/layout/app-shell';
import { overallSign } from '#app/components/layout/environment-sign';
import type { RootData } from '#app/components/layout/root-data';
import { ScrollRestoration } from '#app/components/layout/scroll-restoration';
import { Toasts } from '#app/components/layout/toasts';
import { TooltipLayer } from '#app/components/ui/tooltip';
import { protectedLoader } from '#app/http/protected.server';
import { takeToast } from '#app/http/toast.server';
import { ClockProvider } from '#app/lib/clock';
import { useNonce } from '#app/lib/nonce';
import { readPreferences } from '#app/preferences/preferences-cookie.server';
import styles from '#app/styles/global.css?url';
import { listEnvironmentStates } from '#server/deployments/queries/environments';
import { listOpenIncidents } from '#server/incidents/queries';
import { listOpenToggles } from '#server/maintenance/queries';
import { countAlerts } from '#server/monitoring/alerts/queries';
import { countApprovals } from '#server/runs/queries/approvals';

export const links: LinksFunction = () => [
  { rel: 'stylesheet', href: styles },
  { rel: 'manifest', href: '/site.webmanifest' },
];

export const meta: MetaFunction = () => [{ title: 'HerbisVeritas Ops' }];

const NO_ALERTS = { firing: 0, acknowledged: 0, critical: 0 };

/** What every page shows of the world; before a login that is nothing. */
export const loader = protectedLoader({ access: 'anyone' }, async ({ ctx, context, request }) => {
  const { toast, headers } = takeToast(context, request);
  const viewer = context.session?.viewer ?? null;
  const [environments, approvalsToDecide, toggles, alerts, incidents] = viewer
    ? await Promise.all([
        listEnvironmentStates(ctx, {}),
        countApprovals(ctx, {}),
        listOpenToggles(ctx, {}).then((places) => places.flatMap((place) => place.toggles)),
        countAlerts(ctx, {}),
        listOpenIncidents(ctx, {}),
      ])
    : [[], 0, [], NO_ALERTS, []];
  const root: RootData = {
    viewer,
    environments,
    approvalsToDecide,
    toggles,
    alerts,
    incidents,
    preferences: readPreferences(context, request),
    toast,
    requestKey: ctx.ids.uuid(),
    now: ctx.clock.now().toISOString(),
  };
  return data(root, { headers });
});

const FAVICON = { critical: '/favicon-critical.svg', running: '/favicon-running.svg', calm: '/favicon.svg' };

export function Layout({ children }: { children: ReactNode }) {
  const root = useRouteLoaderData<typeof loader>('root');
  const nonce = useNonce();
  const theme = root?.preferences.theme ?? 'system';
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content={theme === 'system' ? 'light dark' : theme} />
        <Meta />
        <link
          rel="icon"
          type="image/svg+xml"
          href={FAVICON[root?.alerts.critical ? 'critical' : overallSign(root?.environments ?? [])]}
        />
        <Links />
      </head>
      <body>
        {children}
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function App() {
  const root = useRouteLoaderData<typeof loader>('root') as RootData;
  const isBare = useMatches().some(({ handle }) => (handle as { isBare?: true } | undefined)?.isBare);
  useEffect(() => document.documentElement.classList.add('js'), []);
  const page = (
    <>
      <Toasts toast={root.toast} />
      <Outlet />
    </>
  );
  return (
    <ClockProvider serverNow={root.now}>
      {root.viewer && !isBare ? <AppShell viewer={root.viewer}>{page}</AppShell> : page}
      <TooltipLayer />
    </ClockProvider>
  );
}

/** Where the root itself failed there is no frame: only the account of what happened. */
export function ErrorBoundary() {
  const root = useRouteLoaderData<typeof loader>('root');
  return root?.viewer ? (
    <main>
      <ErrorAccount />
    </main>
  ) : (
    <ErrorAccount />
  );
}
