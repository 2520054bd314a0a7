/** How a figure stands beside that of the period before. */
export interface Trend {
  turn: 'up' | 'down' | 'level' | 'none';
  words: string;
}

/** Less than this is no difference, %. */
const LEVEL_PERCENT = 0.5;

/**
 * A figure beside the one before, in words.
 * @param more what more of it is called, such as "longer", and less of it
 * @param words how a figure is written
 */
export function trendOf(
  now: number | null,
  before: number | null,
  { more, less }: { more: string; less: string },
  words: (value: number) => string,
): Trend {
  if (before === null) return { turn: 'none', words: 'nothing to compare with in the time before' };
  if (now === null) return { turn: 'none', words: `${words(before)} in the time before` };
  if (before === 0) {
    if (now === 0) return { turn: 'level', words: `as before: ${words(0)}` };
    return { turn: 'up', words: `${words(0)} in the time before` };
  }
  const percent = (100 * (now - before)) / before;
  if (Math.abs(percent) < LEVEL_PERCENT) return { turn: 'level', words: `as before: ${words(before)}` };
  const size = Math.abs(percent);
  const shown = size < 10 ? size.toFixed(1).replace(/\.0$/, '') : Math.round(size).toString();
  return {
    turn: percent > 0 ? 'up' : 'down',
    words: `${shown} % ${percent > 0 ? more : less} than before (${words(before)})`,
  };
}
