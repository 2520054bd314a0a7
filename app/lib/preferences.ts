export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** What a browser remembers about how its person likes the console. */
export interface Preferences {
  theme: Theme;
  railCollapsed: boolean;
  /** Columns that a person has hidden, by table. */
  hiddenColumns: Record<string, string[]>;
}

export const DEFAULT_PREFERENCES: Preferences = { theme: 'system', railCollapsed: false, hiddenColumns: {} };
