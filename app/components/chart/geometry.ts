/** Where the plot lies within its box, px; the drawing of the server and that of the browser cover each other. */
export const AXIS_WIDTH = 54;
export const AXIS_HEIGHT = 22;
export const TOP = 18;
export const RIGHT = 8;

/** Colours of series, in order: the first is the one that counts. */
export const SERIES_COLOURS = ['var(--color-herb)', 'var(--color-faint)', 'var(--color-info)'] as const;

export const colourOf = (at: number): string => SERIES_COLOURS[at] ?? 'var(--color-muted)';

export const MARK_COLOURS = {
  deploy: 'var(--color-info)',
  rollback: 'var(--color-warning)',
  alert: 'var(--color-critical)',
} as const;

export const MARK_WORDS = { deploy: 'Deploy', rollback: 'Rollback', alert: 'Alert' } as const;
