import type { RuleSnapshot } from '#server/monitoring/alerts/contract';
import { utcTime } from '#server/monitoring/alerts/explain';
import { noteEvent } from '#server/monitoring/alerts/history';
import {
  RULE_ACTION_LABELS,
  type RuleAction,
  SEVERITY_LABELS,
  type Severity,
  valueWords,
} from '#server/monitoring/rules/words/contract';
import { enqueueNotification } from '#server/notifications/commands';
import type { Channel } from '#server/notifications/contract';
import type { Ctx } from '#server/platform/context';
import type { Alert } from '#server/platform/generated/prisma/client';

/** A notification mentions so many at most; the others are named in its text. */
const MENTIONS_MAX = 20;

interface Group {
  service: string;
  environment: string;
  channel: string;
}

/**
 * Tells that an alert fired, or holds it for a short while when its channel has just been told of another one of the same
 * environment: what fires together is told together. In the transaction that opens the alert.
 */
export async function tellFired(tx: Ctx, alert: Alert): Promise<void> {
  await holdGroup(tx, alert);
  const [last] = await tx.db.$queryRaw<{ isRecent: boolean | null }[]>`
    SELECT max(noticed_at) > clock_timestamp() - make_interval(secs => ${tx.env.ALERT_GROUP_SECONDS}) AS "isRecent"
    FROM alert WHERE service = ${alert.service} AND environment = ${alert.environment} AND channel = ${alert.channel}`;
  if (last?.isRecent) {
    await tx.db.$executeRaw`UPDATE alert SET notice = 'waiting' WHERE id = ${alert.id}::uuid`;
    const text = `Held for up to ${tx.env.ALERT_GROUP_SECONDS} s: ${alert.channel} has just been told of another alert here, and what fires together is told together.`;
    await noteEvent(tx, alert.id, { kind: 'notice', text });
    return;
  }
  await send(tx, [alert], `alert:${alert.id}:fired`);
}

/** Tells that it is over, to whoever was told that it began. */
export async function tellResolved(tx: Ctx, alert: Alert): Promise<void> {
  if (alert.notice !== 'told') {
    if (alert.notice === 'none') return;
    await tx.db.$executeRaw`UPDATE alert SET notice = 'none' WHERE id = ${alert.id}::uuid`;
    await noteEvent(tx, alert.id, {
      kind: 'notice',
      text: 'Never told: it was over before its notice was due.',
    });
    return;
  }
  const { notificationId } = await enqueueNotification(tx, {
    ...addressOf(alert),
    kind: 'alert.resolved',
    subject: subjectOf(alert),
    text: `${alert.resolvedByName}: ${alert.resolveReason ?? 'It is well again.'}`,
    link: `/alerts/${alert.id}`,
    dedupKey: `alert:${alert.id}:resolved`,
    resolved: true,
  });
  await noteEvent(tx, alert.id, {
    kind: 'notice',
    text: `${alert.channel} is told that it is over.`,
    details: { notificationId },
  });
}

/** Tells again what nobody has dealt with although somebody had acknowledged it. */
export async function tellAgain(tx: Ctx, alert: Alert): Promise<void> {
  await holdGroup(tx, alert);
  await send(tx, [alert], `alert:${alert.id}:again:${alert.acknowledgedUntil?.getTime()}`);
}

/** Tells what the console has decided to do about an alert. */
export async function tellDecision(
  tx: Ctx,
  alert: Alert,
  words: string,
  runId: string | null,
  dedupKey: string,
): Promise<void> {
  await enqueueNotification(tx, {
    ...addressOf(alert),
    kind: 'alert.decision',
    subject: subjectOf(alert),
    text: words,
    link: runId ? `/runs/${runId}` : `/alerts/${alert.id}`,
    dedupKey,
  });
}

/** Tells what was held, once its group has been quiet for long enough. @returns how many alerts were told */
export async function tellHeld(ctx: Ctx): Promise<number> {
  const groups = await ctx.db.$queryRaw<Group[]>`
    SELECT DISTINCT w.service, w.environment, w.channel FROM alert w WHERE w.notice = 'waiting' AND NOT EXISTS (
      SELECT FROM alert a WHERE a.service = w.service AND a.environment = w.environment AND a.channel = w.channel
        AND a.noticed_at > clock_timestamp() - make_interval(secs => ${ctx.env.ALERT_GROUP_SECONDS}))`;
  let told = 0;
  for (const group of groups) {
    try {
      told += await ctx.transaction((tx) => tellGroup(tx, group));
    } catch (error) {
      ctx.log.error({ err: error, ...group }, 'held alerts not told, trying again');
    }
  }
  return told;
}

async function tellGroup(tx: Ctx, group: Group): Promise<number> {
  const { service, environment, channel } = group;
  await holdGroup(tx, group);
  // What is resolved at this moment is held by its transaction, and is not to be told any more.
  const locked = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM alert WHERE service = ${service} AND environment = ${environment} AND channel = ${channel}
      AND notice = 'waiting' ORDER BY id FOR UPDATE SKIP LOCKED`;
  const held = await tx.db.alert.findMany({
    where: { id: { in: locked.map(({ id }) => id) } },
    orderBy: { openedAt: 'asc' },
  });
  const [first] = held;
  if (first) await send(tx, held, `alert:${first.id}:fired`);
  return held.length;
}

/** Those who tell in a group come one after the other, until the end of the transaction. */
async function holdGroup(tx: Ctx, { service, environment, channel }: Group): Promise<void> {
  const key = `alert notices:${service}/${environment}/${channel}`;
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
}

async function send(tx: Ctx, alerts: readonly Alert[], dedupKey: string): Promise<void> {
  const [first] = alerts;
  if (!first) return;
  const isOne = alerts.length === 1;
  const words = isOne
    ? first.explanation
    : alerts.map((each) => `• ${each.title}: ${each.explanation}`).join('\n');
  const handles = [...new Set(alerts.flatMap((each) => (each.rule as RuleSnapshot).mentions))];
  const [mentions, rest] = [handles.slice(0, MENTIONS_MAX), handles.slice(MENTIONS_MAX)];
  // First, since long texts are cut at their end.
  const also = rest.length > 0 ? `Also for ${rest.map((handle) => `@${handle}`).join(' ')}\n` : '';
  const { notificationId } = await enqueueNotification(tx, {
    ...addressOf(first),
    kind: 'alert.fired',
    subject: isOne ? subjectOf(first) : `${alerts.length} alerts · ${first.service} / ${first.environment}`,
    text: `${also}${words}`,
    fields: isOne ? fieldsOf(first) : [],
    mentions,
    link: isOne ? `/alerts/${first.id}` : '/alerts',
    dedupKey,
  });
  for (const alert of alerts) {
    await tx.db.$executeRaw`
      UPDATE alert SET notice = 'told', noticed_at = clock_timestamp() WHERE id = ${alert.id}::uuid`;
    const more = isOne ? '' : `, together with ${alerts.length - 1} more`;
    await noteEvent(tx, alert.id, {
      kind: 'notice',
      text: `${alert.channel} is told${more}.`,
      details: { notificationId },
    });
  }
}

/** Of one environment, a channel is told in the order in which things happened. */
function addressOf({ service, environment, channel }: Group) {
  return { channel: channel as Channel, groupKey: `alerts:${service}/${environment}/${channel}` };
}

function subjectOf({ title, cause, service, environment }: Alert): string {
  return `${cause === 'no_data' ? 'Unknown: ' : ''}${title} · ${service} / ${environment}`;
}

function fieldsOf(alert: Alert): { name: string; value: string }[] {
  const rule = alert.rule as RuleSnapshot;
  const action = rule.action as RuleAction;
  return [
    { name: 'Severity', value: SEVERITY_LABELS[alert.severity as Severity] },
    { name: 'Began', value: `${utcTime(alert.breachSince)} UTC` },
    ...(alert.value === null ? [] : [{ name: 'Value', value: valueWords(alert.value, rule.source) }]),
    ...(action === 'none' || alert.cause === 'no_data'
      ? []
      : [
          {
            name: 'Action',
            value: rule.dryRun ? `Dry run: ${RULE_ACTION_LABELS[action]}` : RULE_ACTION_LABELS[action],
          },
        ]),
  ];
}
