import type { z } from 'zod/mini';
import type { incidentFilter } from '#server/incidents/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

type Filter = Pick<z.infer<typeof incidentFilter>, 'worst' | 'days' | 'mine'>;

/** What views of a list ask besides its facets, on `incident i`; each facet is counted with it. */
export function viewConditions(ctx: Ctx, { worst, days, mine }: Filter): Prisma.Sql[] {
  const all: Prisma.Sql[] = [];
  if (worst) all.push(Prisma.sql`i.level <= ${worst}`);
  if (days)
    all.push(Prisma.sql`i.started_at > ${ctx.clock.now()}::timestamptz - make_interval(days => ${days})`);
  if (mine)
    all.push(
      Prisma.sql`i.id IN (SELECT r.incident_id FROM incident_role r WHERE r.person_id = ${ctx.actor.id}::uuid)`,
    );
  return all;
}
