import { createHash } from 'node:crypto';
import { defineCommand } from '#server/auth/guard';
import {
  REQUEST_LOG,
  type ReportedSecurityEvents,
  reportSecurityEventsInput,
  SECURITY_FUTURE_SECONDS,
  SECURITY_PAST_DAYS,
  type SecurityEventInput,
  securityEventInput,
} from '#server/monitoring/security-events/contract';
import { type NewSecurityEvent, storeSecurityEvents } from '#server/monitoring/security-events/store';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';
import { parseInput } from '#server/platform/input';
import { findEnvironmentConfig } from '#server/services/queries';

/**
 * Keeps the events that somebody reports. A bad one is told with its place and keeps no good one out; one that was told
 * before is not kept again. The table itself is the record, so the audit log has no entry.
 */
export const reportSecurityEvents = defineCommand({
  name: 'security.report-events',
  access: 'security.report',
  input: reportSecurityEventsInput,
  audit: 'none',
  handle: async (tx, { source, events }): Promise<ReportedSecurityEvents> => {
    if (source === REQUEST_LOG) {
      throw new AppError(
        'unprocessable',
        `The source "${REQUEST_LOG}" is the console's own. Nothing was kept.`,
        {
          fields: { source: ['Choose another name.'] },
        },
      );
    }
    const errors: ReportedSecurityEvents['errors'] = [];
    const good: NewSecurityEvent[] = [];
    for (const [index, item] of events.entries()) {
      const looked = lookAt(tx, item, source);
      if (typeof looked === 'string') errors.push({ index, message: looked });
      else good.push(looked);
    }
    const accepted = await storeSecurityEvents(tx, good);
    return { accepted, repeated: good.length - accepted, errors };
  },
});

/** @returns the event, or what is wrong with it */
function lookAt(ctx: Ctx, item: unknown, source: string): NewSecurityEvent | string {
  let event: SecurityEventInput;
  try {
    event = parseInput(securityEventInput, item) as SecurityEventInput;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const fields = Object.entries(error.fields ?? {}).map(([field, words]) => `${field}: ${words.join(' ')}`);
    return fields.join(' ') || error.message;
  }
  if (!findEnvironmentConfig(ctx, event)) {
    return `There is no environment "${event.environment}" of a service "${event.service}".`;
  }
  const at = new Date(event.at);
  const aheadMs = at.getTime() - ctx.clock.now().getTime();
  if (aheadMs > SECURITY_FUTURE_SECONDS * 1_000)
    return 'at: It lies in the future. Check the clock of who reports.';
  if (aheadMs < -SECURITY_PAST_DAYS * 86_400_000) return `at: It is older than ${SECURITY_PAST_DAYS} days.`;
  const { service, environment, kind, sourceIp = null, method = null, path = null, evidence = null } = event;
  const said = JSON.stringify([kind, at.toISOString(), sourceIp, method, path, evidence]);
  const own = event.dedupKey ?? said;
  const dedupKey = `${source}:${createHash('sha256').update(own).digest('hex')}`;
  return { service, environment, kind, source, at, sourceIp, method, path, evidence, dedupKey };
}
