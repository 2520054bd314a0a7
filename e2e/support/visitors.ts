import { setTimeout as delay } from 'node:timers/promises';

export interface Visits {
  requests: number;
  /** What went wrong, one entry a failed request. */
  failures: string[];
  /** The releases that answered, in order of their first answer. */
  releases: string[];
}

const PAUSE_MS = 30;
const LIMIT_MS = 120_000;

/** Visitors of the shop, one request after the other, until stopped or for two minutes. */
export function sendVisitors(shopUrl: string): { stop: () => Promise<Visits> } {
  const visits: Visits = { requests: 0, failures: [], releases: [] };
  const stopped = new AbortController();
  const deadline = performance.now() + LIMIT_MS;
  const visit = async (address: string) => {
    while (!stopped.signal.aborted && performance.now() < deadline) {
      visits.requests += 1;
      try {
        const answer = await fetch(`${shopUrl}${address}`, { signal: AbortSignal.timeout(10_000) });
        await answer.arrayBuffer();
        const release = answer.headers.get('x-release') ?? 'none';
        if (answer.status !== 200) visits.failures.push(`${address}: status ${answer.status} of ${release}`);
        if (!visits.releases.includes(release)) visits.releases.push(release);
      } catch (error) {
        visits.failures.push(`${address}: ${String(error)} ${String((error as Error).cause ?? '')}`);
      }
      await delay(PAUSE_MS);
    }
  };
  const visitors = ['/shop', '/api/health', '/api/auth/status'].map(visit);
  return {
    stop: async () => {
      stopped.abort();
      await Promise.all(visitors);
      return visits;
    },
  };
}
