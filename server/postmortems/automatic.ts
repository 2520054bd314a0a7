import type { incidentResolved } from '#server/incidents/contract';
import { getIncident } from '#server/incidents/queries';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import { begin } from '#server/postmortems/records';

type PayloadOf<E> = E extends EventType<infer T> ? T : never;

/** The end of an incident of level 1 or 2 begins its post-mortem, once however often it is resolved or told. Idempotent. */
export async function beginForResolved(
  ctx: Ctx,
  { number }: PayloadOf<typeof incidentResolved>,
): Promise<void> {
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    const incident = await getIncident(tx, { number });
    const isMerged = incident.number !== number;
    if (isMerged || incident.state !== 'resolved' || !incident.needsPostMortem) return;
    await begin(tx, incident);
  });
}
