import { recordAudit } from '#server/audit/commands';
import { defineCommand } from '#server/auth/guard';
import {
  createRuleInput,
  type RuleDefinition,
  type RuleView,
  switchRuleInput,
  updateRuleInput,
} from '#server/monitoring/rules/contract';
import { placesOf, toRule } from '#server/monitoring/rules/records';
import { settleRules } from '#server/monitoring/rules/settle';
import { toRuleView } from '#server/monitoring/rules/views';
import type { Ctx } from '#server/platform/context';
import { isUniqueViolation } from '#server/platform/database-errors';
import { AppError } from '#server/platform/errors';

/** Adds a rule; it is looked at from now on. @throws AppError `conflict` for a key that there is, `unprocessable` for a place that there is not */
export const createRule = defineCommand({
  name: 'rules.create',
  access: 'rules.manage',
  input: createRuleInput,
  handle: async (tx, { key, ...definition }): Promise<RuleView> => {
    assertPlace(tx, definition);
    if (await tx.db.alertRule.findUnique({ where: { key }, select: { id: true } })) throw keyTaken(key);
    try {
      await tx.db.alertRule.create({
        data: { id: tx.ids.uuid(), key, ...columnsOf(definition), updatedByName: tx.actor.name },
        select: { id: true },
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw keyTaken(key);
      throw error;
    }
    await settleRules(tx);
    return told(tx, 'rules.create', key, { after: definition });
  },
});

/**
 * Changes a rule as a whole. What it has fired stays as it was, and how it stands begins anew.
 * @throws AppError `not_found`, or `conflict` when somebody has changed it since it was looked at
 */
export const updateRule = defineCommand({
  name: 'rules.update',
  access: 'rules.manage',
  input: updateRuleInput,
  handle: async (tx, { key, version, ...definition }): Promise<RuleView> => {
    assertPlace(tx, definition);
    const before = await findRule(tx, key);
    const { count } = await tx.db.alertRule.updateMany({
      where: { key, version },
      data: {
        ...columnsOf(definition),
        version: version + 1,
        updatedAt: tx.clock.now(),
        updatedByName: tx.actor.name,
      },
    });
    if (count === 0) {
      throw new AppError(
        'conflict',
        `${before.updatedByName} has changed this rule since you opened it. Nothing was changed.`,
        {
          hint: 'Open it again to see how it is now.',
        },
      );
    }
    // Looked at anew, at once. What fires goes on firing until the new rule finds it well.
    await tx.db.$executeRaw`
      UPDATE rule_state SET next_at = clock_timestamp(), lease_until = NULL, lease_token = NULL,
        state = CASE state WHEN 'pending' THEN 'inactive' ELSE state END,
        breach_since = CASE state WHEN 'pending' THEN NULL ELSE breach_since END
      WHERE rule_id = ${before.id}::uuid`;
    await settleRules(tx, `${tx.actor.name} has changed the rule.`);
    const { id: _id, key: _key, version: _version, ...was } = toRule(before);
    return told(tx, 'rules.update', key, { before: was, after: definition });
  },
});

/**
 * Switches a rule, or its dry run, on or off. What fires of a rule that is switched off is resolved.
 * @throws AppError `not_found`, or `invalid_input` when nothing is to be switched
 */
export const switchRule = defineCommand({
  name: 'rules.switch',
  access: 'rules.manage',
  input: switchRuleInput,
  handle: async (tx, { key, enabled, dryRun, reason }): Promise<RuleView> => {
    if (enabled === undefined && dryRun === undefined) {
      throw new AppError('invalid_input', 'Say what to switch: enabled or dryRun. Nothing was changed.', {
        fields: { enabled: ['Give true or false.'] },
      });
    }
    const before = await findRule(tx, key);
    const after = { enabled: enabled ?? before.enabled, dryRun: dryRun ?? before.dryRun };
    await tx.db.alertRule.update({
      where: { key },
      data: { ...after, version: { increment: 1 }, updatedAt: tx.clock.now(), updatedByName: tx.actor.name },
      select: { id: true },
    });
    await settleRules(tx, `${tx.actor.name} has switched the rule off${reason ? `: ${reason}` : '.'}`);
    const was = { enabled: before.enabled, dryRun: before.dryRun };
    return told(tx, 'rules.switch', key, { before: was, after }, reason);
  },
});

async function findRule(tx: Ctx, key: string) {
  const [row] = await tx.db.$queryRaw<
    { id: string }[]
  >`SELECT id::text FROM alert_rule WHERE key = ${key} FOR UPDATE`;
  if (row) return tx.db.alertRule.findUniqueOrThrow({ where: { key } });
  throw new AppError('not_found', `There is no rule "${key}". Nothing was changed.`, {
    hint: 'Open it from the list of rules.',
  });
}

/** The fields of a rule one by one, so that nothing else of an input reaches the table. */
function columnsOf(rule: RuleDefinition) {
  const { title, service, environment, source, comparison, threshold, resolveThreshold, forSeconds } = rule;
  const {
    minimumTraffic,
    missingData,
    severity,
    channel,
    mentions,
    action,
    dryRun,
    enabled,
    intervalSeconds,
  } = rule;
  const first = { title, service, environment, source, comparison, threshold, resolveThreshold, forSeconds };
  return {
    ...first,
    minimumTraffic,
    missingData,
    severity,
    channel,
    mentions,
    action,
    dryRun,
    enabled,
    intervalSeconds,
  };
}

function assertPlace(ctx: Ctx, rule: RuleDefinition): void {
  if (rule.service === null && rule.environment === null) return;
  if (placesOf(ctx, rule).length > 0) return;
  throw new AppError('unprocessable', 'There is no such service or environment. Nothing was changed.', {
    fields: {
      [rule.environment === null ? 'service' : 'environment']: ['Choose one of the configuration.'],
    },
  });
}

function keyTaken(key: string): AppError {
  return new AppError('conflict', `There is a rule "${key}" already. Nothing was changed.`, {
    fields: { key: ['Choose another key.'] },
  });
}

async function told(
  tx: Ctx,
  action: string,
  key: string,
  details: Record<string, unknown>,
  reason?: string,
): Promise<RuleView> {
  const row = await tx.db.alertRule.findUniqueOrThrow({ where: { key }, include: { states: true } });
  await recordAudit(tx, {
    action,
    target: { type: 'rule', id: row.id, label: key },
    service: row.service,
    environment: row.environment,
    reason: reason ?? null,
    details,
  });
  return toRuleView(row);
}
