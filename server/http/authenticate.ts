import type { Request, Response } from 'express';
import { findSession } from '#server/auth/session';
import { parseCookies, sessionCookie, sessionCookieName } from '#server/http/cookies';
import type { WebContext } from '#server/http/load-context';
import { requestIdOf } from '#server/http/request-log';
import { nonceOf } from '#server/http/security-headers';
import { ANONYMOUS, type App } from '#server/platform/context';

/**
 * Who is behind a request, read once per request. A session that lives on by being used gets its cookie renewed.
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
  const token = parseCookies(req.headers.cookie).get(sessionCookieName(place));
  const info = {
    requestId: requestIdOf(res),
    ipAddress: req.ip ?? null,
    userAgent: req.get('user-agent')?.slice(0, 300) ?? null,
  };
  const session = token ? await findSession(app.for(ANONYMOUS, info), token) : null;
  if (token && session?.wasRenewed) {
    res.append('Set-Cookie', sessionCookie(token, place, app.env.SESSION_HOURS));
  }
  const ctx = session
    ? app.for(
        { type: 'user', id: session.viewer.id, name: session.viewer.name, role: session.viewer.role },
        { ...info, sessionId: session.id },
      )
    : app.for(ANONYMOUS, info);
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
