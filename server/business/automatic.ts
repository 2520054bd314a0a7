import { incidentImpactKnown } from '#server/business/contract';
import { SourceError } from '#server/business/drivers/source';
import { addImpact, type Estimate, estimate, findSource, impactOf, spanOf } from '#server/business/records';
import type { incidentResolved } from '#server/incidents/contract';
import { getIncident } from '#server/incidents/queries';
import { type Ctx, systemActor } from '#server/platform/context';
import { publish } from '#server/platform/events';
import type { EventType } from '#server/platform/events-contract';

type PayloadOf<E> = E extends EventType<infer T> ? T : never;

/**
 * The end of an incident is followed by an estimate of what it cost, one for each end however often it is told. Idempotent.
 * A source that gives nothing is stated, whoever waits for the estimate goes on without, and it is tried again.
 * @throws SourceError so that the event is delivered again
 */
export async function estimateForResolved(
  caller: Ctx,
  { number }: PayloadOf<typeof incidentResolved>,
): Promise<void> {
  const ctx = caller.as(systemActor('The console'));
  const incident = await getIncident(ctx, { number });
  if (incident.number !== number || incident.resolvedAt === null) return;
  const key = `end:${number}:${incident.resolvedAt}`;
  const known = await ctx.db.incidentImpact.findUnique({ where: { dedupKey: key }, select: { id: true } });
  const found = findSource(ctx, incident);
  if (known || found.problem !== null) {
    await ctx.transaction((tx) => publish(tx, incidentImpactKnown, { number, recorded: null }));
    return;
  }
  let made: Estimate;
  try {
    made = await estimate(ctx, incident, found);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const problem = `${error.message} The console tries again.`;
    await ctx.transaction((tx) =>
      addImpact(tx, incident, {
        kind: 'estimate',
        span: spanOf(tx, incident),
        figures: {
          currency: null,
          revenueLowMinor: null,
          revenueHighMinor: null,
          revenueProblem: problem,
          usersLow: null,
          usersHigh: null,
          usersProblem: problem,
        },
        dedupKey: `${key}:unread`,
      }),
    );
    throw error;
  }
  await ctx.transaction((tx) => addImpact(tx, incident, { ...impactOf(made), dedupKey: key }));
}
