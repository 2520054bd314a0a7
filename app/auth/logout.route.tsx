import { redirect } from '@remix-run/node';
import { protectedAction, protectedLoader } from '#app/http/protected.server';
import { toastCookie } from '#app/http/toast.server';
import { logout } from '#server/auth/commands/sign-in';
import { endedSessionCookie } from '#server/http/cookies';

export const loader = protectedLoader({ access: 'anyone' }, async () => {
  throw redirect('/', 303);
});

export const action = protectedAction({
  intents: {
    default: {
      access: 'anyone',
      handle: async ({ ctx, context }) => {
        await logout(ctx, {});
        const headers = new Headers();
        headers.append('Set-Cookie', endedSessionCookie(context.place));
        headers.append(
          'Set-Cookie',
          toastCookie(context, '/login', { kind: 'info', message: 'Signed out.' }),
        );
        return redirect('/login', { status: 303, headers });
      },
    },
  },
});
