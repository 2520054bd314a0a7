import type { MetaFunction } from '@remix-run/node';
import { Link, useLoaderData } from '@remix-run/react';
import { Activity, Rocket, Settings2 } from 'lucide-react';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { useRefresh } from '#app/monitoring/use-refresh';
import { EnvironmentPanel } from '#app/overview/environment-panel';
import { OpenIncidents } from '#app/overview/open-incidents';
import { PracticeLine } from '#app/overview/practice-line';
import { RecentDeployments } from '#app/overview/recent-deployments';
import { RecentRuns } from '#app/overview/recent-runs';
import { listDeployments } from '#server/deployments/queries/deployments';
import { readTiles } from '#server/monitoring/board/queries';
import { listRuns } from '#server/runs/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Overview');

const RECENT = 10;
const REFRESH_MS = 10_000;

export const loader = protectedLoader({ access: 'overview.read' }, async ({ ctx }) => {
  const [runs, awaiting, deployments, tiles] = await Promise.all([
    listRuns(ctx, { pageSize: RECENT }),
    listRuns(ctx, { pageSize: RECENT, status: 'awaiting_approval' }),
    listDeployments(ctx, { pageSize: RECENT }),
    readTiles(ctx, {}),
  ]);
  return { runs: runs.rows, awaiting: awaiting.rows, deployments: deployments.rows, tiles };
});

export default function Overview() {
  const { runs, awaiting, deployments, tiles } = useLoaderData<typeof loader>();
  useRefresh(REFRESH_MS);
  const { environments = [], incidents = [] } = useRootData() ?? {};
  return (
    <>
      <h1 className="sr-only">Overview</h1>
      <div className="grid gap-4">
        {environments.length === 0 ? (
          <EmptyState icon={Settings2} title="No environment is configured">
            Name a service and an environment in the configuration file, then restart the console.
          </EmptyState>
        ) : null}
        {incidents.length > 0 ? (
          <Section
            title="Open incidents"
            flush
            aside={
              <Link to={paths.incidents()} className="link text-s text-muted hover:text-ink">
                All incidents
              </Link>
            }
          >
            <OpenIncidents incidents={incidents} />
          </Section>
        ) : null}
        {environments
          .filter(({ isPractice }) => !isPractice)
          .map((state) => (
            <EnvironmentPanel
              key={`${state.service}/${state.environment}`}
              state={state}
              tiles={tiles.find(
                (each) => each.service === state.service && each.environment === state.environment,
              )}
              deployments={deployments.filter(
                (deployment) =>
                  deployment.service === state.service && deployment.environment === state.environment,
              )}
              runs={runs.filter(
                (run) => run.service === state.service && run.environment === state.environment,
              )}
              awaiting={awaiting.filter(
                (run) => run.service === state.service && run.environment === state.environment,
              )}
            />
          ))}
        {environments
          .filter(({ isPractice }) => isPractice)
          .map((state) => (
            <PracticeLine key={`${state.service}/${state.environment}`} state={state} />
          ))}
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Section
            title="Last deployments"
            flush
            aside={
              <Link to={paths.deployments()} className="link text-s text-muted hover:text-ink">
                All deployments
              </Link>
            }
          >
            {deployments.length > 0 ? (
              <RecentDeployments deployments={deployments} />
            ) : (
              <EmptyState icon={Rocket} title="Nothing has been deployed yet">
                A deployment appears here as soon as its run starts.
              </EmptyState>
            )}
          </Section>
          <Section
            title="Last runs"
            flush
            aside={
              <Link to={paths.runs()} className="link text-s text-muted hover:text-ink">
                All runs
              </Link>
            }
          >
            {runs.length > 0 ? (
              <RecentRuns runs={runs} />
            ) : (
              <EmptyState icon={Activity} title="Nothing has run yet">
                Deploys, rollbacks and checks appear here, with their log.
              </EmptyState>
            )}
          </Section>
        </div>
      </div>
    </>
  );
}
