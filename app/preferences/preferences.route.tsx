import { redirect } from '@remix-run/node';
import type { FormValues } from '#app/http/form.server';
import { protectedAction, protectedLoader } from '#app/http/protected.server';
import { safeRedirect } from '#app/http/redirect.server';
import { type Preferences, THEMES } from '#app/lib/preferences';
import {
  preferencesCookie,
  readPreferences,
  toPreferences,
} from '#app/preferences/preferences-cookie.server';
import type { WebContext } from '#server/http/load-context';
import { AppError } from '#server/platform/errors';

export const loader = protectedLoader({ access: 'anyone' }, async () => redirect('/'));

/** Keeps how this browser likes the console, then goes back to the page it was asked from. */
export const action = protectedAction({
  intents: {
    theme: {
      access: 'anyone',
      handle: async ({ context, request, form }) => {
        const theme = THEMES.find((known) => known === form.theme);
        if (!theme)
          throw new AppError('invalid_input', 'Choose the theme system, light or dark. Nothing was changed.');
        return keep(context, request, form, { theme });
      },
    },
    rail: {
      access: 'anyone',
      handle: async ({ context, request, form }) =>
        keep(context, request, form, { railCollapsed: form.collapsed === 'true' }),
    },
    columns: {
      access: 'anyone',
      handle: async ({ context, request, form }) => {
        const table = String(form.table ?? '');
        const all = listOf(form.known);
        const shown = new Set(listOf(form.shown));
        const { hiddenColumns } = readPreferences(context, request);
        return keep(context, request, form, {
          hiddenColumns: { ...hiddenColumns, [table]: all.filter((column) => !shown.has(column)) },
        });
      },
    },
  },
});

function keep(context: WebContext, request: Request, form: FormValues, change: Partial<Preferences>) {
  const next = { ...readPreferences(context, request), ...change };
  const valid = toPreferences(next);
  return redirect(safeRedirect(typeof form.returnTo === 'string' ? form.returnTo : null), {
    status: 303,
    headers: { 'Set-Cookie': preferencesCookie(context, valid) },
  });
}

function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
