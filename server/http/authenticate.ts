import type { Request, Response } from 'express';
import { findBearer } from '#server/auth/bearer';
import { actorOf } from '#server/auth/person';
import { findSession, type Session } from '#server/auth/session';
import { type CookiePlace, parseCookies, sessionCookie, sessionCookieName } from '#server/http/cookies';
import type { WebContext } from '#server/http/load-context';
import { requestIdOf } from '#server/http/request-log';
import { nonceOf } from '#server/http/security-headers';
import { type Actor, ANONYMOUS, type App, type Ctx, type RequestInfo } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** Where programs call: tokens open these addresses and no page. */
const FOR_PROGRAMS = /^\/((api|streams)\/|metrics(\?|$))/;

/**
 * Who is behind a request, read once per request. A session that lives on by being used gets its cookie renewed. With
 * an `Authorization` header the cookie is never looked at, and a header that opens nothing makes nobody of the caller.
 * @throws AppError `unauthenticated` for a header that cannot be used, or that came to a page
 */
export async function webContextOf(app: App, req: Request, res: Response): Promise<WebContext> {
  const known = res.locals.webContext as Promise<WebContext> | undefined;
  if (known) return known;
  const reading = readWebContext(app, req, res);
  res.locals.webContext = reading;
  return reading;
}

async function readWebContext(app: App, req: Request, res: Response): Promise<WebContext> {
  const place = { secure: req.secure, port: app.env.PORT };
  const info = {
    requestId: requestIdOf(res),
    ipAddress: req.ip ?? null,
    userAgent: req.get('user-agent')?.slice(0, 300) ?? null,
  };
  const header = req.headers.authorization;
  const { ctx, session } =
    header === undefined
      ? await readCookie(app, req, res, place, info)
      : { ctx: app.for(await readHeader(app.for(ANONYMOUS, info), req, res, header), info), session: null };
  return {
    app,
    ctx,
    session,
    nonce: nonceOf(res),
    method: req.method,
    place,
    setHeader: (name, value) => res.setHeader(name, value),
  };
}

async function readCookie(
  app: App,
  req: Request,
  res: Response,
  place: CookiePlace,
  info: RequestInfo,
): Promise<{ ctx: Ctx; session: Session | null }> {
  const anonymous = app.for(ANONYMOUS, info);
  const token = parseCookies(req.headers.cookie).get(sessionCookieName(place));
  const session = token ? await findSession(anonymous, token) : null;
  if (!token || !session) return { ctx: anonymous, session: null };
  if (session.wasRenewed) res.append('Set-Cookie', sessionCookie(token, place, app.env.SESSION_HOURS));
  return { ctx: app.for(actorOf(session.viewer), { ...info, sessionId: session.id }), session };
}

async function readHeader(ctx: Ctx, req: Request, res: Response, header: string): Promise<Actor> {
  try {
    if (!FOR_PROGRAMS.test(req.originalUrl)) {
      throw new AppError(
        'unauthenticated',
        'Pages take no Authorization header: tokens open the HTTP API only. Nothing was changed.',
        { hint: 'Call an address under /api/v1, or send no such header and sign in.' },
      );
    }
    return await findBearer(ctx, header);
  } catch (error) {
    // RFC 9110, 15.5.2 and RFC 6750, 3: a 401 says how to do better.
    if (error instanceof AppError && error.kind === 'unauthenticated') {
      res.setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
    }
    throw error;
  }
}
