import { addEntry } from '#server/incidents/records';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import type { statusUpdatePosted } from '#server/status/contract';
import { PUBLIC_STATE_LABELS } from '#server/status/words/contract';

type Posted = typeof statusUpdatePosted extends EventType<infer T> ? T : never;

/** What the public was told of an incident is told in its timeline, with who wrote it. Idempotent. */
export async function noteStatusUpdate(ctx: Ctx, event: Posted): Promise<void> {
  const { incidentNumber, state, text, at, authorName, updateId } = event;
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    const found = await tx.db.incident.findUnique({
      where: { number: incidentNumber },
      select: { id: true, mergedIntoId: true },
    });
    if (!found) return;
    await addEntry(tx, found.mergedIntoId ?? found.id, {
      kind: 'status',
      text: `Told the public: ${PUBLIC_STATE_LABELS[state]}. ${text}`,
      occurredAt: new Date(at),
      authorName,
      dedupKey: `status-update:${updateId}`,
    });
  });
}
