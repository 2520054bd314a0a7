import { setTimeout as delay } from 'node:timers/promises';
import type { Ctx } from '#server/platform/context';
import type { ProcessGroup } from '#server/platform/process-table';
import { splitLines } from '#server/platform/split-lines';
import { type SupervisedChild, spawnSupervised } from '#server/platform/supervised-child';
import { FencedError } from '#server/runs/abort';
import { type Claim, fenced } from '#server/runs/ledger';
import type { LogWriter } from '#server/runs/log-writer';
import { type ExecResult, type ExecSpec, StepFailure, type StepIo } from '#server/runs/procedure';
import { createRedactor } from '#server/runs/redact';
import { fencingToken } from '#server/runs/state';

export interface StepIoParts {
  ctx: Ctx;
  claim: Claim;
  log: LogWriter;
  stepIndex: number;
  attempt: number;
  externalRef: unknown;
  signal: AbortSignal;
  leaseMs: number;
  killGraceMs: number;
  /** Children now running; the engine renews their lease with the run's. */
  children: Set<SupervisedChild>;
}

/** What children get of the worker's environment; its secrets stay with it. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'USER',
  'TZ',
  'CHROME_PATH',
  'NODE_EXTRA_CA_CERTS',
];

/** The hands of a step: its log, its record and its children, all under one claim. */
export function createStepIo(parts: StepIoParts): StepIo {
  const { claim, ctx, log, signal, stepIndex } = parts;
  let externalRef = parts.externalRef;

  async function recordProcess({ host, pid, startTime }: ProcessGroup): Promise<void> {
    const process = { host, pid, startTime };
    await fenced(ctx, claim, async (tx) => {
      await tx.db.runStep.update({
        where: { runId_index: { runId: claim.runId, index: stepIndex } },
        data: { process },
        select: { index: true },
      });
    });
  }

  async function exec(spec: ExecSpec): Promise<ExecResult> {
    signal.throwIfAborted();
    const redactOut = createRedactor(spec.secrets ?? []);
    const redactErr = createRedactor(spec.secrets ?? []);
    const startedAt = performance.now();
    const child = spawnSupervised({
      command: typeof spec.command === 'string' ? ['/bin/sh', '-c', spec.command] : [...spec.command],
      cwd: spec.cwd,
      env: {
        ...Object.fromEntries(
          INHERITED.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])),
        ),
        ...spec.env,
        OPS_STEP: `${claim.runId}:${stepIndex}:${parts.attempt}`,
      },
      leaseMs: parts.leaseMs,
      killGraceMs: parts.killGraceMs,
      // Nothing of the command runs before a successor could find its group.
      beforeStart: recordProcess,
    });
    parts.children.add(child);
    let stopReason: Error | null = null;
    let inactivity: NodeJS.Timeout | null = null;
    const stop = (reason: Error): void => {
      if (stopReason) return;
      stopReason = reason;
      child.terminate(parts.killGraceMs);
    };
    const onAbort = (): void => stop(signal.reason as Error);
    const armInactivity = (): void => {
      if (!spec.inactivityTimeoutMs) return;
      if (inactivity) clearTimeout(inactivity);
      const silent = spec.inactivityTimeoutMs;
      inactivity = setTimeout(
        () => stop(new StepFailure(`Stopped: it said nothing for ${silent / 1_000} s`)),
        silent,
      );
    };
    const hear = (stream: 'stdout' | 'stderr', text: string): void => {
      armInactivity();
      spec.onOutput?.(stream, text);
    };
    const total = setTimeout(
      () => stop(new StepFailure(`Stopped: it ran longer than ${spec.timeoutMs / 1_000} s`)),
      spec.timeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    armInactivity();
    try {
      const reading = Promise.all([
        splitLines(
          child.stdout,
          (text) => log.add(stepIndex, 'stdout', text, redactOut),
          (text) => hear('stdout', text),
        ),
        splitLines(
          child.stderr,
          (text) => log.add(stepIndex, 'stderr', text, redactErr),
          (text) => hear('stderr', text),
        ),
      ]);
      const exit = await child.exited;
      await reading;
      if (stopReason) throw stopReason;
      // Too slow to keep its child: the run is another worker's now, or this one's again after the lease.
      if (exit.leaseEnded) throw new FencedError();
      if (exit.exitCode === null) {
        throw new StepFailure(`The command was ended by ${exit.signal ?? 'a signal'} from outside`);
      }
      return { exitCode: exit.exitCode, durationMs: Math.round(performance.now() - startedAt) };
    } finally {
      clearTimeout(total);
      if (inactivity) clearTimeout(inactivity);
      signal.removeEventListener('abort', onAbort);
      parts.children.delete(child);
    }
  }

  return {
    runId: claim.runId,
    runNumber: claim.number,
    fencingToken: fencingToken(claim.number, claim.fence),
    attempt: parts.attempt,
    signal,
    get externalRef() {
      return externalRef;
    },
    log: (text) => {
      for (const line of text.split('\n')) log.add(stepIndex, 'system', line);
    },
    record: async (reference) => {
      await fenced(ctx, claim, async (tx) => {
        await tx.db.runStep.update({
          where: { runId_index: { runId: claim.runId, index: stepIndex } },
          data: { externalRef: reference as object },
          select: { index: true },
        });
      });
      externalRef = reference;
    },
    commit: (apply) => fenced(ctx, claim, apply),
    exec,
    sleep: async (ms) => {
      signal.throwIfAborted();
      await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
  };
}
