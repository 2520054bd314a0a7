import { incidentImpactKnown } from '#server/business/contract';
import { SourceError } from '#server/business/drivers/source';
import { addImpact, estimate, findSource, impactOf, spanOf } from '#server/business/records';
import type { incidentResolved } from '#server/incidents/contract';
import { getIncident } from '#server/incidents/queries';
import { type Ctx, systemActor } from '#server/platform/context';
import { isTransientDatabaseError } from '#server/platform/database-errors';
import { publish } from '#server/platform/events';
import type { EventType } from '#server/platform/events-contract';

/** What people are told of a fault whose message is for the log alone. */
const FAULT = 'The console failed to estimate it; its log says why.';

type PayloadOf<E> = E extends EventType<infer T> ? T : never;

/**
 * The end of an incident is followed by an estimate of what it cost, one for each end however often it is told. Idempotent.
 * A source that gives nothing, or an estimate that fails, is stated; whoever waits for the estimate goes on without, and it is
 * tried again.
 * @throws whatever the estimate failed of, so that the event is delivered again
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
  try {
    const made = await estimate(ctx, incident, found);
    await ctx.transaction((tx) => addImpact(tx, incident, { ...impactOf(made), dedupKey: key }));
  } catch (error) {
    if (isTransientDatabaseError(error)) throw error;
    const why = error instanceof SourceError ? error.message : FAULT;
    const problem = `${why} The console tries again.`;
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
}
