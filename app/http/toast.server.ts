import { z } from 'zod';
import { cookieNameAt, parseCookies, serializeCookie } from '#server/http/cookies';
import type { WebContext } from '#server/http/load-context';

const COOKIE = 'ops_toast';
const toastSchema = z.object({
  id: z.string(),
  kind: z.enum(['success', 'info', 'warning', 'error']),
  message: z.string().max(500),
  path: z.string(),
});

/** One sentence that the page at `path` shows once. `id` tells two equal ones apart. */
export type Toast = z.infer<typeof toastSchema>;
export type NewToast = Omit<Toast, 'id' | 'path'>;

/** The `Set-Cookie` header that carries a toast to the page at `to`, with or without JavaScript there. */
export function toastCookie(context: WebContext, to: string, toast: NewToast): string {
  const path = new URL(to, 'http://console.invalid').pathname;
  const value = { ...toast, message: toast.message.slice(0, 500), id: context.ctx.ids.uuid(), path };
  return serializeCookie(
    cookieNameAt(COOKIE, context.place),
    Buffer.from(JSON.stringify(value)).toString('base64url'),
    {
      secure: context.place.secure,
      maxAgeSeconds: 60,
    },
  );
}

/**
 * The toast that a request carries for the page that it asks for. A document takes it from the browser. A read by a
 * script leaves it there until its minute is over, since what such a read answers may never be shown: who shows toasts
 * shows each once.
 */
export function takeToast(
  context: WebContext,
  request: Request,
): { toast: Toast | null; headers: HeadersInit } {
  const name = cookieNameAt(COOKIE, context.place);
  const value = parseCookies(request.headers.get('Cookie')).get(name);
  if (!value) return { toast: null, headers: {} };
  const toast = parseToast(value);
  if (toast && toast.path !== new URL(request.url).pathname) return { toast: null, headers: {} };
  if (toast && request.headers.get('Sec-Fetch-Dest') === 'empty') return { toast, headers: {} };
  return {
    toast,
    headers: { 'Set-Cookie': serializeCookie(name, '', { secure: context.place.secure, maxAgeSeconds: 0 }) },
  };
}

function parseToast(value: string): Toast | null {
  try {
    return toastSchema.parse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
  } catch {
    return null;
  }
}
