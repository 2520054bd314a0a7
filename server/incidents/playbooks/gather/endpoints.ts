import type { EndpointFact } from '#server/incidents/playbooks/contract';
import { listMetrics, VALUES_SHOWN } from '#server/metrics/queries/catalog';
import { measureMany } from '#server/metrics/queries/measure-many';
import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/** Figures of an assessment are of so many seconds until now. */
export const WINDOW_SECONDS = 300;
const REQUESTS = 'http_requests_total';
const ENDPOINTS_MAX = 10;

/**
 * The routes of an environment that answered with errors in the last {@link WINDOW_SECONDS}, the worst first.
 * @returns `missing` says what was not looked at, in the words of what could not be measured
 */
export async function gatherEndpoints(
  ctx: Ctx,
  place: EnvironmentKey,
): Promise<{ worst: EndpointFact[]; missing: string | null }> {
  const requests = (await listMetrics(ctx, place)).find(({ name }) => name === REQUESTS);
  const routes = requests?.labels.find(({ name }) => name === 'route')?.values ?? [];
  if (routes.length === 0) {
    const missing = 'affected endpoints: its requests are not counted by route.';
    return { worst: [], missing: requests ? missing : null };
  }
  const measured = await measureMany(
    ctx,
    routes.flatMap((route) => {
      const all = { metric: REQUESTS, labels: { route } };
      const failed = { metric: REQUESTS, labels: { route, status: '5xx' } };
      return [
        {
          ...place,
          measure: { kind: 'ratio' as const, numerator: failed, denominator: all },
          windowSeconds: WINDOW_SECONDS,
        },
        { ...place, measure: { kind: 'rate' as const, ...all }, windowSeconds: WINDOW_SECONDS },
      ];
    }),
  );
  const worst = routes
    .map((route, at) => ({
      route,
      errorPercent: measured[2 * at]?.value ?? 0,
      requestsPerSecond: measured[2 * at + 1]?.value ?? null,
    }))
    .filter(({ errorPercent }) => errorPercent > 0)
    .sort((a, b) => b.errorPercent - a.errorPercent || a.route.localeCompare(b.route));
  const missing =
    routes.length < VALUES_SHOWN
      ? null
      : `affected endpoints: only the first ${VALUES_SHOWN} routes by the alphabet were looked at.`;
  return { worst: worst.slice(0, ENDPOINTS_MAX), missing };
}
