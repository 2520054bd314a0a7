import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isMissing, readJson, writeJson } from '#server/deployments/drivers/files';
import { AppError } from '#server/platform/errors';
import type { StepIo } from '#server/runs/procedure';

const releaseSchema = z.object({ instanceId: z.string(), tag: z.string(), commitSha: z.string() });

const stateSchema = z.object({
  /** Of the claim that wrote it; '' while nothing was written. */
  fencingToken: z.string(),
  /** What the last switch that is known to have succeeded put in front of visitors. */
  live: releaseSchema.extend({ runId: z.string() }).nullable(),
  /** Switches that were begun since and whose end is not known: visitors may be on any of these. Oldest first. */
  begun: z.array(releaseSchema.extend({ runId: z.string() })),
  /** What was started and not retired. `url` is null until the start has answered. */
  instances: z.array(releaseSchema.extend({ url: z.string().nullable() })),
});

/** What the driver has done, as far as it knows. */
export type JournalState = z.output<typeof stateSchema>;
export type StartedInstance = JournalState['instances'][number];

const EMPTY: JournalState = { fencingToken: '', live: null, begun: [], instances: [] };
const FILE_NAME = /^(\d+\.\d+)\.json$/;
/** Files of earlier claims that are kept for people who look. */
const KEPT = 5;

/** A later claim has written to the journal: this one may not do anything any more. */
export class Superseded extends Error {
  override name = 'Superseded';
  constructor(
    /** The highest token that has written. */
    readonly highest: string,
  ) {
    super(`A later run (token ${highest}) has taken over`);
  }
}

/**
 * The driver's memory: one file for each claim, named by its fencing token and holding everything known then. The file
 * of the highest token is the truth. Each claim writes its own file only, so a worker that was frozen and wakes up cannot
 * undo what a later one has done, and no lock is needed that a dead or frozen worker could keep.
 */
export function createJournal(folder: string) {
  /** The tokens of all claims that have written, highest first. */
  function tokens(): string[] {
    try {
      const names = readdirSync(folder).flatMap((name) => FILE_NAME.exec(name)?.[1] ?? []);
      return names.sort().reverse();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  function read(): JournalState {
    const [highest] = tokens();
    if (!highest) return EMPTY;
    const file = path.join(folder, `${highest}.json`);
    const state = readJson(file, stateSchema);
    // An older file would tell of another live release, and what serves might be retired.
    if (!state)
      throw new AppError('unavailable', `${file} cannot be read. Nothing was changed.`, {
        hint: 'It says what was deployed last. Repair it, or move the folder away when nothing is deployed.',
      });
    return state;
  }

  function assertHighest(token: string): void {
    const [highest = ''] = tokens();
    if (highest > token) throw new Superseded(highest);
  }

  return {
    folder,
    read,

    /**
     * Writes what this claim has done or is about to do; on disk when it returns.
     * @throws Superseded when a later claim has written, before or meanwhile
     */
    change(
      io: Pick<StepIo, 'fencingToken'>,
      apply: (state: JournalState) => Partial<JournalState>,
    ): JournalState {
      assertHighest(io.fencingToken);
      const before = read();
      const after = { ...before, ...apply(before), fencingToken: io.fencingToken };
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeJson(path.join(folder, `${io.fencingToken}.json`), after, { durable: true });
      // Of two that write at once, the lower one sees the other's file here.
      assertHighest(io.fencingToken);
      for (const token of tokens().slice(KEPT)) rmSync(path.join(folder, `${token}.json`), { force: true });
      return after;
    },
  };
}

export type Journal = ReturnType<typeof createJournal>;
