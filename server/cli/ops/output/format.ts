const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A measured duration given in ms: `84 ms`, `3.4 s`, `1 min 04 s`, `2 h 05 min`. */
export function duration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < SECOND) return `${Math.round(value)} ms`;
  if (value < 59_950) return `${(value / SECOND).toFixed(1)} s`;
  const seconds = Math.round(value / SECOND);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(value / MINUTE);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A running clock given in ms: `0:07`, `1:30`, `1:02:09`. Whole seconds, rounded down. */
export function clock(ms: number): string {
  const total = Math.floor(Math.max(0, ms) / SECOND);
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}:${two(total % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(total % 60)}`;
}

/** How far `iso` is from `nowMs`: `40 s ago`, `5 min ago`, `3 h ago`, `12 d ago`, `in 20 min`. */
export function age(iso: string, nowMs: number): string {
  const distance = Math.abs(nowMs - Date.parse(iso));
  const text =
    distance < MINUTE
      ? `${Math.floor(distance / SECOND)} s`
      : distance < HOUR
        ? `${Math.floor(distance / MINUTE)} min`
        : distance < DAY
          ? `${Math.floor(distance / HOUR)} h`
          : `${Math.floor(distance / DAY)} d`;
  return Date.parse(iso) > nowMs ? `in ${text}` : `${text} ago`;
}

/** `2026-03-01 09:05Z` */
export function minute(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** `09:05:07Z` */
export function second(iso: string): string {
  return `${new Date(iso).toISOString().slice(11, 19)}Z`;
}

/** `2026-03-01 09:05Z (2 h ago)` */
export function when(iso: string, nowMs: number): string {
  return `${minute(iso)} (${age(iso, nowMs)})`;
}

// Escape sequences of terminals (ECMA-48): CSI, strings such as OSC with their text, and two-character ones.
const ESCAPES = new RegExp(
  [
    '\\u001b\\[[0-?]*[ -/]*[@-~]',
    '\\u001b[\\]PX^_][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?',
    '\\u001b.?',
  ].join('|'),
  'gs',
);

/**
 * Text from elsewhere made safe for a terminal: without escape sequences, with other control characters shown as `·`,
 * on one line.
 */
export function clean(text: string): string {
  let shown = '';
  for (const character of text.replace(ESCAPES, '')) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\t') shown += '  ';
    else if (character === '\r') continue;
    else if (code < 32 || (code >= 127 && code < 160)) shown += character === '\n' ? ' ' : '·';
    // Marks that reorder what follows them could make a line say something else.
    else if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) shown += '·';
    else shown += character;
  }
  return shown;
}

/** At most `width` characters; what is cut ends in `…`. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width <= 0 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}

/** Characters as a terminal counts them, for text without wide ones. */
export function lengthOf(text: string): number {
  return [...text].length;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
