import type { Request, Response } from 'express';
import { PROBLEMS, type Problem } from '#server/http/contract';
import { requestIdOf } from '#server/http/request-log';
import { isDatabaseAway } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';

/**
 * Answers with an expected failure: a problem (RFC 9457) to programs, a plain page to browsers that navigate. Below
 * `/api` everybody is a program.
 */
export function refuse(req: Request, res: Response, error: AppError): void {
  res.status(error.status).setHeader('Cache-Control', 'no-store');
  if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(error.retryAfterSeconds));
  const requestId = requestIdOf(res);
  const isApi = /^\/api(?![^/?])/.test(req.originalUrl);
  if (!isApi && req.accepts(['json', 'html']) === 'html') {
    res.type('html').send(page(error, requestId));
    return;
  }
  const { kind, status, message: detail, hint, fields } = error;
  const problem: Problem = {
    type: `/api-reference#problem-${kind}`,
    title: PROBLEMS[kind].title,
    status,
    detail,
    instance: req.originalUrl.split('?')[0] ?? '/',
    kind,
    ...(hint ? { hint } : {}),
    ...(fields ? { fields } : {}),
    requestId,
  };
  res.setHeader('Content-Type', 'application/problem+json');
  res.send(Buffer.from(JSON.stringify(problem)));
}

/** Answers with whatever was thrown; an unexpected failure is logged and told without its details. */
export function refuseUnknown(req: Request, res: Response, error: unknown): void {
  const known = expected(error);
  if (!known) req.log.error({ err: error }, 'request failed');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  refuse(req, res, known ?? internalError(error));
}

function expected(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  // Express and its layers mark what the client got wrong, such as an address that cannot be decoded.
  if (error instanceof Error && 'status' in error && error.status === 400) {
    return new AppError('invalid_input', 'This address or request cannot be read. Nothing was changed.');
  }
  return null;
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
