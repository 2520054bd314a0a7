import { data } from '@remix-run/node';
import type { WebContext } from '#server/http/load-context';
import { internalError } from '#server/http/refuse';
import { AppError, type ErrorKind } from '#server/platform/errors';

/** What an error boundary gets as `error.data`, and a form as `actionData`. */
export interface ErrorView {
  kind: ErrorKind;
  message: string;
  hint: string | null;
  fields: Record<string, string[]>;
  requestId: string;
}

/** Turns anything thrown into what may be told; what was not expected is logged whole and told without its details. */
export function viewOf(context: WebContext, error: unknown): { view: ErrorView; status: number } {
  const known = error instanceof AppError ? error : internalError(error);
  if (known !== error) context.ctx.log.error({ err: error }, 'request failed');
  if (known.retryAfterSeconds !== undefined)
    context.setHeader('Retry-After', String(known.retryAfterSeconds));
  return {
    status: known.status,
    view: {
      kind: known.kind,
      message: known.message,
      hint: known.hint ?? null,
      fields: known.fields ?? {},
      requestId: context.ctx.request.requestId,
    },
  };
}

/** The error for the nearest boundary. */
export function boundaryError(context: WebContext, error: unknown) {
  const { view, status } = viewOf(context, error);
  return data(view, { status });
}
