import { randomBytes } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';

/** The nonce of a response, made by {@link securityHeaders}. */
export function nonceOf(res: Response): string {
  return res.locals.nonce as string;
}

/**
 * Strict headers for every response. Scripts run only from this origin or with the response's nonce; styles may be
 * inline because toasts inject theirs. HSTS is sent only over https, where it means something.
 */
export function securityHeaders(): RequestHandler[] {
  const shared = {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", (_req: unknown, res: unknown) => `'nonce-${nonceOf(res as Response)}'`],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'self'"],
        objectSrc: ["'none'"],
      },
    },
    // `no-referrer` would make a form without JavaScript send `Origin: null`, which the same-origin check refuses.
    referrerPolicy: { policy: 'same-origin' as const },
    xFrameOptions: { action: 'deny' as const },
  };
  const overHttp = helmet({ ...shared, strictTransportSecurity: false });
  const overHttps = helmet({ ...shared, strictTransportSecurity: { maxAge: 31_536_000 } });
  return [
    (_req, res, next) => {
      res.locals.nonce = randomBytes(16).toString('base64');
      res.setHeader('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=()');
      next();
    },
    (req, res, next) => (req.secure ? overHttps : overHttp)(req, res, next),
  ];
}
