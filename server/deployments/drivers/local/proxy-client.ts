import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readJson } from '#server/deployments/drivers/files';
import { endProcess, readTailOf } from '#server/deployments/drivers/local/instances';
import { type Layout, makeFolders } from '#server/deployments/drivers/local/layout';
import type { LocalEnvironment } from '#server/deployments/drivers/local/settings';
import { AppError } from '#server/platform/errors';
import type { ProcessId } from '#server/platform/process-table';

const liveSchema = z.object({
  instanceId: z.string(),
  host: z.string(),
  port: z.number(),
  tag: z.string(),
  commitSha: z.string(),
  /** What it was started from. */
  appFolder: z.string(),
});
const stateSchema = z.object({ live: liveSchema.nullable(), fencingToken: z.string() });
const reportSchema = stateSchema.extend({
  pid: z.number(),
  startTime: z.string(),
  host: z.string(),
  port: z.number(),
  /** Requests under way, by instance. */
  inFlight: z.record(z.string(), z.number()),
});
const refusalSchema = z.object({ refused: z.string(), fencingToken: z.string().optional() });

export type LiveInstance = z.output<typeof liveSchema>;
type ProxyReport = z.output<typeof reportSchema>;

/** The proxy refused a switch: a later claim has switched before, or something else is live than was expected. */
export class SwitchRefused extends Error {
  override name = 'SwitchRefused';
  constructor(
    readonly reason: 'fenced' | 'changed',
    /** The highest token that has switched. */
    readonly highest: string,
  ) {
    super(`The proxy refused the switch: ${reason}`);
  }
}

const CONTROL_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 10_000;
/** A proxy that another process has just started gets this long to answer. */
const RIVAL_TIMEOUT_MS = 2_000;
const POLL_MS = 10;
const END_GRACE_MS = 12_000;

/** The proxy is plain JavaScript: copied beside the compiled modules, or read from the source tree. */
const PROXY_PROGRAM = ['./proxy.mjs', '../../../../../server/deployments/drivers/local/proxy.mjs']
  .map((file) => fileURLToPath(new URL(file, import.meta.url)))
  .find(existsSync);

/** Talks to the proxy of one environment and starts it when it is not there. */
export function createProxyClient(environment: LocalEnvironment, layout: Layout) {
  let ensuring: Promise<ProxyReport> | null = null;

  function isMeant(report: ProxyReport | null): boolean {
    return report?.host === environment.host && report.port === environment.proxyPort;
  }

  async function start(): Promise<ProxyReport> {
    if (!PROXY_PROGRAM) throw new Error('proxy.mjs is missing beside the compiled server: build again');
    makeFolders(layout);
    if (!layout.proxySocket.startsWith(layout.directory)) assertPrivate(path.dirname(layout.proxySocket));
    const log = openSync(layout.proxyLog, 'a', 0o600);
    let exitCode: number | null | undefined;
    try {
      const child = spawn(
        process.execPath,
        [
          PROXY_PROGRAM,
          `--directory=${layout.directory}`,
          `--host=${environment.host}`,
          `--port=${environment.proxyPort}`,
          `--socket=${layout.proxySocket}`,
          ...(environment.trustForwarded ? ['--trust-forwarded'] : []),
        ],
        { cwd: layout.directory, detached: true, env: {} as NodeJS.ProcessEnv, stdio: ['ignore', log, log] },
      );
      child.once('error', () => {
        exitCode = null;
      });
      child.once('exit', (code) => {
        exitCode = code;
      });
      child.unref();
    } finally {
      closeSync(log);
    }
    let deadline = performance.now() + START_TIMEOUT_MS;
    let sawExit = false;
    for (; performance.now() < deadline; await delay(POLL_MS)) {
      // One of the former address may answer until it has ended.
      const report = await readReport(layout);
      if (report && isMeant(report)) return report;
      if (exitCode !== undefined && !sawExit) {
        sawExit = true;
        deadline = performance.now() + RIVAL_TIMEOUT_MS;
      }
    }
    const words = readTailOf(layout.proxyLog).at(-1) ?? 'it said nothing';
    throw new AppError(
      'unavailable',
      `The proxy for ${environment.host}:${environment.proxyPort} does not start: ${words}`,
      { hint: `Free the port or choose another proxyPort; the proxy's log is ${layout.proxyLog}.` },
    );
  }

  async function ensureOnce(): Promise<ProxyReport> {
    const report = await readReport(layout);
    if (report && isMeant(report)) return report;
    // The configuration names another address than the one it was started for.
    if (report) await endProcess({ pid: report.pid, startTime: report.startTime }, END_GRACE_MS);
    return start();
  }

  return {
    /**
     * Adopts the proxy that runs, or starts it; several may call it at once, in several processes.
     * @throws AppError `unavailable` with the proxy's last words
     */
    ensure(): Promise<ProxyReport> {
      ensuring ??= ensureOnce().finally(() => {
        ensuring = null;
      });
      return ensuring;
    },

    /** @returns what the proxy says; null when none answers */
    report: () => readReport(layout),

    /**
     * Makes an instance the live one, on disk before in memory. Repeating it is harmless.
     * @param ifLive only when this instance is live now
     * @throws SwitchRefused
     */
    async switchTo(live: LiveInstance, fencingToken: string, ifLive?: string): Promise<void> {
      const answer = await call(layout, 'POST', '/switch', { live, fencingToken, ifLive });
      if (answer.status === 200) return;
      const refusal = refusalSchema.safeParse(answer.body);
      const reason = refusal.data?.refused;
      if (reason === 'fenced' || reason === 'changed')
        throw new SwitchRefused(reason, refusal.data?.fencingToken ?? '');
      throw new Error(`The proxy answered a switch with status ${answer.status}: ${reason ?? 'no reason'}`);
    },
  };
}

/** What the proxy has on disk, whether it runs or not. */
export function readProxyState(layout: Layout): z.output<typeof stateSchema> {
  return readJson(layout.proxyState, stateSchema) ?? { live: null, fencingToken: '' };
}

/** The proxy process that last took the port, whether it lives or not. */
export function readProxyProcess(layout: Layout): ProcessId | null {
  return readJson(layout.proxyProcess, z.object({ pid: z.number(), startTime: z.string() }));
}

async function readReport(layout: Layout): Promise<ProxyReport | null> {
  try {
    const answer = await call(layout, 'GET', '/state');
    return answer.status === 200 ? reportSchema.parse(answer.body) : null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code)) return null;
    throw error;
  }
}

function call(
  layout: Layout,
  method: string,
  url: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: layout.proxySocket,
      method,
      path: url,
      agent: false,
      timeout: CONTROL_TIMEOUT_MS,
    });
    outgoing.once('timeout', () => {
      outgoing.destroy(
        new AppError(
          'unavailable',
          `The proxy in ${layout.directory} does not answer on its control socket.`,
          {
            hint: 'It may be stopped or overloaded; its pid is in proxy/process.json.',
          },
        ),
      );
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      text(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(content) }),
        reject,
      );
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The folder of the socket may be in a place that others can write to: it must be ours alone. @throws Error */
function assertPrivate(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new Error(`${folder} must belong to this user alone; remove it and start again`);
  }
}
