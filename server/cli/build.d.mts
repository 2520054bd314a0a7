/** Runs the stages of the build that are stale and returns their names; see build.mjs. */
export function buildStale(options?: { only?: string[]; log?: (line: string) => void }): Promise<string[]>;
