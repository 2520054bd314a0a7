import type { incidentMerged } from '#server/incidents/contract';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import { notify } from '#server/platform/notify';

type Merged = typeof incidentMerged extends EventType<infer T> ? T : never;

/** What the public was told of a merged incident is about the one that goes on, unless it was told of that, too. Idempotent. */
export async function followMerge(ctx: Ctx, { number, into }: Merged): Promise<void> {
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    const moved = await tx.db.$executeRaw`
      UPDATE status_incident SET incident_number = ${into} WHERE incident_number = ${number}
        AND NOT EXISTS (SELECT FROM status_incident other WHERE other.incident_number = ${into})`;
    if (moved > 0) await notify(tx.db, { kind: 'status' });
  });
}
