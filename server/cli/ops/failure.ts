import { EXIT, type ExitCode, exitCodeOfKind } from '#server/cli/ops/exit-codes';

export interface FailureOptions {
  hint?: string | undefined;
  fields?: Record<string, string[]> | undefined;
  /** The console's kind of refusal, or `usage`, `unreachable`, `interrupted`. */
  kind?: string;
  cause?: unknown;
}

/** Why a command did not do what it was asked, in words for people, with the exit code that says so to programs. */
export class OpsFailure extends Error {
  override name = 'OpsFailure';
  readonly hint: string | undefined;
  readonly fields: Record<string, string[]> | undefined;
  readonly kind: string;

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options: FailureOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
    this.fields = options.fields;
    this.kind = options.kind ?? 'refused';
  }
}

/** The command line itself cannot be used. */
export function usageFailure(message: string, hint?: string): OpsFailure {
  return new OpsFailure(EXIT.usage, message, { hint, kind: 'usage' });
}

/** What the console said, over HTTP or in process. */
export function refusal(
  said: { kind: string; message: string; hint?: string; fields?: Record<string, string[]> },
  cause?: unknown,
): OpsFailure {
  return new OpsFailure(exitCodeOfKind(said.kind), said.message, {
    hint: said.hint,
    fields: said.fields,
    kind: said.kind,
    cause,
  });
}

/** Ctrl-C. */
export function interruption(message: string): OpsFailure {
  return new OpsFailure(EXIT.interrupted, message, { kind: 'interrupted' });
}
