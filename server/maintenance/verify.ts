import { setTimeout as delay } from 'node:timers/promises';
import type { Direction, SwitchedKind } from '#server/maintenance/contract';
import type { ServiceControl } from '#server/maintenance/drivers/control';
import { messageOf } from '#server/platform/errors';
import type { ControlConfig } from '#server/services/config';

export interface Verified {
  isTrue: boolean;
  /** What was seen, one sentence. */
  note: string;
}

interface Answer {
  status: number;
  retryAfter: string | null;
  /** `closed`, or `let-in` for an address that maintenance allows; see the control API. */
  maintenance: string | null;
}

const REQUEST_TIMEOUT_MS = 5_000;
/** Every instance takes a change up within half a second; the rest is for a busy machine. */
const PATIENCE_MS = 6_000;
const PAUSE_MS = 150;
/** Good answers in a row: several instances may answer. */
const CONSECUTIVE = 3;
const REFUSED = [403, 423];

/**
 * Asks the service as a visitor would whether what was switched holds, until it does several times in a row.
 * @returns what was seen last when it does not within six seconds
 */
export async function verifyToggle(
  target: {
    kind: SwitchedKind;
    direction: Direction;
    url: string;
    config: ControlConfig;
    control: ServiceControl;
  },
  signal: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<Verified> {
  const deadline = performance.now() + patienceMs;
  let good = 0;
  for (;;) {
    const seen = await look(target, signal);
    signal.throwIfAborted();
    good = seen.isTrue ? good + 1 : 0;
    if (good >= CONSECUTIVE || performance.now() > deadline) return seen;
    await delay(PAUSE_MS, undefined, { signal });
  }
}

async function look(
  { kind, direction, url, config, control }: Parameters<typeof verifyToggle>[0],
  signal: AbortSignal,
): Promise<Verified> {
  try {
    const state = await control.readState(signal);
    const isOn = kind === 'maintenance' ? state.maintenance.active : state.lockdown.enabled;
    if (isOn !== (direction === 'on')) {
      return { isTrue: false, note: `The service says that it is ${isOn ? 'on' : 'off'}.` };
    }
    const ask = (path: string) => request(new URL(path, url), signal);
    if (kind === 'maintenance') return direction === 'on' ? seeClosed(config, ask) : seeOpen(config, ask);
    return direction === 'on' ? seeLocked(config, ask) : seeUnlocked(config, ask);
  } catch (error) {
    signal.throwIfAborted();
    return { isTrue: false, note: `The service could not be asked: ${messageOf(error)}.` };
  }
}

type Ask = (path: string) => Promise<Answer>;

async function seeClosed({ page }: ControlConfig, ask: Ask): Promise<Verified> {
  const answer = await ask(page);
  if (answer.maintenance === 'let-in') {
    return {
      isTrue: true,
      note: `The service says that visitors are turned away; this console is on its list and was let in at ${page}.`,
    };
  }
  const isClosed = answer.status === 503 && answer.retryAfter !== null;
  const after = answer.retryAfter ? `, Retry-After ${answer.retryAfter} s` : ' without Retry-After';
  return { isTrue: isClosed, note: `${page} answered ${answer.status}${after}.` };
}

/** What else may be wrong with the service is not the toggle's matter. */
async function seeOpen({ page }: ControlConfig, ask: Ask): Promise<Verified> {
  const answer = await ask(page);
  return { isTrue: answer.maintenance !== 'closed', note: `${page} answered ${answer.status}.` };
}

async function seeLocked({ page, lockedPaths }: ControlConfig, ask: Ask): Promise<Verified> {
  const answers = await Promise.all(lockedPaths.map(async (path) => ({ path, answer: await ask(path) })));
  const refused = ({ answer }: { answer: Answer }) =>
    REFUSED.includes(answer.status) || answer.maintenance === 'closed';
  const open = answers.filter((each) => !refused(each));
  const browsing = await ask(page);
  const words = answers.map(({ path, answer }) => `${path} ${answer.status}`).join(', ');
  return { isTrue: open.length === 0, note: `${words}; browsing (${page}) ${browsing.status}.` };
}

async function seeUnlocked({ lockedPaths }: ControlConfig, ask: Ask): Promise<Verified> {
  const answers = await Promise.all(lockedPaths.map(async (path) => ({ path, answer: await ask(path) })));
  const isLocked = answers.some(({ answer }) => answer.status === 423);
  const words = answers.map(({ path, answer }) => `${path} ${answer.status}`).join(', ');
  return { isTrue: !isLocked, note: `${words}.` };
}

async function request(url: URL, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    headers: { 'cache-control': 'no-cache' },
  });
  await response.body?.cancel();
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    maintenance: response.headers.get('x-maintenance'),
  };
}
