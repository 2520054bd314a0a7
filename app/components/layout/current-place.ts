import { useMatches, useParams } from '@remix-run/react';
import { useRootData } from '#app/components/layout/root-data';
import type { Place } from '#app/lib/paths';
import { theOnlyOne } from '#app/lib/places';
import type { EnvironmentState } from '#server/deployments/contract';

/**
 * The environment that the page is about: the one its address names, or that its data names (a run), or the only one
 * there is beside those for practice; null where a page spans several.
 */
export function useCurrentEnvironment(): EnvironmentState | null {
  const environments = useRootData()?.environments ?? [];
  const params = useParams();
  const matches = useMatches();
  // The page that names it may have a page of its own inside, as a run has its log.
  const place = matches.map(({ data }) => (data as { place?: Place } | undefined)?.place).findLast(Boolean);
  const service = params.service ?? place?.service;
  const environment = params.environment ?? place?.environment;
  const found = environments.find((state) => state.service === service && state.environment === environment);
  return found ?? theOnlyOne(environments);
}
