import { type Tally, type Time, tallyOf } from '#server/figures/state';
import { MILESTONES, type MilestoneKey } from '#server/figures/words/contract';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';

/** What each time of an incident `i` is, and how long it took: what `milestonesOf` of `state.ts` says, in SQL. */
const KIND: Record<MilestoneKey, Prisma.Sql> = {
  detect: Prisma.sql`CASE WHEN i.merged_into_id IS NOT NULL OR i.started_at = i.detected_at THEN 'not_applicable'
    WHEN i.detected_at < i.started_at THEN 'invalid' ELSE 'recorded' END`,
  acknowledge: Prisma.sql`CASE WHEN i.merged_into_id IS NOT NULL OR i.cause = 'person' THEN 'not_applicable'
    WHEN i.acknowledged_at IS NULL THEN CASE WHEN i.resolved_at IS NULL THEN 'pending' ELSE 'not_applicable' END
    WHEN i.acknowledged_at < i.detected_at THEN 'invalid' ELSE 'recorded' END`,
  resolve: Prisma.sql`CASE WHEN i.merged_into_id IS NOT NULL THEN 'not_applicable' WHEN i.resolved_at IS NULL THEN 'pending'
    WHEN i.resolved_at < i.started_at THEN 'invalid' ELSE 'recorded' END`,
};
const LENGTH: Record<MilestoneKey, Prisma.Sql> = {
  detect: Prisma.sql`i.detected_at - i.started_at`,
  acknowledge: Prisma.sql`i.acknowledged_at - i.detected_at`,
  resolve: Prisma.sql`i.resolved_at - i.started_at`,
};

export const kindOf = (key: MilestoneKey): Prisma.Sql => KIND[key];
/** An interval. */
export const lengthOf = (key: MilestoneKey): Prisma.Sql => LENGTH[key];
/** An interval in ms: of a result alone, since it costs more than to reckon with intervals. */
export const toMs = (interval: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`(extract(epoch FROM ${interval}) * 1000)::float8`;

/** The tallies of each time, of the incidents that began from `from` on and of those before. `where` is about `i`. */
export async function readMilestones(
  ctx: Ctx,
  where: Prisma.Sql,
  from: Date,
): Promise<Record<MilestoneKey, { now: Tally; before: Tally }>> {
  const inner = MILESTONES.map(
    (key) =>
      Prisma.sql`${kindOf(key)} AS ${Prisma.raw(`${key}_kind`)}, ${lengthOf(key)} AS ${Prisma.raw(`${key}_length`)}`,
  );
  const outer = MILESTONES.map((key) => {
    const [kind, length] = [Prisma.raw(`${key}_kind`), Prisma.raw(`${key}_length`)];
    const isRecorded = Prisma.sql`FILTER (WHERE ${kind} = 'recorded')`;
    const count = (value: string) => Prisma.sql`count(*) FILTER (WHERE ${kind} = ${value})::int`;
    return Prisma.sql`json_build_object('recorded', ${count('recorded')}, 'pending', ${count('pending')},
      'notApplicable', ${count('not_applicable')}, 'invalid', ${count('invalid')},
      'meanMs', ${toMs(Prisma.sql`avg(${length}) ${isRecorded}`)},
      'medianMs', ${toMs(Prisma.sql`percentile_cont(0.5) WITHIN GROUP (ORDER BY ${length}) ${isRecorded}`)})
      AS ${Prisma.raw(key)}`;
  });
  const rows = await ctx.db.$queryRaw<({ isNow: boolean } & Record<MilestoneKey, Tally>)[]>`
    SELECT is_now AS "isNow", ${Prisma.join(outer)}
    FROM (SELECT i.started_at >= ${from} AS is_now, ${Prisma.join(inner)} FROM incident i WHERE ${where}) i
    GROUP BY is_now`;
  const nothing = tallyOf([] satisfies Time[]);
  const of = (isNow: boolean, key: MilestoneKey): Tally =>
    rows.find((row) => row.isNow === isNow)?.[key] ?? nothing;
  const pair = (key: MilestoneKey) => ({ now: of(true, key), before: of(false, key) });
  return { detect: pair('detect'), acknowledge: pair('acknowledge'), resolve: pair('resolve') };
}
