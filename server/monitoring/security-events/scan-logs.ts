import { closeSync, openSync, readSync } from 'node:fs';
import * as z from 'zod/mini';
import { listRequestLogs, type RequestLog } from '#server/deployments/queries/request-logs';
import { REQUEST_LOG } from '#server/monitoring/security-events/contract';
import { inspectPath } from '#server/monitoring/security-events/patterns';
import { type NewSecurityEvent, storeSecurityEvents } from '#server/monitoring/security-events/store';
import { type App, type Ctx, systemActor } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';
import { listEnvironments } from '#server/services/queries';

/** Read at once, bytes: a line that is longer is left out. */
const CHUNK_BYTES = 512 * 1_024;
const NEWLINE = 0x0a;
/** A cursor of a file that is gone is kept this long, days: the file may only be away. */
const CURSOR_DAYS = 7;

const requestLine = z.object({
  msg: z.literal('request'),
  time: z.iso.datetime({ offset: true }),
  method: z.optional(z.string()),
  path: z.string(),
  client: z.optional(z.string()),
});

interface Cursor {
  offset: bigint;
  inode: string;
}

/**
 * Reads on in the request logs of every environment on this machine and keeps what looks like an attack. The offset moves
 * in the transaction that keeps the events, under a lock on its row: each line counts once, whoever dies in between and
 * however many workers read.
 */
export async function scanRequestLogs(app: App): Promise<void> {
  const ctx = app.for(systemActor('Request log'));
  for (const { service, environment } of await listEnvironments(ctx, {})) {
    const key = { service, environment };
    const logs = listRequestLogs(ctx, key);
    const cursors = await ctx.db.logCursor.findMany({
      where: key,
      select: { file: true, offset: true, inode: true },
    });
    for (const log of logs) {
      const cursor = cursors.find(({ file }) => file === log.name);
      const isRead = cursor && cursor.inode === log.inode && cursor.offset === BigInt(log.size);
      if (isRead || (!cursor && log.size === 0)) continue;
      while (await readOn(ctx, key, log)) {
        // There is more.
      }
    }
    const gone = cursors.filter(({ file }) => !logs.some(({ name }) => name === file));
    if (gone.length > 0)
      await forget(
        ctx,
        key,
        gone.map(({ file }) => file),
      );
  }
}

/** One piece of one file. @returns true when there is more to read */
function readOn(ctx: Ctx, key: EnvironmentKey, log: RequestLog): Promise<boolean> {
  const { service, environment } = key;
  return ctx.transaction(async (tx) => {
    await tx.db.$executeRaw`
      INSERT INTO log_cursor (service, environment, file, inode) VALUES (${service}, ${environment}, ${log.name}, ${log.inode})
      ON CONFLICT DO NOTHING`;
    const [cursor] = await tx.db.$queryRaw<Cursor[]>`
      SELECT "offset", inode FROM log_cursor
      WHERE service = ${service} AND environment = ${environment} AND file = ${log.name}
      FOR UPDATE SKIP LOCKED`;
    // Another worker is at it.
    if (!cursor) return false;
    // A file that got smaller was cut by its keeper and begins anew.
    const isOther = cursor.inode !== log.inode || cursor.offset > BigInt(log.size);
    const from = isOther ? 0 : Number(cursor.offset);
    const { lines, next, isFull } = readLines(log.path, from);
    const events = lines.flatMap(({ text, offset }) => eventOf(key, log, text, offset) ?? []);
    await storeSecurityEvents(tx, events);
    await tx.db.$executeRaw`
      UPDATE log_cursor SET "offset" = ${BigInt(next)}, inode = ${log.inode}, updated_at = clock_timestamp()
      WHERE service = ${service} AND environment = ${environment} AND file = ${log.name}`;
    return isFull;
  });
}

/** The whole lines of a piece of a file; what follows the last one is left for the next time. */
function readLines(
  file: string,
  from: number,
): { lines: { text: string; offset: number }[]; next: number; isFull: boolean } {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    const bytes = readSync(descriptor, buffer, 0, CHUNK_BYTES, from);
    const lines: { text: string; offset: number }[] = [];
    let begin = 0;
    for (let end = buffer.indexOf(NEWLINE); end >= 0 && end < bytes; end = buffer.indexOf(NEWLINE, begin)) {
      lines.push({ text: buffer.toString('utf8', begin, end), offset: from + begin });
      begin = end + 1;
    }
    const isFull = bytes === CHUNK_BYTES;
    return { lines, next: from + (begin === 0 && isFull ? bytes : begin), isFull };
  } finally {
    closeSync(descriptor);
  }
}

function eventOf(
  key: EnvironmentKey,
  log: RequestLog,
  line: string,
  offset: number,
): NewSecurityEvent | null {
  // Most lines are visitors: looked at before they are understood.
  if (!line.includes('"request"')) return null;
  const parsed = z.safeParse(requestLine, parseJson(line));
  if (!parsed.success) return null;
  const { path, time, method, client } = parsed.data;
  const found = inspectPath(path);
  if (!found) return null;
  return {
    ...key,
    kind: found.kind,
    source: REQUEST_LOG,
    at: new Date(time),
    sourceIp: client ?? null,
    method: method ?? null,
    path: path.slice(0, 2_000),
    evidence: found.evidence,
    dedupKey: `${REQUEST_LOG}:${log.name}:${log.inode}:${offset}:${time}`.slice(-200),
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

async function forget(ctx: Ctx, { service, environment }: EnvironmentKey, files: string[]): Promise<void> {
  await ctx.db.$executeRaw`
    DELETE FROM log_cursor WHERE service = ${service} AND environment = ${environment} AND file = ANY(${files})
      AND updated_at < clock_timestamp() - make_interval(days => ${CURSOR_DAYS})`;
}
