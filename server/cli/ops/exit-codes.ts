import type { RunStatus } from '#server/runs/contract';

/** How `ops` ends. */
export const EXIT = {
  done: 0,
  runFailed: 1,
  usage: 2,
  denied: 3,
  refused: 4,
  unavailable: 5,
  attention: 6,
  approval: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table that `ops help exit-codes` and docs/cli.md show. */
export const EXIT_CODES: readonly { code: ExitCode; meaning: string }[] = [
  { code: EXIT.done, meaning: 'Done; of a run that was followed: it succeeded.' },
  { code: EXIT.runFailed, meaning: 'The run failed, timed out or was cancelled.' },
  { code: EXIT.usage, meaning: 'Wrong usage or input; nothing was started.' },
  { code: EXIT.denied, meaning: 'Not signed in, or not allowed.' },
  {
    code: EXIT.refused,
    meaning:
      'Refused as things are: a conflict, a stale plan, a lock, a freeze, nothing to roll back to, a no at the question.',
  },
  { code: EXIT.unavailable, meaning: 'Console or database not reachable, not well, or it failed.' },
  { code: EXIT.attention, meaning: 'The run needs attention: a person must look.' },
  {
    code: EXIT.approval,
    meaning: 'Awaiting approval (with --no-follow), or the approval was refused or expired.',
  },
  {
    code: EXIT.interrupted,
    meaning: 'Interrupted (Ctrl-C). A run that had been started goes on.',
  },
];

/** What each kind of refusal by the console (`ErrorKind`) means for whoever called; an unknown kind is its failure. */
const BY_KIND: Record<string, ExitCode> = {
  invalid_input: EXIT.usage,
  not_found: EXIT.usage,
  too_large: EXIT.usage,
  unprocessable: EXIT.usage,
  unauthenticated: EXIT.denied,
  forbidden: EXIT.denied,
  conflict: EXIT.refused,
  stale_plan: EXIT.refused,
  locked: EXIT.refused,
  rate_limited: EXIT.refused,
};

export function exitCodeOfKind(kind: string): ExitCode {
  return BY_KIND[kind] ?? EXIT.unavailable;
}

/** For a run that one looked at, and that may go on. */
export function exitCodeOfRun(status: RunStatus): ExitCode {
  switch (status) {
    case 'failed':
    case 'cancelled':
    case 'timed_out':
      return EXIT.runFailed;
    case 'needs_attention':
      return EXIT.attention;
    case 'awaiting_approval':
      return EXIT.approval;
    default:
      return EXIT.done;
  }
}
