import type { incidentImpactKnown } from '#server/business/contract';
import { addEntry } from '#server/incidents/records';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';

type Known = typeof incidentImpactKnown extends EventType<infer T> ? T : never;

/** What was recorded of an incident's cost is told in its timeline, with who said it. Idempotent. */
export async function noteImpact(ctx: Ctx, { number, recorded }: Known): Promise<void> {
  if (recorded === null) return;
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    const found = await tx.db.incident.findUnique({
      where: { number },
      select: { id: true, mergedIntoId: true },
    });
    if (!found) return;
    await addEntry(tx, found.mergedIntoId ?? found.id, {
      kind: recorded.kind === 'override' ? 'action' : 'system',
      text: recorded.text,
      authorName: recorded.authorName,
      dedupKey: `impact:${recorded.id}`,
    });
  });
}
