import type { RequestHandler, Router } from 'express';
import express from 'express';
import type { Access } from '#server/auth/guard';
import { authorize } from '#server/auth/guard';
import { webContextOf } from '#server/http/authenticate';
import { healthEndpoint, type ReadHealth } from '#server/http/health';
import type { OwnMetrics } from '#server/http/own-metrics';
import { refuse, refuseUnknown } from '#server/http/refuse';
import { statusPageHandlers } from '#server/http/status-page';
import type { LiveStreams } from '#server/http/streams';
import type { App } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { StatusCopy } from '#server/status/copy';

/** An HTTP endpoint beside the pages and the API's operations. */
export interface Endpoint {
  method: 'get' | 'post';
  path: string;
  access: Access;
  handler: RequestHandler;
}

/** Every endpoint that is neither a page nor an operation of the API; the authorization matrix test walks this table. */
export function listEndpoints(parts: {
  app: App;
  statusCopy: StatusCopy;
  readHealth: ReadHealth;
  streams: LiveStreams;
  ownMetrics: OwnMetrics;
}): Endpoint[] {
  const statusPages = Object.entries(statusPageHandlers(parts.app, parts.statusCopy));
  return [
    {
      method: 'get',
      path: '/api/health',
      access: 'anyone',
      handler: healthEndpoint(parts.readHealth),
    },
    { method: 'get', path: '/metrics', access: 'metrics.read', handler: parts.ownMetrics.expose },
    { method: 'get', path: '/streams/live', access: 'signed-in', handler: parts.streams.handler },
    ...statusPages.map(([path, handler]): Endpoint => ({ method: 'get', path, access: 'anyone', handler })),
  ];
}

/** Routes the endpoints; each is refused to those whom its `access` leaves out before its handler is called. */
export function routeEndpoints(app: App, endpoints: Endpoint[]): Router {
  const router = express.Router();
  for (const { method, path, access, handler } of endpoints) {
    router[method](path, async (req, res, next) => {
      try {
        if (access !== 'anyone') {
          const { ctx } = await webContextOf(app, req, res);
          authorize(ctx, access, `${method.toUpperCase()} ${path}`);
        }
        await handler(req, res, next);
      } catch (error) {
        refuseUnknown(req, res, error);
      }
    });
    router.all(path, (req, res) => {
      const allowed = method === 'get' ? 'GET, HEAD' : 'POST';
      res.setHeader('Allow', allowed);
      refuse(
        req,
        res,
        new AppError('method_not_allowed', `This address takes ${allowed}. Nothing was changed.`),
      );
    });
  }
  return router;
}
