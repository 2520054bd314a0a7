import type { OperationId } from '#server/api/operations';
import type { Client, LiveEvent } from '#server/cli/ops/client/client';
import { refusal } from '#server/cli/ops/failure';
import { runOps } from '#server/cli/ops/main';
import type { Health } from '#server/http/contract';
import { exampleLine, exampleRun, exampleStep, inRun } from '#server/testing/run-fixtures';
import { type TestTerminal, testTerminal, withoutEscapes } from '#server/testing/terminal';

/** What the console answers, by operation. */
export type Calls = Partial<Record<OperationId, (input: Record<string, unknown>) => unknown>>;

export const ENVIRONMENTS = {
  rows: [
    { service: 'shop', environment: 'production', isPractice: false },
    { service: 'shop', environment: 'practice', isPractice: true },
  ],
};
/** The steps of the run that commands start, and that run when it has ended. */
export const STEPS = [exampleStep(0, 'gate', 'succeeded', [1, 2])];
export const ENDED = exampleRun('succeeded', STEPS, { lastLogSeq: 1 });
export const STARTED = { runId: ENDED.id, number: 43, created: true, status: 'queued' };
/** A plan as the console shows it. */
export const preview = (planHash = 'a'.repeat(64), change: object = {}) => ({
  plan: ENDED.plan,
  planHash,
  blockedBy: null,
  needsApproval: false,
  activeRun: null,
  commits: [],
  commitsLeftOut: 0,
  lock: null,
  freeze: null,
  ...change,
});

/** Runs `ops` with a console that answers as told. @returns the exit code and everything that was written and sent */
export async function callOps(
  line: string,
  calls: Calls = {},
  options: { terminal?: TestTerminal; live?: () => AsyncIterable<LiveEvent>; health?: Partial<Health> } = {},
) {
  const terminal = options.terminal ?? testTerminal();
  const sent: [OperationId, Record<string, unknown>][] = [];
  const all: Calls = {
    listEnvironments: () => ENVIRONMENTS,
    findRunByNumber: () => ({ id: ENDED.id }),
    getRun: () => ENDED,
    readRunLog: ({ afterSeq }) => ({
      rows: Number(afterSeq) < 1 ? [exampleLine(1, 0, 'three good answers')] : [],
    }),
    planDeploy: () => preview(),
    planRollback: () => ({ ...preview(), safeBecause: ['It served.'], breakGlass: null, supersedes: null }),
    requestDeploy: () => STARTED,
    requestRollback: () => STARTED,
    ...calls,
  };
  const client = {
    place: 'http://ops.test',
    live: options.live ?? null,
    call: async (id: OperationId, input: Record<string, unknown>) => {
      sent.push([id, input]);
      const answer = all[id];
      if (!answer) throw new Error(`nothing answers ${id}`);
      return answer(input);
    },
    health: async () => ({
      status: 'healthy',
      timestamp: inRun(0),
      checks: [],
      version: '1',
      ...options.health,
    }),
    close: async () => undefined,
  } as unknown as Client;
  const exitCode = await runOps(line.split(' ').filter(Boolean), terminal, {
    version: '1.2.3',
    connect: async () => client,
  });
  return {
    exitCode,
    out: terminal.stdout.text,
    err: withoutEscapes(terminal.stderr.text),
    sent: sent.map(([id]) => id),
    inputOf: (id: OperationId) => sent.find(([each]) => each === id)?.[1],
    terminal,
  };
}

/** An answer that is a refusal. */
export const refuse =
  (kind: string, message = 'No. Nothing was started.') =>
  () => {
    throw refusal({ kind, message });
  };
