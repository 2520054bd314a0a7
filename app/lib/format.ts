const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A measured duration given in ms: `84 ms`, `3.4 s`, `42 s`, `1 min 04 s`, `2 h 05 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < SECOND) return `${Math.round(value)} ms`;
  if (value < 9_950) return `${(value / SECOND).toFixed(1)} s`;
  const seconds = Math.round(value / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(value / MINUTE);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  const hours = Math.round(value / HOUR);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A running clock given in ms: `0:07`, `1:30`, `1:02:09`. Whole seconds, rounded down. */
export function formatClock(ms: number): string {
  const total = Math.floor(Math.max(0, ms) / SECOND);
  const hours = Math.floor(total / 3_600);
  const minutes = Math.floor((total % 3_600) / 60);
  const seconds = total % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

/**
 * How long ago `at` was, seen from `now` (both ms since the epoch): `just now`, `40 s ago`, `5 min ago`, `3 h ago`,
 * `2 d ago`, and from 30 days on the UTC date. The future reads `in 5 min`.
 */
export function formatRelative(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 5 * SECOND) return 'just now';
  if (distance >= 30 * DAY) return new Date(at).toISOString().slice(0, 10);
  const text =
    distance < MINUTE
      ? `${Math.floor(distance / SECOND)} s`
      : distance < HOUR
        ? `${Math.floor(distance / MINUTE)} min`
        : distance < DAY
          ? `${Math.floor(distance / HOUR)} h`
          : `${Math.floor(distance / DAY)} d`;
  return at > now ? `in ${text}` : `${text} ago`;
}

/** `2026-03-01 09:05:07 UTC` */
export function formatUtc(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The wall clock of an IANA time zone to the minute: `Mon 2026-03-02 10:00`. The same in every locale. */
export function formatInZone(iso: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(iso));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}

/** `09:05:07.123`, UTC; for log lines. */
export function formatUtcTime(iso: string): string {
  return new Date(iso).toISOString().slice(11, 23);
}

/** `09:05:07`, UTC; for the time gutter. */
export function formatUtcSeconds(iso: string): string {
  return new Date(iso).toISOString().slice(11, 19);
}

/** The same instant in the reader's own time zone, with its name: `1 Mar 2026, 10:05:07 CET`. Browser only. */
export function formatLocal(iso: string): string {
  return new Intl.DateTimeFormat(undefined, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(new Date(iso));
}

/** `12,480` with thin grouping that reads the same in every locale. */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `1 run`, `12 runs` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The first seven digits of a commit, as git shows it. */
export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, 'g');

/** Terminal output without its colour and cursor codes. */
export function stripAnsi(text: string): string {
  return text.includes(String.fromCharCode(27)) ? text.replace(ANSI, '') : text;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
