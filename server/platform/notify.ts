import { z } from 'zod';
import type { Db } from '#server/platform/db';

/** The one channel on which processes hint to each other; a hint may be lost, so a slow poll backs up every listener. */
export const NOTIFY_CHANNEL = 'ops';

export const noticeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), id: z.string() }),
  /** A run can be claimed, cancelled or taken over. */
  z.object({ kind: z.literal('work') }),
  /** A notification can be sent. */
  z.object({ kind: z.literal('notification') }),
  /** A run's row, steps or log changed. */
  z.object({ kind: z.literal('run'), id: z.string() }),
  /** Pages about an environment are out of date. */
  z.object({ kind: z.literal('environment'), service: z.string(), environment: z.string() }),
  /** An incident or its timeline changed. */
  z.object({ kind: z.literal('incident'), number: z.int() }),
  /** What the public sees is out of date. */
  z.object({ kind: z.literal('status') }),
]);

export type Notice = z.infer<typeof noticeSchema>;

/** Sends a hint; inside a transaction Postgres delivers it at commit and drops equal ones. */
export async function notify(db: Db, notice: Notice): Promise<void> {
  await db.$executeRaw`SELECT pg_notify(${NOTIFY_CHANNEL}, ${JSON.stringify(notice)})`;
}
