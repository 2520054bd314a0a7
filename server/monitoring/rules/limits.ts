import type { Limits } from '#server/monitoring/rules/state';
import type { Ctx } from '#server/platform/context';

/** What the settings say about missing data and flapping. */
export function limitsFrom({ env }: Pick<Ctx, 'env'>): Limits {
  return {
    unknownAfterMs: env.RULE_UNKNOWN_SECONDS * 1_000,
    flapWindowMs: env.ALERT_FLAP_SECONDS * 1_000,
    flapTurns: env.ALERT_FLAP_TURNS,
  };
}
