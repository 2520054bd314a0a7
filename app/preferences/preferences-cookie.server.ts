import { z } from 'zod';
import { DEFAULT_PREFERENCES, type Preferences, THEMES } from '#app/lib/preferences';
import { cookieNameAt, parseCookies, serializeCookie } from '#server/http/cookies';
import type { WebContext } from '#server/http/load-context';

const COOKIE = 'ops_preferences';
const YEAR_SECONDS = 365 * 24 * 3_600;

const name = z.string().regex(/^[a-zA-Z-]{1,40}$/);
const preferences = z.object({
  theme: z.enum(THEMES).default('system'),
  railCollapsed: z.boolean().default(false),
  hiddenColumns: z.record(name, z.array(name).max(30)).default({}),
});

/** Anything that may come from a cookie or a form, made whole; what cannot be used falls back to the defaults. */
export function toPreferences(value: unknown): Preferences {
  const parsed = preferences.safeParse(value);
  return parsed.success ? parsed.data : DEFAULT_PREFERENCES;
}

/** The preferences that a request carries; the defaults where it carries none that can be read. */
export function readPreferences(context: WebContext, request: Request): Preferences {
  const value = parseCookies(request.headers.get('Cookie')).get(cookieNameAt(COOKIE, context.place));
  if (!value) return DEFAULT_PREFERENCES;
  try {
    return toPreferences(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
  } catch {
    return DEFAULT_PREFERENCES;
  }
}

/** The header that keeps preferences in the browser for a year. */
export function preferencesCookie(context: WebContext, preferences: Preferences): string {
  return serializeCookie(
    cookieNameAt(COOKIE, context.place),
    Buffer.from(JSON.stringify(preferences)).toString('base64url'),
    {
      secure: context.place.secure,
      maxAgeSeconds: YEAR_SECONDS,
    },
  );
}
