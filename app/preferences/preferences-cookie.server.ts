import { type Preferences, toPreferences } from '#app/lib/preferences';
import { parseCookies, serializeCookie } from '#server/http/cookies';
import type { WebContext } from '#server/http/load-context';

const COOKIE = 'ops_preferences';
const YEAR_SECONDS = 365 * 24 * 3_600;

/** The preferences that a request carries; the defaults where it carries none that can be read. */
export function readPreferences(request: Request): Preferences {
  const value = parseCookies(request.headers.get('Cookie')).get(COOKIE);
  if (!value) return toPreferences({});
  try {
    return toPreferences(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
  } catch {
    return toPreferences({});
  }
}

/** The header that keeps preferences in the browser for a year. */
export function preferencesCookie(context: WebContext, preferences: Preferences): string {
  return serializeCookie(COOKIE, Buffer.from(JSON.stringify(preferences)).toString('base64url'), {
    secure: context.secure,
    maxAgeSeconds: YEAR_SECONDS,
  });
}
