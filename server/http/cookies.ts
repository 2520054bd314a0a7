/** Cookies by name of a `Cookie` header; of repeated names the first counts, as browsers send the most specific first. */
export function parseCookies(header: string | undefined | null): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at < 1) continue;
    const name = part.slice(0, at).trim();
    if (!cookies.has(name)) cookies.set(name, part.slice(at + 1).trim());
  }
  return cookies;
}

export interface CookieOptions {
  secure: boolean;
  /** Seconds that the browser keeps it; 0 removes it. */
  maxAgeSeconds: number;
}

/**
 * A `Set-Cookie` header: HttpOnly, SameSite=Lax, for the whole site.
 * @param value characters of a cookie-octet (RFC 6265) only: base64url or hex. @throws Error otherwise
 */
export function serializeCookie(name: string, value: string, options: CookieOptions): string {
  if (!/^[\w.-]*$/.test(value))
    throw new Error(`Cookie "${name}" holds a character that a cookie cannot carry`);
  const secure = options.secure ? '; Secure' : '';
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${options.maxAgeSeconds}${secure}`;
}

/** The console that a cookie belongs to. */
export interface CookiePlace {
  /** The request came over https. */
  secure: boolean;
  /** Where this console listens. */
  port: number;
}

/**
 * A cookie's name at a console. Browsers do not tell the ports of a host apart (RFC 6265, 8.5): on plain http the name
 * does, so that consoles side by side on one machine keep their own. Over https a console has a host of its own.
 */
export function cookieNameAt(name: string, { secure, port }: CookiePlace): string {
  return secure ? name : `${name}_${port}`;
}

/**
 * The session cookie's name. `__Host-` binds it to this host over https; plain http on loopback cannot carry that
 * prefix in every client. The proxy of the local driver keeps these names from the releases.
 */
export function sessionCookieName(place: CookiePlace): string {
  return place.secure ? '__Host-ops_session' : cookieNameAt('ops_session', place);
}

/** The header that hands a session to the browser for `hours`. */
export function sessionCookie(token: string, place: CookiePlace, hours: number): string {
  return serializeCookie(sessionCookieName(place), token, {
    secure: place.secure,
    maxAgeSeconds: hours * 3_600,
  });
}

/** The header that removes the session from the browser. */
export function endedSessionCookie(place: CookiePlace): string {
  return serializeCookie(sessionCookieName(place), '', { secure: place.secure, maxAgeSeconds: 0 });
}
