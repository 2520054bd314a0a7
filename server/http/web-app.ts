import path from 'node:path';
import { createRequestHandler } from '@remix-run/express';
import type { ServerBuild } from '@remix-run/node';
import compression from 'compression';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { API_ROOT, createApi } from '#server/http/api';
import { webContextOf } from '#server/http/authenticate';
import { listEndpoints, routeEndpoints } from '#server/http/endpoints';
import { HEALTH, type ReadHealth } from '#server/http/health';
import { createOwnMetrics } from '#server/http/own-metrics';
import { refuse, refuseUnknown } from '#server/http/refuse';
import { requestLog } from '#server/http/request-log';
import { limitBody, ownHostOnly, sameOriginWrites, settleHost } from '#server/http/same-origin';
import { securityHeaders } from '#server/http/security-headers';
import type { LiveStreams } from '#server/http/streams';
import type { App } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import type { StatusCopy } from '#server/status/copy';

export interface WebAppParts {
  app: App;
  streams: LiveStreams;
  /** The compiled pages. */
  build: ServerBuild;
  /** The folder of the browser's files. */
  clientDirectory: string;
  readHealth: ReadHealth;
  /** What the public is answered from. */
  statusCopy: StatusCopy;
}

/** The whole web surface, from the outermost check to the pages. The order of the layers is part of the promise. */
export function createWebApp(parts: WebAppParts): Express {
  const { app, streams, build, clientDirectory, readHealth, statusCopy } = parts;
  const web = express();
  web.disable('x-powered-by');
  web.disable('etag');
  web.set('trust proxy', app.env.TRUST_PROXY);
  web.set('query parser', 'simple');

  const ownMetrics = createOwnMetrics(app, readHealth);
  web.use(ownMetrics.observe);
  web.use(settleHost(app.env));
  web.use(securityHeaders());
  web.use(requestLog(app));
  app.provided.set(HEALTH, readHealth);
  const endpoints = listEndpoints({ app, streams, readHealth, ownMetrics, statusCopy });
  const health = endpoints.filter((endpoint) => endpoint.path === '/api/health');
  // Probes come by address and port, so health is asked before the host's name is judged.
  web.use(routeEndpoints(app, health));
  web.use(ownHostOnly(app.env));
  web.use(limitBody());
  web.use(sameOriginWrites(app.env));
  web.use(API_ROOT, compression(), createApi(app));
  // Event streams are ahead of compression, which would hold their events back.
  web.use(
    routeEndpoints(
      app,
      endpoints.filter((endpoint) => !health.includes(endpoint)),
    ),
  );
  web.use(['/api', '/streams'], (req, res) => {
    refuse(req, res, new AppError('not_found', 'There is no such endpoint.'));
  });

  web.use(compression());
  web.use(
    '/assets',
    express.static(path.join(clientDirectory, 'assets'), {
      immutable: true,
      maxAge: '1y',
      index: false,
      redirect: false,
    }),
    (_req, res) => {
      res
        .status(404)
        .type('text')
        .setHeader('Cache-Control', 'no-store')
        .send('This file is not part of this build.');
    },
  );
  web.use(express.static(clientDirectory, { maxAge: '1h', index: false, redirect: false }));

  web.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'private, no-cache');
    next();
  });
  web.all(
    '*',
    createRequestHandler({
      build,
      mode: 'production',
      getLoadContext: (req, res) => webContextOf(app, req, res),
    }),
  );

  const onError: ErrorRequestHandler = (error, req, res, _next) => refuseUnknown(req, res, error);
  web.use(onError);
  return web;
}
