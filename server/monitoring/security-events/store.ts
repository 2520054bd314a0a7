import type { SecurityKind } from '#server/monitoring/security-events/contract';
import { redactEvidence } from '#server/monitoring/security-events/patterns';
import type { Ctx } from '#server/platform/context';
import { Prisma } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';

export interface NewSecurityEvent {
  service: string;
  environment: string;
  kind: SecurityKind;
  source: string;
  at: Date;
  sourceIp: string | null;
  method: string | null;
  path: string | null;
  evidence: string | null;
  dedupKey: string;
}

/** Adds events that are not there yet, with secrets taken out of what they quote. @returns how many were new */
export async function storeSecurityEvents(ctx: Ctx, events: readonly NewSecurityEvent[]): Promise<number> {
  if (events.length === 0) return 0;
  const rows = events.map(
    (
      event,
    ) => Prisma.sql`(${event.service}, ${event.environment}, ${event.kind}, ${event.source}, ${event.at},
      ${event.sourceIp}, ${event.method}, ${event.path && redactEvidence(event.path)},
      ${event.evidence && redactEvidence(event.evidence)}, ${event.dedupKey})`,
  );
  const added = await ctx.db.$executeRaw`
    INSERT INTO security_event (service, environment, kind, source, at, source_ip, method, path, evidence, dedup_key)
    VALUES ${Prisma.join(rows)}
    ON CONFLICT (service, environment, dedup_key) DO NOTHING`;
  if (added > 0) {
    for (const key of new Set(events.map(({ service, environment }) => `${service}/${environment}`))) {
      const [service = '', environment = ''] = key.split('/');
      await notify(ctx.db, { kind: 'environment', service, environment });
    }
  }
  return added;
}
