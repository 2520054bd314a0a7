import type { Request, Response } from 'express';
import { requestIdOf } from '#server/http/request-log';
import { isDatabaseAway } from '#server/platform/database-errors';
import type { ErrorKind } from '#server/platform/errors';
import { AppError } from '#server/platform/errors';

/** The JSON body of every refusal by an endpoint beside the pages. */
export interface ErrorBody {
  error: {
    kind: ErrorKind;
    message: string;
    hint?: string;
    fields?: Record<string, string[]>;
    requestId: string;
  };
}

/** Answers with an expected failure: JSON to programs, a plain page to browsers that navigate. */
export function refuse(req: Request, res: Response, error: AppError): void {
  res.status(error.status).setHeader('Cache-Control', 'no-store');
  if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(error.retryAfterSeconds));
  const requestId = requestIdOf(res);
  if (req.accepts(['json', 'html']) === 'html') {
    res.type('html').send(page(error, requestId));
    return;
  }
  const { kind, message, hint, fields } = error;
  res.json({ error: { kind, message, hint, fields, requestId } } satisfies ErrorBody);
}

/** Answers with whatever was thrown; an unexpected failure is logged and told without its details. */
export function refuseUnknown(req: Request, res: Response, error: unknown): void {
  if (error instanceof AppError) {
    refuse(req, res, error);
    return;
  }
  // Express and its layers mark what the client got wrong, such as an address that cannot be decoded.
  if (error instanceof Error && 'status' in error && error.status === 400) {
    refuse(
      req,
      res,
      new AppError('invalid_input', 'This address or request cannot be read. Nothing was changed.'),
    );
    return;
  }
  req.log.error({ err: error }, 'request failed');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  refuse(req, res, internalError(error));
}

/** What a caller is told of an unexpected failure. */
export function internalError(cause: unknown): AppError {
  if (isDatabaseAway(cause)) {
    return new AppError('unavailable', 'The console cannot reach its database right now.', {
      hint: 'Open the page again in a moment, and look before you repeat what you did.',
      retryAfterSeconds: 5,
      cause,
    });
  }
  return new AppError('internal', 'The console failed at this request. The failure is in its log.', {
    hint: 'Try again. If it stays, give the request number to whoever runs this console.',
    cause,
  });
}

function page(error: AppError, requestId: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${error.status}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style></head>
<body><main><h1>${error.status}</h1><p>${escapeHtml(error.message)}</p>${error.hint ? `<p>${escapeHtml(error.hint)}</p>` : ''}
<p><a href="/">Open the console</a></p><p><small>Request ${escapeHtml(requestId)}</small></p></main></body></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
