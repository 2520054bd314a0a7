import { createHash } from 'node:crypto';
import { healthAnswer, type SubCheck } from '#server/monitoring/checks/contract';
import type { CheckKind, CheckOutcome, CheckState } from '#server/monitoring/checks/words/contract';

/** What one look at a target brought. */
export interface ProbeResult {
  outcome: CheckOutcome;
  durationMs: number;
  statusCode: number | null;
  /** Why it did not go well, in words for people; it may hold what the target said, whatever that is. */
  message: string | null;
  /** What the service's health says of each thing it needs; null for other kinds. */
  subChecks: SubCheck[] | null;
}

/** Of so much of its time must the worker have stood still that a timeout is its own, share. */
const STALL_SHARE = 0.2;

/** Where in its interval a check is due, 0 to under 1: always the same for a check, and spread over checks. */
export function phaseOf(identity: string): number {
  return createHash('sha256').update(identity).digest().readUInt32BE(0) / 2 ** 32;
}

/** Looks that may be missed before the last one says nothing any more, and the least time that they are given, ms. */
export const OVERDUE_LOOKS = 3;
export const OVERDUE_LEAST_MS = 60_000;

interface Standing {
  pausedAt: Date | null;
  lastOutcome: string | null;
  lastAt: Date | null;
  intervalMs: number;
  timeoutMs: number;
}

/** True when nobody has looked for so long that what the last look brought says nothing of now. */
export function isOverdue({ lastAt, intervalMs, timeoutMs }: Standing, now: Date): boolean {
  const patienceMs = Math.max(OVERDUE_LOOKS * intervalMs, OVERDUE_LEAST_MS) + timeoutMs;
  return lastAt !== null && lastAt.getTime() < now.getTime() - patienceMs;
}

/** How a check stands for people; `stateColumn` says the same to the database. */
export function stateOf(check: Standing, now: Date): CheckState {
  if (check.pausedAt) return 'paused';
  if (check.lastOutcome === null) return 'waiting';
  return isOverdue(check, now) ? 'not_run' : (check.lastOutcome as CheckOutcome);
}

/** The worst state there is: failing before unknown before well. Paused checks say nothing. */
export function worstState(states: readonly CheckState[]): CheckState {
  for (const state of ['failed', 'not_run', 'waiting', 'ok'] as const)
    if (states.includes(state)) return state;
  return 'waiting';
}

/** Percent of the time that was looked at; null when nobody could look. */
export function uptimePercent(
  buckets: readonly { okSeconds: number; failedSeconds: number }[],
): number | null {
  const ok = buckets.reduce((sum, each) => sum + each.okSeconds, 0);
  const failed = buckets.reduce((sum, each) => sum + each.failedSeconds, 0);
  return ok + failed === 0 ? null : (ok / (ok + failed)) * 100;
}

type Judgement = Pick<ProbeResult, 'outcome' | 'message' | 'subChecks'>;

/** What an answer of the kind `health` means: the contract, its status and its words must agree. */
export function judgeHealth(statusCode: number, body: string): Judgement {
  const failed = (message: string, subChecks: SubCheck[] | null = null): Judgement => ({
    outcome: 'failed',
    message,
    subChecks,
  });
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return failed(`Answered with status ${statusCode}, but not with JSON.`);
  }
  const parsed = healthAnswer.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') || 'the answer';
    return failed(
      `Answered with status ${statusCode}, but not in the health contract: ${where} is not right.`,
    );
  }
  const subChecks = parsed.data.checks;
  const broken = subChecks.filter((each) => each.status === 'failed');
  const names = broken.map(({ name, message }) => (message ? `${name} (${message})` : name)).join(', ');
  const { status } = parsed.data;
  const expected = status === 'healthy' ? 200 : 503;
  if (statusCode !== expected)
    return failed(`Says that it is ${status}, but answers with status ${statusCode}.`, subChecks);
  if (status === 'unhealthy') return failed(names ? `Unhealthy: ${names}.` : 'Unhealthy.', subChecks);
  if (names) return failed(`Says that it is healthy, but of what it needs failed: ${names}.`, subChecks);
  return { outcome: 'ok', message: null, subChecks };
}

/** What an answer of the kind `http` means. */
export function judgeHttp(
  answer: { statusCode: number; body: string; isCut: boolean },
  { expectStatus, bodyIncludes }: { expectStatus: number; bodyIncludes: string | null },
): Judgement {
  const { statusCode, body, isCut } = answer;
  if (statusCode !== expectStatus) {
    const isRedirect = statusCode >= 300 && statusCode < 400;
    const hint = isRedirect ? ' Redirects are not followed.' : '';
    const message = `Answered with status ${statusCode}, not ${expectStatus}.${hint}`;
    return { outcome: 'failed', message, subChecks: null };
  }
  if (bodyIncludes !== null && !body.includes(bodyIncludes)) {
    const message = `Its answer does not hold "${bodyIncludes.slice(0, 100)}"${isCut ? ' in its beginning' : ''}.`;
    return { outcome: 'failed', message, subChecks: null };
  }
  return { outcome: 'ok', message: null, subChecks: null };
}

/** Faults of this machine, its network or its name service, by the code of the error. */
const OWN_FAULTS: Record<string, string> = {
  EMFILE: 'The worker has no file handle left.',
  ENFILE: "The worker's machine has no file handle left.",
  ENOBUFS: "The worker's machine has no memory for connections left.",
  ENOMEM: "The worker's machine has no memory left.",
  EADDRNOTAVAIL: "The worker's machine has no free port left, or not this address.",
  EAGAIN: "The worker's machine is short of resources.",
  EPERM: "The worker's machine does not let it connect.",
  EACCES: "The worker's machine does not let it connect.",
  ENETUNREACH: "The worker's machine has no way to that network.",
  ENETDOWN: "The worker's network is down.",
  EAI_AGAIN: 'The name service does not answer the worker.',
  EAI_MEMORY: "The worker's machine has no memory left.",
  EAI_SYSTEM: 'The name service cannot be asked.',
};

/** Faults of the target. */
const TARGET_FAULTS: Record<string, string> = {
  ECONNREFUSED: 'Refused the connection.',
  ECONNRESET: 'Closed the connection without an answer.',
  EPIPE: 'Closed the connection without an answer.',
  ETIMEDOUT: 'Cannot be reached: no answer to the connection.',
  EHOSTUNREACH: 'Cannot be reached.',
  ENOTFOUND: 'Its host name is not known.',
};

/**
 * What an error of a connection means. Whatever the target or the way to it does is a failure; what this machine lacks
 * says nothing about the target, and neither does an error that no system gave a code.
 */
export function judgeError(error: unknown): Judgement {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (typeof code !== 'string')
    return {
      outcome: 'not_run',
      message: `The check broke off: ${message}.`,
      subChecks: null,
    };
  const own = OWN_FAULTS[code];
  if (own) return { outcome: 'not_run', message: own, subChecks: null };
  const words = code.startsWith('HPE_')
    ? 'Does not answer in HTTP.'
    : (TARGET_FAULTS[code] ?? `The connection failed: ${message || code}.`);
  return { outcome: 'failed', message: words, subChecks: null };
}

/**
 * What it means that the time was over: a failure of the target, unless this worker stood still for a good part of that
 * time, or was still waiting for the name service.
 * @param stalledMs for how long the worker did nothing in that time
 */
export function judgeTimeout(timeoutMs: number, stalledMs: number, isResolved: boolean): Judgement {
  if (stalledMs > timeoutMs * STALL_SHARE) {
    const message = `The worker was too busy: it stood still for ${Math.round(stalledMs)} of ${timeoutMs} ms.`;
    return { outcome: 'not_run', message, subChecks: null };
  }
  if (!isResolved) {
    const message = `The name service did not answer the worker within ${timeoutMs} ms.`;
    return { outcome: 'not_run', message, subChecks: null };
  }
  return { outcome: 'failed', message: `No full answer within ${timeoutMs} ms.`, subChecks: null };
}

/** Host and port of what a check asks. */
export function targetOf(check: {
  kind: CheckKind;
  url: string | null;
  host: string | null;
  port: number | null;
}): string {
  if (check.kind === 'tcp') return `${check.host?.toLowerCase()}:${check.port}`;
  const { hostname, port, protocol } = new URL(check.url ?? '');
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

/** Host of a target, without its port. */
export function hostOf(target: string): string {
  return target.slice(0, target.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
