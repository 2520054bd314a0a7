import * as z from 'zod/mini';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const name = z.string().check(z.regex(/^[a-zA-Z-]{1,40}$/));

const preferences = z.object({
  theme: z._default(z.enum(THEMES), 'system'),
  railCollapsed: z._default(z.boolean(), false),
  /** Columns that a person has hidden, by table. */
  hiddenColumns: z._default(z.record(name, z.array(name).check(z.maxLength(30))), {}),
});

/** What a browser remembers about how its person likes the console. */
export type Preferences = z.infer<typeof preferences>;

/** Anything that may come from a cookie, made whole; what cannot be used falls back to the defaults. */
export function toPreferences(value: unknown): Preferences {
  const parsed = z.safeParse(preferences, value);
  return parsed.success ? parsed.data : { theme: 'system', railCollapsed: false, hiddenColumns: {} };
}
