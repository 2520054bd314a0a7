import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '#server/cli/bench/figures';

const REQUESTS = 100;
const WARM_UP = 20;
/** Between two requests: the next page is not asked for in the moment in which one has come, ms. */
const PAUSE_MS = 20;

/** What a page took, ms. */
export interface Timing {
  p50: number;
  p95: number;
}

/**
 * Asks for pages one after another.
 * @param pages their addresses by name
 * @returns by name, ms
 */
export async function measurePages(
  url: string,
  cookie: string,
  pages: Record<string, string>,
): Promise<Record<string, Timing>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const samples = new Map<string, number[]>(Object.keys(pages).map((name) => [name, []]));
  // In turns, so that a busy moment of the machine falls on every page.
  for (let round = -WARM_UP; round < REQUESTS; round += 1) {
    for (const [name, path] of Object.entries(pages)) {
      await delay(PAUSE_MS);
      const ms = await timed(`${url}${path}`, cookie, agent);
      if (round >= 0) samples.get(name)?.push(ms);
    }
  }
  agent.destroy();
  return Object.fromEntries(
    [...samples].map(([name, ms]) => [name, { p50: percentile(ms, 0.5), p95: percentile(ms, 0.95) }]),
  );
}

/** What the server takes for a page, without what a client does with it: over a connection that is kept, not compressed. */
function timed(address: string, cookie: string, agent: Agent): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { cookie, accept: 'text/html' };
    const sent = request(address, { agent, headers }, (response) => {
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedAt);
        else reject(new Error(`${address} answered ${response.statusCode}`));
      });
      response.resume();
    });
    sent.on('error', reject);
    sent.end();
  });
}
