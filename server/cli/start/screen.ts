const LEVELS: Record<string, number> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: 100,
};
const NAMES = new Map(Object.entries(LEVELS).map(([name, value]) => [value, name]));
/** Fields of a log line that every line has or that the prefix already says. */
const COMMON = new Set(['level', 'time', 'pid', 'process', 'msg', 'hostname', 'v']);

/**
 * What the terminal shows of a line that a child process wrote: null for a JSON log line below `least`, a readable line
 * otherwise. Lines that are no JSON log are shown as they are. Pure.
 * @param least a level name, such as `warn`
 */
export function formatChildLine(name: string, line: string, least: string): string | null {
  if (line.trim() === '') return null;
  const prefix = `  ${name.padEnd(8)} `;
  const entry = parseEntry(line);
  if (!entry) return `${prefix}${line}`;
  if (entry.level < (LEVELS[least] ?? LEVELS.warn ?? 40)) return null;
  const { err, ...rest } = entry.fields;
  const error = err as { message?: string; stack?: string } | undefined;
  const fields = Object.entries(rest)
    .filter(([key]) => !COMMON.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const said = [entry.message, error?.message, ...fields].filter(Boolean).join('  ');
  return `${prefix}${(NAMES.get(entry.level) ?? String(entry.level)).padEnd(5)} ${said}`;
}

function parseEntry(
  line: string,
): { level: number; message: string; fields: Record<string, unknown> } | null {
  if (!line.startsWith('{')) return null;
  try {
    const fields = JSON.parse(line) as Record<string, unknown>;
    if (typeof fields.level !== 'number') return null;
    return { level: fields.level, message: String(fields.msg ?? ''), fields };
  } catch {
    return null;
  }
}

/** One aligned line of the start's report. */
export function say(label: string, text: string): void {
  console.log(`  ${label.padEnd(8)} ${text}`);
}
