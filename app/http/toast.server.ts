import { z } from 'zod';
import { cookieNameAt, parseCookies, serializeCookie } from '#server/http/cookies';
import type { WebContext } from '#server/http/load-context';

const COOKIE = 'ops_toast';
const toastSchema = z.object({
  id: z.string(),
  kind: z.enum(['success', 'info', 'warning', 'error']),
  message: z.string().max(500),
});

/** One sentence that the next page shows once. `id` tells two equal ones apart. */
export type Toast = z.infer<typeof toastSchema>;

/** The `Set-Cookie` header that carries a toast to the next page, with or without JavaScript there. */
export function toastCookie(context: WebContext, toast: Omit<Toast, 'id'>): string {
  const value = { ...toast, message: toast.message.slice(0, 500), id: context.ctx.ids.uuid() };
  return serializeCookie(
    cookieNameAt(COOKIE, context.place),
    Buffer.from(JSON.stringify(value)).toString('base64url'),
    {
      secure: context.place.secure,
      maxAgeSeconds: 60,
    },
  );
}

/** The toast that a request carries; it is taken from the browser, so that it shows once. */
export function takeToast(
  context: WebContext,
  request: Request,
): { toast: Toast | null; headers: HeadersInit } {
  const name = cookieNameAt(COOKIE, context.place);
  const value = parseCookies(request.headers.get('Cookie')).get(name);
  if (!value) return { toast: null, headers: {} };
  return {
    toast: parseToast(value),
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
