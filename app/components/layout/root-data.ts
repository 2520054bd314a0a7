import { useRouteLoaderData } from '@remix-run/react';
import type { Toast } from '#app/http/toast.server';
import { DEFAULT_PREFERENCES, type Preferences } from '#app/lib/preferences';
import type { Viewer } from '#server/auth/contract';
import type { EnvironmentState } from '#server/deployments/contract';
import type { IncidentSummary } from '#server/incidents/contract';
import type { ToggleView } from '#server/maintenance/contract';
import type { AlertCounts } from '#server/monitoring/alerts/contract';

/** What every page knows: who looks, what they prefer, and how the environments are. */
export interface RootData {
  viewer: Viewer | null;
  preferences: Preferences;
  environments: EnvironmentState[];
  /** Runs that await a decision which this person may make. */
  approvalsToDecide: number;
  /** Alerts that are open. */
  alerts: AlertCounts;
  /** Incidents that are open, the gravest first. */
  incidents: IncidentSummary[];
  /** Maintenance mode, lockdowns and the like that are on. */
  toggles: ToggleView[];
  toast: Toast | null;
  /** What makes the forms of this reading of the page ones of their own; see `RequestKey`. */
  requestKey: string;
  /** The server's time when this was read, ISO 8601. */
  now: string;
}

/** The root's data; undefined where the root itself failed. */
export function useRootData(): RootData | undefined {
  return useRouteLoaderData('root') as RootData | undefined;
}

export function usePreferences(): Preferences {
  return useRootData()?.preferences ?? DEFAULT_PREFERENCES;
}

/** Who looks at the page, in the shape that `can()` asks about. */
export function useSubject(): { type: 'user' | 'anonymous'; role: string | null } {
  const viewer = useRootData()?.viewer;
  return viewer ? { type: 'user', role: viewer.role } : { type: 'anonymous', role: null };
}
