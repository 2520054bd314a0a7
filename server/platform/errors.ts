/** The kinds of failure that a caller can act on; each has one HTTP status. */
export const ERROR_STATUS = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  stale_plan: 409,
  too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  locked: 423,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorKind = keyof typeof ERROR_STATUS;

export interface AppErrorOptions {
  /** What the person can do about it, one sentence. */
  hint?: string;
  /** Messages by input field, for forms and API clients. */
  fields?: Record<string, string[]>;
  /** Seconds until a retry makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/**
 * An expected failure. `message` says what happened and what was not changed; it may be shown to any caller, so it
 * carries no secret and no internal detail. Everything else that is thrown is reported as `internal`.
 */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly status: number;
  readonly hint: string | undefined;
  readonly fields: Record<string, string[]> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.kind = kind;
    this.status = ERROR_STATUS[kind];
    this.hint = options.hint;
    this.fields = options.fields;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The message of anything thrown, for logs and run records. Never contains a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
