import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface VisitorReport {
  requests: number;
  /** What went wrong, one entry a failed request. */
  failures: string[];
  /** Answers by the release that gave them. */
  byRelease: Record<string, number>;
}

export interface Visitors {
  report(): VisitorReport;
  /** Sends nothing more and waits for the last answers. */
  stop(): Promise<VisitorReport>;
}

/**
 * A constant stream of requests: `keepAlive` visitors that reuse their connection, `oneShot` ones that open one each
 * time, each with a GET, a slow GET or a POST every `pauseMs`.
 */
export function sendVisitors(
  url: string,
  options: { keepAlive: number; oneShot: number; pauseMs: number },
): Visitors {
  const report: VisitorReport = { requests: 0, failures: [], byRelease: {} };
  let isOpen = true;
  const visit = async (agent: Agent | false, index: number) => {
    for (let round = index; isOpen; round += 1) {
      const kind = round % 5;
      const body = kind === 1 ? 'x'.repeat(2_000) : null;
      const path = kind === 1 ? '/echo' : kind === 2 ? '/?ms=60' : '/';
      report.requests += 1;
      try {
        const answer = await ask(new URL(path, url), agent, body);
        if (answer.status !== 200) report.failures.push(`${path}: status ${answer.status}`);
        else if (body !== null && answer.text !== body)
          report.failures.push(`${path}: another body came back`);
        else report.byRelease[answer.release] = (report.byRelease[answer.release] ?? 0) + 1;
      } catch (error) {
        report.failures.push(`${path}: ${String(error)}`);
      }
      await delay(options.pauseMs);
    }
  };
  const agents = Array.from(
    { length: options.keepAlive },
    () => new Agent({ keepAlive: true, maxSockets: 1 }),
  );
  const visitors = [
    ...agents.map(visit),
    ...Array.from({ length: options.oneShot }, (_, index) => visit(false, index)),
  ];
  return {
    report: () => report,
    stop: async () => {
      isOpen = false;
      await Promise.all(visitors);
      for (const agent of agents) agent.destroy();
      return report;
    },
  };
}

/** One request. Rejects when the connection breaks or nothing comes for 10 s. */
export function ask(
  url: URL,
  agent: Agent | false = false,
  body: string | null = null,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; release: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      agent,
      method: body === null ? 'GET' : 'POST',
      timeout: 10_000,
      headers,
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer for 10 s')));
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text,
          release: String(response.headers['x-release'] ?? ''),
          headers: response.headers,
        }),
      );
    });
    outgoing.end(body ?? undefined);
  });
}
