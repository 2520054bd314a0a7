/** What one tab wants to hear about. */
export interface Wish {
  /** Runs by id, with the last log line that the tab has. */
  runs: Record<string, number>;
  /** `service/environment` */
  environments: string[];
  /** By number. */
  incidents?: number[];
}

export const NO_WISH: Wish = { runs: {}, environments: [] };

/** What all of them want together: of several cursors of one run the lowest, so that nobody misses a line. */
export function unionOf(wishes: Iterable<Wish>): Wish {
  const runs: Record<string, number> = {};
  const environments = new Set<string>();
  const incidents = new Set<number>();
  for (const wish of wishes) {
    for (const number of wish.incidents ?? []) incidents.add(number);
    for (const environment of wish.environments) environments.add(environment);
    for (const [runId, after] of Object.entries(wish.runs)) {
      const known = runs[runId];
      runs[runId] = known === undefined ? after : Math.min(known, after);
    }
  }
  return { runs, environments: [...environments].sort(), incidents: [...incidents].sort() };
}

/**
 * True when the stream opened for `open` serves `wanted` too: the same topics, and no cursor before what the stream has
 * already passed, because a line that went by is not sent again.
 * @param delivered the last line sent since then, by run
 */
export function serves(open: Wish, wanted: Wish, delivered: Readonly<Record<string, number>>): boolean {
  const ids = Object.keys(wanted.runs);
  return (
    ids.length === Object.keys(open.runs).length &&
    ids.every((id) => id in open.runs && (wanted.runs[id] ?? 0) >= (delivered[id] ?? open.runs[id] ?? 0)) &&
    open.environments.join() === wanted.environments.join() &&
    String(open.incidents) === String(wanted.incidents)
  );
}

/** The wish after lines of a run up to `seq` have arrived. */
export function advance(wish: Wish, runId: string, seq: number): Wish {
  const at = wish.runs[runId];
  return at === undefined || at >= seq ? wish : { ...wish, runs: { ...wish.runs, [runId]: seq } };
}

/** The address of the stream for a wish; null where nothing is wanted. */
export function streamUrl(wish: Wish): string | null {
  const search = new URLSearchParams();
  for (const [runId, after] of Object.entries(wish.runs)) {
    search.append('run', runId);
    search.append('after', String(after));
  }
  for (const environment of wish.environments) search.append('environment', environment);
  for (const number of wish.incidents ?? []) search.append('incident', String(number));
  const text = search.toString();
  return text ? `/streams/live?${text}` : null;
}
