import { setTimeout as delay } from 'node:timers/promises';
import { splitLines } from '#server/platform/split-lines';
import { spawnSupervised } from '#server/platform/supervised-child';
import { type ExecSpec, StepFailure, type StepIo } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';
import { fencingToken } from '#server/runs/state';

export interface TestStepIo extends StepIo {
  /** Everything logged so far, output of commands included. */
  readonly lines: string[];
  /** What `record` was given, newest last. */
  readonly recorded: Record<string, unknown>[];
  /** Ends the step as a cancel or a fence would. */
  abort(reason: Error): void;
}

export interface TestStepOptions {
  /** Of the environment's runs, growing: gives the fencing token together with `fence`. */
  runNumber?: number;
  fence?: number;
  attempt?: number;
  externalRef?: unknown;
  /** Called in `record`, before it resolves: the place to die at. */
  onRecord?: (reference: Record<string, unknown>) => void | Promise<void>;
}

/** The hands of a step without an engine: real children under a real supervisor, log and records in memory. */
export function createTestStepIo(options: TestStepOptions = {}): TestStepIo {
  const { runNumber = 1, fence = 1, attempt = 1 } = options;
  const runId = `00000000-0000-7000-8000-${String(runNumber).padStart(12, '0')}`;
  const controller = new AbortController();
  const { signal } = controller;
  const lines: string[] = [];
  const recorded: Record<string, unknown>[] = [];
  let externalRef = options.externalRef ?? null;

  async function exec(spec: ExecSpec) {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const redact = createRedactor(spec.secrets ?? []);
    const child = spawnSupervised({
      command: typeof spec.command === 'string' ? ['/bin/sh', '-c', spec.command] : spec.command,
      cwd: spec.cwd,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '/',
        ...spec.env,
        OPS_STEP: `${runId}:0:${attempt}`,
      },
      leaseMs: 10_000,
      killGraceMs: 500,
    });
    let stopReason: Error | null = null;
    const stop = (reason: Error) => {
      stopReason ??= reason;
      child.terminate(500);
    };
    const onAbort = () => stop(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const renewal = setInterval(() => child.renew(10_000), 1_000);
    const limit = setTimeout(
      () => stop(new StepFailure(`Stopped: it ran longer than ${spec.timeoutMs} ms`)),
      spec.timeoutMs,
    );
    let silence: NodeJS.Timeout | undefined;
    const hear = (stream: 'stdout' | 'stderr', text: string) => {
      spec.onOutput?.(stream, text);
      awaitMore();
    };
    const awaitMore = () => {
      clearTimeout(silence);
      const silentMs = spec.inactivityTimeoutMs;
      if (silentMs)
        silence = setTimeout(
          () => stop(new StepFailure(`Stopped: it said nothing for ${silentMs} ms`)),
          silentMs,
        );
    };
    const readAll = (stream: 'stdout' | 'stderr') =>
      splitLines(
        child[stream],
        (line) => lines.push(redact(line)),
        (text) => hear(stream, text),
      );
    awaitMore();
    try {
      const [exit] = await Promise.all([child.exited, readAll('stdout'), readAll('stderr')]);
      if (stopReason) throw stopReason;
      if (exit.exitCode === null) throw new StepFailure(`The command was ended by ${exit.signal}`);
      return { exitCode: exit.exitCode, durationMs: Math.round(performance.now() - startedAt) };
    } finally {
      clearInterval(renewal);
      clearTimeout(limit);
      clearTimeout(silence);
      signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    runId,
    runNumber,
    fencingToken: fencingToken(runNumber, fence),
    attempt,
    signal,
    lines,
    recorded,
    get externalRef() {
      return externalRef;
    },
    log: (text) => {
      lines.push(...text.split('\n'));
    },
    record: async (reference) => {
      signal.throwIfAborted();
      recorded.push(reference);
      await options.onRecord?.(reference);
      externalRef = reference;
    },
    commit: () => Promise.reject(new Error('This step has no database')),
    exec,
    sleep: async (ms) => {
      signal.throwIfAborted();
      await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
    abort: (reason) => controller.abort(reason),
  };
}
