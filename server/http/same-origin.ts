import type { Request, RequestHandler } from 'express';
import { parseCookies, sessionCookieName } from '#server/http/cookies';
import { refuse } from '#server/http/refuse';
import { type Env, isLoopbackHost } from '#server/platform/env';
import { AppError } from '#server/platform/errors';

/** Largest body that a request may bring, bytes. Forms are small; endpoints that take more set their own limit. */
export const BODY_LIMIT_BYTES = 1_000_000;

/**
 * What brings images, and how large it may be, bytes: more than is taken, so that who sends too much is told so on their form,
 * with all that they wrote.
 */
const UPLOADS = {
  limitBytes: 12_000_000,
  by: [
    { path: /^\/incidents\/\d+(\.data)?$/, type: 'multipart/form-data' },
    { path: /^\/api\/v1\/incidents\/\d+\/images$/, type: 'application/json' },
  ],
};

/** The origin that the request itself was made to, with a trusted proxy's word taken into account. */
export function ownOrigin(req: Request): string {
  return `${req.protocol}://${req.get('host') ?? ''}`;
}

/**
 * Settles the request's host once: the trusted proxy's word when there is one, the `Host` header otherwise. What an
 * untrusted client says about proxies is forgotten. Of several forwarded hosts the nearest proxy's counts.
 */
export function settleHost(env: Env): RequestHandler {
  return (req, _res, next) => {
    const forwardedHost =
      env.TRUST_PROXY > 0 ? req.get('x-forwarded-host')?.split(',').at(-1)?.trim() : undefined;
    for (const name of Object.keys(req.headers)) {
      if (name === 'forwarded' || (env.TRUST_PROXY === 0 && name.startsWith('x-forwarded-')))
        delete req.headers[name];
    }
    delete req.headers['x-forwarded-host'];
    if (forwardedHost) req.headers.host = forwardedHost;
    next();
  };
}

/**
 * Refuses requests for a host name that is not ours, so that no foreign name that resolves to this machine becomes an
 * origin of its own here. Any name is taken on a network address without PUBLIC_URL.
 */
export function ownHostOnly(env: Env): RequestHandler {
  const publicHost = env.PUBLIC_URL ? new URL(env.PUBLIC_URL).host : null;
  return (req, res, next) => {
    const host = req.get('host') ?? '';
    const name = host.replace(/:\d+$/, '');
    if (host === publicHost || isLoopbackHost(name) || (publicHost === null && !isLoopbackHost(env.HOST)))
      return next();
    refuse(
      req,
      res,
      new AppError(
        'invalid_input',
        `This console does not answer to the name "${name.slice(0, 100)}". Nothing was changed.`,
        {
          hint: 'Open it by its own address, or set PUBLIC_URL to the address that people use.',
        },
      ),
    );
  };
}

/**
 * Refuses every write that a page of another origin could have sent. `Origin` must be ours; a client that sends none
 * must say `Sec-Fetch-Site: same-origin`. A call of the HTTP API that does not rest on our cookie is let through: it
 * brings what no other page could have added.
 */
export function sameOriginWrites(env: Env): RequestHandler {
  const publicOrigin = env.PUBLIC_URL ? new URL(env.PUBLIC_URL).origin : null;
  return (req, res, next) => {
    if (req.method === 'GET' || req.method === 'HEAD' || isProgram(env, req)) return next();
    const origin = req.get('origin');
    const isOwn =
      origin === undefined
        ? req.get('sec-fetch-site') === 'same-origin'
        : origin === ownOrigin(req) || origin === publicOrigin;
    if (!isOwn) {
      refuse(
        req,
        res,
        new AppError(
          'forbidden',
          'This request did not come from a page of this console. Nothing was changed.',
          {
            hint: 'Open the console by its own address and try again there.',
          },
        ),
      );
      return;
    }
    // The page framework compares Origin with Host once more; behind a proxy that rewrites Host they differ.
    if (origin !== undefined) req.headers.host = new URL(origin).host;
    next();
  };
}

/** A call of the API with an `Authorization` header, which keeps the cookie from being looked at, or without our cookie. */
function isProgram(env: Env, req: Request): boolean {
  if (!req.path.startsWith('/api/v1/')) return false;
  const cookie = sessionCookieName({ secure: req.secure, port: env.PORT });
  return req.headers.authorization !== undefined || !parseCookies(req.headers.cookie).has(cookie);
}

/** Refuses bodies over {@link BODY_LIMIT_BYTES}, or over that of {@link UPLOADS}, and bodies that do not say their length. */
export function limitBody(): RequestHandler {
  return (req, res, next) => {
    if (req.get('transfer-encoding') !== undefined) {
      refuse(
        req,
        res,
        new AppError('invalid_input', 'This request does not say how long it is. Nothing was changed.'),
      );
      return;
    }
    const given = req.get('content-type') ?? '';
    const isUpload = UPLOADS.by.some(({ path, type }) => path.test(req.path) && given.startsWith(type));
    const limitBytes = isUpload ? UPLOADS.limitBytes : BODY_LIMIT_BYTES;
    if (Number(req.get('content-length') ?? 0) > limitBytes) {
      refuse(
        req,
        res,
        new AppError('too_large', `This request is over ${limitBytes / 1_000_000} MB. Nothing was changed.`),
      );
      return;
    }
    next();
  };
}
