import {
  type AlertChart,
  type AlertSummary,
  alertFired,
  alertResolved,
  automaticActionRequested,
  type RuleSnapshot,
} from '#server/monitoring/alerts/contract';
import { noteEvent } from '#server/monitoring/alerts/history';
import { tellFired, tellResolved } from '#server/monitoring/alerts/notices';
import type { AlertCause } from '#server/monitoring/alerts/words/contract';
import type { Rule } from '#server/monitoring/rules/records';
import { RULE_ACTION_LABELS, ruleWords, type Severity } from '#server/monitoring/rules/words/contract';
import type { Channel } from '#server/notifications/contract';
import type { Ctx } from '#server/platform/context';
import { publish } from '#server/platform/events';
import type { Alert } from '#server/platform/generated/prisma/client';
import { notify } from '#server/platform/notify';
import type { EnvironmentKey } from '#server/services/contract';

export interface NewAlert extends EnvironmentKey {
  rule: Rule;
  cause: AlertCause;
  breachSince: Date;
  value: number | null;
  traffic: number | null;
  explanation: string;
  chart: AlertChart | null;
}

export function dedupKeyOf(
  ruleId: string,
  { service, environment }: EnvironmentKey,
  cause: AlertCause,
): string {
  return `${ruleId}/${service}/${environment}/${cause}`;
}

/**
 * Opens an alert with its history, its notice and what it causes, all in the caller's transaction. Where one of its key is
 * open, nothing is done. @returns the alert, or null when there was one
 */
export async function openAlert(tx: Ctx, wish: NewAlert): Promise<Alert | null> {
  const { rule, cause, service, environment, breachSince, value, traffic, explanation, chart } = wish;
  const id = tx.ids.uuid();
  const opened = await tx.db.$executeRaw`
    INSERT INTO alert (id, dedup_key, rule_id, rule_key, service, environment, title, cause, severity, channel, rule,
      value, traffic, explanation, chart, breach_since, notice)
    VALUES (${id}::uuid, ${dedupKeyOf(rule.id, wish, cause)}, ${rule.id}::uuid, ${rule.key}, ${service}, ${environment},
      ${rule.title}, ${cause}, ${rule.severity}, ${rule.channel}, ${JSON.stringify(snapshotOf(rule))}::jsonb, ${value},
      ${traffic}, ${explanation}, ${chart && JSON.stringify(chart)}::jsonb, ${breachSince}, 'none')
    ON CONFLICT (dedup_key) WHERE state <> 'resolved' DO NOTHING`;
  if (opened === 0) return null;
  const alert = await tx.db.alert.findUniqueOrThrow({ where: { id } });
  await noteEvent(tx, id, { kind: 'fired', text: explanation });
  await publish(tx, alertFired, {
    ...factOf(alert),
    explanation,
    breachSince: breachSince.toISOString(),
    openedAt: alert.openedAt.toISOString(),
  });
  if (cause === 'breach' && rule.action !== 'none') {
    const wanted = RULE_ACTION_LABELS[rule.action].toLowerCase();
    const text = rule.dryRun ? `Dry run: would be asked to ${wanted}.` : `The console is asked to ${wanted}.`;
    await noteEvent(tx, id, { kind: 'action', text });
    await publish(tx, automaticActionRequested, {
      alertId: id,
      ruleKey: rule.key,
      service,
      environment,
      action: rule.action,
      reason: `${rule.title}: ${explanation}`.slice(0, 480).replace(/\.$/, ''),
      breachedSince: breachSince.toISOString(),
      dryRun: rule.dryRun,
    });
  }
  await tellFired(tx, alert);
  await notify(tx.db, { kind: 'environment', service, environment });
  return alert;
}

/** Resolves the open alert of a key. @returns false when none was open, or somebody was quicker */
export async function resolveOpenAlert(
  tx: Ctx,
  dedupKey: string,
  end: { byName: string; reason: string },
): Promise<boolean> {
  const rows = await tx.db.$queryRaw<{ id: string }[]>`
    UPDATE alert SET state = 'resolved', resolved_at = clock_timestamp(), resolved_by_name = ${end.byName},
      resolve_reason = ${end.reason}, is_flapping = false
    WHERE dedup_key = ${dedupKey} AND state <> 'resolved' RETURNING id::text`;
  const [row] = rows;
  if (!row) return false;
  const alert = await tx.db.alert.findUniqueOrThrow({ where: { id: row.id } });
  await noteEvent(tx, alert.id, { kind: 'resolved', text: end.reason, byName: end.byName });
  await publish(tx, alertResolved, {
    ...factOf(alert),
    resolvedAt: (alert.resolvedAt as Date).toISOString(),
    byName: end.byName,
    reason: end.reason,
  });
  await tellResolved(tx, alert);
  await notify(tx.db, { kind: 'environment', service: alert.service, environment: alert.environment });
  return true;
}

/** Marks the open alert of a key as one that goes on and off; it stays open, and nothing more is told of its turns. */
export async function markFlapping(tx: Ctx, dedupKey: string, text: string): Promise<void> {
  const rows = await tx.db.$queryRaw<{ id: string; service: string; environment: string }[]>`
    UPDATE alert SET is_flapping = true WHERE dedup_key = ${dedupKey} AND state <> 'resolved' AND NOT is_flapping
    RETURNING id::text, service, environment`;
  const [row] = rows;
  if (!row) return;
  await noteEvent(tx, row.id, { kind: 'flapping', text });
  await notify(tx.db, { kind: 'environment', service: row.service, environment: row.environment });
}

function snapshotOf(rule: Rule): RuleSnapshot {
  const { key, version, source, comparison, threshold, resolveThreshold, forSeconds } = rule;
  const { minimumTraffic, action, dryRun, mentions } = rule;
  return {
    key,
    version,
    words: ruleWords(rule),
    source,
    comparison,
    threshold,
    resolveThreshold,
    forSeconds,
    minimumTraffic,
    action,
    dryRun,
    mentions,
  };
}

/** What every event of an alert says of it. */
export function factOf(alert: Alert) {
  const { id: alertId, ruleKey, title, service, environment } = alert;
  const [cause, severity] = [alert.cause as AlertCause, alert.severity as Severity];
  return { alertId, ruleKey, title, cause, severity, service, environment };
}

export function toSummary(alert: Alert): AlertSummary {
  const { id, ruleKey, title, service, environment, explanation, value, isFlapping } = alert;
  const { acknowledgedByName, acknowledgeNote, resolvedByName, resolveReason } = alert;
  return {
    id,
    ruleKey,
    title,
    service,
    environment,
    explanation,
    value,
    isFlapping,
    cause: alert.cause as AlertCause,
    state: alert.state as AlertSummary['state'],
    severity: alert.severity as Severity,
    channel: alert.channel as Channel,
    breachSince: alert.breachSince.toISOString(),
    openedAt: alert.openedAt.toISOString(),
    acknowledgedAt: alert.acknowledgedAt?.toISOString() ?? null,
    acknowledgedByName,
    acknowledgeNote,
    acknowledgedUntil: alert.acknowledgedUntil?.toISOString() ?? null,
    resolvedAt: alert.resolvedAt?.toISOString() ?? null,
    resolvedByName,
    resolveReason,
  };
}
