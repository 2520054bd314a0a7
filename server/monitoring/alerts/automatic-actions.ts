import { noteEvent } from '#server/monitoring/alerts/history';
import { tellDecision } from '#server/monitoring/alerts/notices';
import type { Ctx } from '#server/platform/context';
import { notify } from '#server/platform/notify';

interface Decision {
  alertId: string;
  outcome: string;
  words: string;
  runId: string | null;
}

/**
 * Keeps in the alert's history what was decided about its rollback, with its reason, and tells the alert's channel. A
 * decision that comes again, in whatever event, is the same one.
 */
export function noteRollbackDecision(ctx: Ctx, decision: Decision): Promise<void> {
  return note(ctx, 'rollback', decision);
}

/** The same for its lockdown. */
export function noteLockdownDecision(ctx: Ctx, decision: Decision): Promise<void> {
  return note(ctx, 'lockdown', decision);
}

async function note(ctx: Ctx, action: 'rollback' | 'lockdown', decision: Decision): Promise<void> {
  const { alertId, outcome, words, runId } = decision;
  const dedupKey = `alert:${alertId}:${action}:${runId ?? outcome}`;
  await ctx.transaction(async (tx) => {
    const alert = await tx.db.alert.findUnique({ where: { id: alertId } });
    if (!alert) return;
    await noteEvent(tx, alertId, {
      kind: 'decision',
      text: words,
      byName: 'The console',
      runId,
      dedupKey,
    });
    await tellDecision(tx, alert, words, runId, dedupKey);
    await notify(tx.db, { kind: 'environment', service: alert.service, environment: alert.environment });
  });
}
