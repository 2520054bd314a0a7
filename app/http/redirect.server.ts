import { redirect } from '@remix-run/node';
import { type NewToast, toastCookie } from '#app/http/toast.server';
import type { WebContext } from '#server/http/load-context';

/**
 * A place on this site that a request asked to go to, or `fallback`: another site's address, a protocol-relative one
 * and the sign-in pages themselves are never followed.
 */
export function safeRedirect(target: string | null | undefined, fallback = '/'): string {
  if (!target?.startsWith('/')) return fallback;
  const base = 'http://console.invalid';
  const url = URL.canParse(target, base) ? new URL(target, base) : null;
  if (!url || url.origin !== base || /^\/(\/|login\b|logout\b|setup\b)/.test(url.pathname)) return fallback;
  return `${url.pathname}${url.search}${url.hash}`;
}

/** Where an anonymous person signs in and then comes back to `url`. */
export function loginPath(url: URL): string {
  const target = `${url.pathname}${url.search}`;
  return target === '/' ? '/login' : `/login?redirectTo=${encodeURIComponent(target)}`;
}

/** Answers a write: go to `to` and say there what was done. */
export function redirectWithToast(context: WebContext, to: string, toast: NewToast) {
  return redirect(to, { status: 303, headers: { 'Set-Cookie': toastCookie(context, to, toast) } });
}
