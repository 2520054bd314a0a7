import type { Ctx } from '#server/platform/context';

export interface AuditInput {
  /** `<domain>.<verb>`, for example `deployments.rollback.requested`. */
  action: string;
  target: { type: string; id?: string | null; label?: string | null };
  service?: string | null;
  environment?: string | null;
  reason?: string | null;
  details?: Record<string, unknown>;
  runId?: string | null;
}

/**
 * Appends who did what, in the caller's transaction, so that neither exists without the other.
 * @throws Error outside a transaction
 */
export async function recordAudit(ctx: Ctx, entry: AuditInput): Promise<void> {
  if (!ctx.unitOfWork) throw new Error(`Audit entry "${entry.action}" was written outside a transaction`);
  await ctx.db.auditEntry.create({
    data: {
      actorType: ctx.actor.type,
      actorId: ctx.actor.id,
      actorName: ctx.actor.name,
      action: entry.action,
      targetType: entry.target.type,
      targetId: entry.target.id ?? null,
      targetLabel: entry.target.label ?? null,
      service: entry.service ?? null,
      environment: entry.environment ?? null,
      reason: entry.reason ?? null,
      details: {
        ...entry.details,
        ...ctx.request.auditDetails,
        ...(ctx.actor.token ? { token: { id: ctx.actor.token.id, name: ctx.actor.token.name } } : {}),
      },
      requestId: ctx.request.requestId,
      runId: entry.runId ?? ctx.request.runId ?? null,
      ipAddress: ctx.request.ipAddress ?? null,
    },
    select: { id: true },
  });
  ctx.unitOfWork.audited = true;
}
