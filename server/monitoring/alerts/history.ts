import type { AlertEventKind } from '#server/monitoring/alerts/words/contract';
import type { Ctx } from '#server/platform/context';

/** Adds to what became of an alert. The same `dedupKey` again adds nothing. */
export async function noteEvent(
  tx: Ctx,
  alertId: string,
  event: {
    kind: AlertEventKind;
    text: string;
    byName?: string;
    runId?: string | null;
    details?: Record<string, unknown>;
    dedupKey?: string;
  },
): Promise<void> {
  const { kind, text, byName = tx.actor.name, runId = null, details = {}, dedupKey = null } = event;
  await tx.db.$executeRaw`
    INSERT INTO alert_event (alert_id, kind, text, by_name, run_id, details, dedup_key)
    VALUES (${alertId}::uuid, ${kind}, ${text}, ${byName}, ${runId}::uuid, ${JSON.stringify(details)}::jsonb, ${dedupKey})
    ON CONFLICT (dedup_key) DO NOTHING`;
}
