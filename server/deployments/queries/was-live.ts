import type { Ctx } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

/**
 * Whether visitors were on some release of each environment at that time or before, in the order of the questions; one
 * statement. For rules, not for people.
 */
export async function wasLive(
  ctx: Ctx,
  questions: readonly (EnvironmentKey & { at: Date })[],
): Promise<boolean[]> {
  if (questions.length === 0) return [];
  const asked = JSON.stringify(
    questions.map(({ service, environment, at }, n) => ({ n, service, environment, at })),
  );
  const rows = await ctx.db.$queryRaw<{ n: number }[]>`
    SELECT q.n FROM jsonb_to_recordset(${asked}::jsonb) AS q(n int, service text, environment text, at timestamptz)
    WHERE EXISTS (SELECT FROM deployment d
      WHERE d.service = q.service AND d.environment = q.environment AND d.switched_at <= q.at)`;
  const live = new Set(rows.map(({ n }) => n));
  return questions.map((_, n) => live.has(n));
}
