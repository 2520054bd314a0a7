import * as z from 'zod';
import { messageOf } from '#server/platform/errors';
import { StepFailure, type StepIo } from '#server/runs/procedure';
import type { EnvironmentConfig } from '#server/services/config';

const healthAnswer = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  checks: z.array(z.looseObject({ name: z.string(), status: z.string() })).default([]),
});

const NOT_LISTENING_POLL_MS = 20;

/**
 * Asks until `consecutive` good answers came in a row: one good answer of a process that is about to fall proves
 * nothing. A bad one starts the count again.
 * @param options `assertRunning` is asked after each bad answer, and what it throws ends the waiting; `visitors` says
 * where they are meanwhile
 * @throws StepFailure with the last answer when the deadline passes
 */
export async function waitUntilHealthy(
  io: StepIo,
  baseUrl: string,
  health: EnvironmentConfig['health'],
  options: { assertRunning?: () => Promise<void>; visitors?: string } = {},
): Promise<{ good: number; attempts: number }> {
  const { assertRunning, visitors = 'Visitors are still on the release before.' } = options;
  const url = new URL(health.path, baseUrl);
  const deadline = performance.now() + health.deadlineSeconds * 1_000;
  let good = 0;
  let attempts = 0;
  let last = 'no answer yet';
  while (performance.now() < deadline) {
    attempts += 1;
    const answer = await askHealth(url, health.timeoutMs, io.signal);
    io.signal.throwIfAborted();
    if (answer === null) {
      good += 1;
      if (good >= health.consecutive) return { good, attempts };
    } else {
      if (answer !== last) io.log(`${health.path}: ${answer}`);
      last = answer;
      good = 0;
      await assertRunning?.();
    }
    // Nothing listens yet: that is cheap to ask, and the moment it changes is worth knowing.
    await io.sleep(
      answer === 'ECONNREFUSED' ? Math.min(health.intervalMs, NOT_LISTENING_POLL_MS) : health.intervalMs,
    );
  }
  throw new StepFailure(
    `Not healthy within ${health.deadlineSeconds} s (${attempts} attempts); last: ${last}. ${visitors}`,
  );
}

/** @returns null for a good answer, otherwise what was wrong with it */
async function askHealth(url: URL, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: { accept: 'application/json' },
      redirect: 'error',
    });
    const body = healthAnswer.safeParse(await response.json());
    if (!body.success) return `status ${response.status}, but not a health report`;
    if (response.status === 200 && body.data.status === 'healthy') return null;
    const bad = body.data.checks.filter((check) => check.status !== 'ok').map((check) => check.name);
    return `status ${response.status}, ${body.data.status}${bad.length ? `: ${bad.join(', ')}` : ''}`;
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause;
    return cause?.code ?? messageOf(error);
  }
}
