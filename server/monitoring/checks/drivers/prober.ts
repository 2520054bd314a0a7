import { lookup as lookUpName } from 'node:dns';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { connect, isIP, type LookupFunction } from 'node:net';
import { createNameCache } from '#server/monitoring/checks/drivers/name-cache';
import {
  judgeError,
  judgeHealth,
  judgeHttp,
  judgeTimeout,
  type ProbeResult,
} from '#server/monitoring/checks/state';
import type { CheckKind } from '#server/monitoring/checks/words/contract';

/** What is asked, and what it must answer. */
export interface ProbeTarget {
  kind: CheckKind;
  url: string | null;
  host: string | null;
  port: number | null;
  expectStatus: number | null;
  bodyIncludes: string | null;
  timeoutMs: number;
}

/** Asks targets. Nothing that a target does holds the caller for longer than the target's timeout. */
export interface Prober {
  /** Never throws. */
  probe(target: ProbeTarget): Promise<ProbeResult>;
  /** Closes connections that are kept for the next time. */
  close(): void;
}

export interface ProberParts {
  /** For how long this process has stood still since it began, ms. */
  stalledMs: () => number;
  lookup?: typeof lookUpName;
}

/** So much of an answer is read, bytes. */
const BODY_LIMIT_BYTES = 1_000_000;
/** Connections to one target that are kept. */
const KEPT_CONNECTIONS = 4;
const HEADERS = { 'user-agent': 'herbisveritas-ops', accept: '*/*' };

interface Answer {
  statusCode: number;
  body: string;
  isCut: boolean;
}

/** One look that is under way: what it waits for decides what a timeout means. */
interface Attempt {
  signal: AbortSignal;
  lookup: LookupFunction;
}

export function createProber({ stalledMs, lookup = lookUpName }: ProberParts): Prober {
  const names = createNameCache(lookup);
  const options = { keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };

  async function ask(target: ProbeTarget, attempt: Attempt): Promise<Answer | null> {
    if (target.kind === 'tcp') {
      await reach(target.host ?? '', target.port ?? 0, attempt);
      return null;
    }
    const url = new URL(target.url ?? '');
    const needsBody = target.kind === 'health' || target.bodyIncludes !== null;
    return fetchAnswer(url, url.protocol === 'https:' ? agents.https : agents.http, needsBody, attempt);
  }

  return {
    probe: async (target) => {
      const startedMs = performance.now();
      const stalledBefore = stalledMs();
      const abort = new AbortController();
      let isResolved = isIP(hostOf(target)) !== 0;
      const attempt: Attempt = {
        signal: abort.signal,
        lookup: (host, lookupOptions, done) => {
          names(host, lookupOptions, (error, address, family) => {
            isResolved = true;
            done(error, address as string, family);
          });
        },
      };
      const timer = setTimeout(() => abort.abort(), target.timeoutMs);
      let statusCode: number | null = null;
      const judge = async () => {
        try {
          const answer = await ask(target, attempt);
          statusCode = answer?.statusCode ?? null;
          if (!answer) return { outcome: 'ok', message: null, subChecks: null } as const;
          if (target.kind === 'health') return judgeHealth(answer.statusCode, answer.body);
          const { expectStatus, bodyIncludes } = target;
          return judgeHttp(answer, { expectStatus: expectStatus ?? 200, bodyIncludes });
        } catch (error) {
          if (!abort.signal.aborted) return judgeError(error);
          return judgeTimeout(target.timeoutMs, stalledMs() - stalledBefore, isResolved);
        } finally {
          clearTimeout(timer);
        }
      };
      const judged = await judge();
      return { ...judged, statusCode, durationMs: performance.now() - startedMs };
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function hostOf(target: ProbeTarget): string {
  if (target.kind === 'tcp') return target.host ?? '';
  return new URL(target.url ?? '').hostname.replace(/^\[|\]$/g, '');
}

/** Connects and hangs up. @throws the error of the connection */
function reach(host: string, port: number, { signal, lookup }: Attempt): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup });
    const stop = (): void => {
      socket.destroy(new Error('Time is over'));
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      resolve();
      socket.destroy();
    });
    // Stays, so that what comes after the answer ends nothing.
    socket.on('error', reject);
  });
}

/**
 * One GET; no redirect is followed. A connection that was kept and that the other side had closed meanwhile says nothing,
 * so a new one is made. @throws the error of the connection
 */
async function fetchAnswer(
  url: URL,
  agent: HttpAgent | HttpsAgent,
  needsBody: boolean,
  attempt: Attempt,
): Promise<Answer> {
  try {
    return await get(url, agent, needsBody, attempt);
  } catch (error) {
    if (!(error instanceof StaleConnection) || attempt.signal.aborted) throw error;
    return get(url, false, needsBody, attempt);
  }
}

class StaleConnection extends Error {
  override name = 'StaleConnection';
  readonly code = 'ECONNRESET';
}

function get(
  url: URL,
  agent: HttpAgent | HttpsAgent | false,
  needsBody: boolean,
  { signal, lookup }: Attempt,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const asked = request(url, { agent, lookup, signal, headers: HEADERS });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = asked.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale ? new StaleConnection(error.message) : error);
    });
    asked.once('response', (response) => {
      readBody(response, needsBody).then(
        ({ body, isCut }) => resolve({ statusCode: response.statusCode ?? 0, body, isCut }),
        reject,
      );
    });
    asked.end();
  });
}

async function readBody(
  response: IncomingMessage,
  needsBody: boolean,
): Promise<{ body: string; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (needsBody) chunks.push(chunk);
    // Leaving the loop closes the connection.
    if (length > BODY_LIMIT_BYTES) return { body: Buffer.concat(chunks).toString('utf8'), isCut: true };
  }
  return { body: Buffer.concat(chunks).toString('utf8'), isCut: false };
}
