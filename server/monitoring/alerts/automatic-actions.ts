import { noteEvent } from '#server/monitoring/alerts/history';
import { tellDecision } from '#server/monitoring/alerts/notices';
import type { Ctx } from '#server/platform/context';
import { notify } from '#server/platform/notify';

interface Decision {
  alertId: string;
  words: string;
  runId: string | null;
}

/** Keeps in the alert's history what was decided about its action, with its reason, and tells the alert's channel. */
export async function noteDecision(ctx: Ctx, decision: Decision, eventId: bigint): Promise<void> {
  const { alertId, words, runId } = decision;
  await ctx.transaction(async (tx) => {
    const alert = await tx.db.alert.findUnique({ where: { id: alertId } });
    if (!alert) return;
    await noteEvent(tx, alertId, {
      kind: 'decision',
      text: words,
      byName: 'The console',
      runId,
      dedupKey: `event:${eventId}`,
    });
    await tellDecision(tx, alert, words, runId, `alert:${alertId}:decision:${eventId}`);
    await notify(tx.db, { kind: 'environment', service: alert.service, environment: alert.environment });
  });
}
