import { redirect } from '@remix-run/node';
import { toastCookie } from '#app/http/toast.server';
import type { SignedIn } from '#server/auth/commands/sign-in';
import { sessionCookie } from '#server/http/cookies';
import type { WebContext } from '#server/http/load-context';

/** Hands the session to the browser and goes on to `to`. */
export function enter(context: WebContext, { token, viewer }: SignedIn, to: string) {
  const headers = new Headers();
  headers.append('Set-Cookie', sessionCookie(token, context.place, context.app.env.SESSION_HOURS));
  headers.append(
    'Set-Cookie',
    toastCookie(context, to, { kind: 'success', message: `Signed in as ${viewer.name}.` }),
  );
  return redirect(to, { status: 303, headers });
}
