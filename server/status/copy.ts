import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { ANONYMOUS, type App } from '#server/platform/context';
import { timestamp } from '#server/platform/contract';
import { messageOf } from '#server/platform/errors';
import { startPollLoop } from '#server/platform/poll-loop';
import { type PublicStatus, publicStatus } from '#server/status/contract';
import { getPublicStatus } from '#server/status/queries';

/** A copy that missed so many of its beats, and `STATUS_STALE_MS`, says so. */
const STALE_BEATS = 3;
/** What has not changed is written again after so long, so that its age is known after a restart, ms. */
const REWRITE_MS = 30_000;

const fileContent = z.object({ at: timestamp, status: publicStatus });

/** What the public was last found to see. */
export interface CopiedStatus {
  status: PublicStatus;
  /** When it was read. */
  at: Date;
  /** The database has not answered for a while. */
  isStale: boolean;
}

/** The copy that the public is answered from: no request of theirs reaches the database. */
export interface StatusCopy {
  /** Null before anything was ever read on this machine. */
  current(): CopiedStatus | null;
  /** Reads it anew soon; asked again meanwhile, once more after it. */
  wake(): void;
  /** Reads it anew now. @throws Error when the database does not answer */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Keeps what the public sees in memory, renewed on a hint and every `STATUS_REFRESH_MS`, and as a file in the data folder, from
 * which a process that starts without a database answers. Begins with that file.
 */
export async function keepStatusCopy(
  app: App,
  directory = path.join(app.env.DATA_DIR, 'status'),
): Promise<StatusCopy> {
  const file = path.join(directory, 'last-good.json');
  const staleMs = Math.max(app.env.STATUS_STALE_MS, STALE_BEATS * app.env.STATUS_REFRESH_MS);
  let held = await readCopy(app, file);
  let written: { text: string; atMs: number } | null = null;
  let again = false;
  let running: Promise<void> | null = null;

  async function readAnew(): Promise<void> {
    const status = await getPublicStatus(app.for(ANONYMOUS), {});
    const at = app.clock.now();
    held = { at, status };
    const text = JSON.stringify(status);
    if (written?.text === text && at.getTime() - written.atMs < REWRITE_MS) return;
    await writeCopy(file, JSON.stringify({ at: at.toISOString(), status })).then(
      () => {
        written = { text, atMs: at.getTime() };
      },
      (error: unknown) => app.log.error({ reason: messageOf(error) }, 'status copy not written'),
    );
  }
  function read(): Promise<void> {
    running ??= readAnew().finally(() => {
      running = null;
    });
    return running;
  }
  async function refresh(): Promise<void> {
    // One that is under way may have read too early.
    await running?.catch(() => undefined);
    await read();
  }
  const onError = (error: unknown): void => {
    app.log.warn({ reason: messageOf(error) }, 'status copy not renewed, trying again');
  };
  async function drain(): Promise<void> {
    do {
      again = false;
      await refresh();
    } while (again);
  }
  let draining: Promise<void> | null = null;
  function wake(): void {
    again = true;
    draining ??= drain()
      .catch(onError)
      .finally(() => {
        draining = null;
      });
  }
  const loop = startPollLoop(app.env.STATUS_REFRESH_MS, read, onError);
  return {
    current: () => held && { ...held, isStale: app.clock.now().getTime() - held.at.getTime() > staleMs },
    wake,
    refresh,
    stop: async () => {
      await loop.stop();
      await draining;
    },
  };
}

async function readCopy(app: App, file: string): Promise<{ at: Date; status: PublicStatus } | null> {
  try {
    const { at, status } = z.parse(fileContent, JSON.parse(await readFile(file, 'utf8')));
    return { at: new Date(at), status };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) app.log.warn({ reason: messageOf(error) }, 'the last status copy cannot be used');
    return null;
  }
}

/** Whole or not at all, also when several processes write. */
async function writeCopy(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
