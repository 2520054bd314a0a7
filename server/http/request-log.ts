import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { pinoHttp } from 'pino-http';
import type { App } from '#server/platform/context';

/** The id of the request that a response answers. */
export function requestIdOf(res: Response): string {
  return res.locals.requestId as string;
}

/**
 * Gives each request an id of our own making (a client's is not taken over, so that nobody can forge a trail), answers
 * it as `X-Request-Id`, and logs the request when it ends: path without query and without one-time tokens.
 */
export function requestLog(app: App): RequestHandler[] {
  const log = pinoHttp({
    logger: app.log,
    genReqId: (_req, res) => (res as Response).locals.requestId as string,
    customAttributeKeys: { reqId: 'requestId' },
    quietReqLogger: true,
    serializers: {
      req: (req: { method: string; url: string }) => ({ method: req.method, path: loggablePath(req.url) }),
      res: (res: { statusCode: number }) => ({ status: res.statusCode }),
    },
    customLogLevel: (req: IncomingMessage, res: ServerResponse, error?: Error) => {
      if (error || res.statusCode >= 500) return 'error';
      return res.statusCode >= 400 || req.method !== 'GET' ? 'info' : 'debug';
    },
  });
  return [
    (_req, res, next) => {
      res.locals.requestId = app.ids.uuid();
      res.setHeader('X-Request-Id', requestIdOf(res));
      next();
    },
    (req, res, next) => {
      log(req, res);
      next();
    },
  ];
}

/** A path that may be kept in a log. */
export function loggablePath(url: string): string {
  return (url.split('?')[0] ?? '/').replace(/^\/setup\/[^/]+/, '/setup/[redacted]');
}
