import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { isAlive, type ProcessId, readStartTime } from '#server/platform/process-table';

const identitySchema = z.object({ pid: z.number(), startTime: z.string() });
const recordSchema = z.object({
  owner: identitySchema,
  url: z.string(),
  children: z.array(identitySchema.extend({ name: z.string() })),
});

type InstanceRecord = z.infer<typeof recordSchema>;

/** One running console per data folder. */
export interface InstanceLock {
  /** Notes the processes that the next start ends should this one be killed. */
  recordChildren(children: (ProcessId & { name: string })[]): void;
  release(): Promise<void>;
}

export type LockResult =
  | { taken: true; lock: InstanceLock; leftovers: (ProcessId & { name: string })[] }
  | { taken: false; url: string; pid: number };

/**
 * Takes the data folder for this process, unless a live process has it. A record whose process is gone, also when its
 * pid is in use again, is replaced; `leftovers` are the children of that start that still live.
 */
export async function takeInstanceLock(dataDir: string, url: string): Promise<LockResult> {
  const file = path.join(dataDir, 'instance.json');
  const startTime = readStartTime(process.pid);
  if (startTime === null) throw new Error('This process cannot see itself in the process table');
  const owner = { pid: process.pid, startTime };
  await mkdir(dataDir, { recursive: true });
  let leftovers: InstanceRecord['children'] = [];
  while (!(await createFile(file, { owner, url, children: [] }))) {
    const holder = await readRecord(file);
    if (holder && isAlive(holder.owner)) return { taken: false, url: holder.url, pid: holder.owner.pid };
    leftovers = holder?.children.filter(isAlive) ?? [];
    await discard(file);
  }
  return {
    taken: true,
    leftovers,
    lock: {
      recordChildren: (children) => {
        writeFileSync(`${file}.new`, JSON.stringify({ owner, url, children }));
        renameSync(`${file}.new`, file);
      },
      release: () => rm(file, { force: true }),
    },
  };
}

/**
 * Removes the record of a process that is gone. It is moved away first and looked at again: of two starts at once the
 * slower one may have moved the faster one's new record, which it then puts back.
 */
async function discard(file: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readRecord(aside);
  if (moved && isAlive(moved.owner)) await link(aside, file);
  await rm(aside, { force: true });
}

/**
 * Makes the file with its whole content in one step, link(2): who finds it finds a record, never the beginning of one,
 * which would count as a dead owner's.
 * @returns false when it is there already
 */
async function createFile(file: string, record: InstanceRecord): Promise<boolean> {
  const draft = `${file}.${process.pid}.${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify(record), { flag: 'wx' });
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Null for a file that vanished or that no console wrote. */
async function readRecord(file: string): Promise<InstanceRecord | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
