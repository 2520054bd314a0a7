import type { incidentImpactKnown } from '#server/business/contract';
import { getIncident } from '#server/incidents/queries';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EventType } from '#server/platform/events-contract';
import { begin, renewImpact } from '#server/postmortems/begin';

type PayloadOf<E> = E extends EventType<infer T> ? T : never;

/**
 * The end of an incident of level 1 or 2 begins its post-mortem, once what the incident cost is known or cannot be, and once
 * however often it is resolved or told. What becomes known of the cost later reaches a text that nobody has written in. Idempotent.
 */
export async function beginForImpact(
  ctx: Ctx,
  { number, recorded }: PayloadOf<typeof incidentImpactKnown>,
): Promise<void> {
  await ctx.as(systemActor('The console')).transaction(async (tx) => {
    const incident = await getIncident(tx, { number });
    const isMerged = incident.number !== number;
    if (isMerged || incident.state !== 'resolved') return;
    if (incident.needsPostMortem && (await begin(tx, incident))) return;
    if (recorded !== null) await renewImpact(tx, incident);
  });
}
