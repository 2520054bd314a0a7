import { dedupKeyOf, resolveOpenAlert } from '#server/monitoring/alerts/records';
import { syncRuleStates } from '#server/monitoring/rules/records';
import type { Ctx } from '#server/platform/context';

/** Makes rules known in each of their environments, and resolves what fires where a rule no longer is. */
export async function settleRules(
  ctx: Ctx,
  reason = 'The rule no longer looks at this environment.',
): Promise<void> {
  await ctx.transaction(async (tx) => {
    for (const place of await syncRuleStates(tx)) {
      for (const cause of ['breach', 'no_data'] as const)
        await resolveOpenAlert(tx, dedupKeyOf(place.ruleId, place, cause), { byName: tx.actor.name, reason });
    }
  });
}
