import { type RuleDefinition, ruleDefinition } from '#server/monitoring/rules/contract';
import type { Standing } from '#server/monitoring/rules/state';
import type { Ctx } from '#server/platform/context';
import type { AlertRule, RuleState } from '#server/platform/generated/prisma/client';
import type { EnvironmentKey } from '#server/services/contract';
import { environmentViews } from '#server/services/queries';

/** A rule as it is kept. */
export interface Rule extends RuleDefinition {
  id: string;
  key: string;
  version: number;
}

/** @throws ZodError for a row that no command of this version wrote */
export function toRule(row: AlertRule): Rule {
  const { id, key, version } = row;
  return { ...ruleDefinition.parse(row), id, key, version };
}

export function toStanding(row: RuleState): Standing {
  const {
    breachSince,
    missingSince,
    isUnknown,
    isFlapping,
    clearSince,
    turns,
    countsFrom,
    dataAt,
    evaluatedAt,
  } = row;
  return {
    state: row.state as Standing['state'],
    breachSince,
    missingSince,
    isUnknown,
    isFlapping,
    clearSince,
    turns,
    countsFrom,
    dataAt,
    evaluatedAt,
  };
}

/** A rule names no environment: it means every one but those for practice, which must be named. */
export function placesOf(ctx: Ctx, rule: Pick<RuleDefinition, 'service' | 'environment'>): EnvironmentKey[] {
  return environmentViews(ctx)
    .filter(({ service }) => rule.service === null || rule.service === service)
    .filter(({ environment, isPractice }) =>
      rule.environment === null ? !isPractice : rule.environment === environment,
    )
    .map(({ service, environment }) => ({ service, environment }));
}

export interface LeftPlace extends EnvironmentKey {
  ruleId: string;
}

/**
 * Brings the rows that say how rules stand in line with the rules and the configuration; safe in several processes at
 * once. @returns places that rules have left: what fires there is over
 */
export async function syncRuleStates(tx: Ctx): Promise<LeftPlace[]> {
  // Before the rules are read: one that is made meanwhile is no rule that has left.
  await tx.db.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('rule states'))`;
  const rules = await tx.db.alertRule.findMany({
    where: { enabled: true },
    select: { id: true, service: true, environment: true },
  });
  const wanted = JSON.stringify(
    rules.flatMap((rule) => placesOf(tx, rule).map((place) => ({ rule_id: rule.id, ...place }))),
  );
  await tx.db.$executeRaw`
    INSERT INTO rule_state (rule_id, service, environment)
    SELECT w.* FROM jsonb_to_recordset(${wanted}::jsonb) AS w(rule_id uuid, service text, environment text)
    JOIN alert_rule r ON r.id = w.rule_id AND r.enabled
    ON CONFLICT (rule_id, service, environment) DO NOTHING`;
  return tx.db.$queryRaw<LeftPlace[]>`
    DELETE FROM rule_state s WHERE NOT EXISTS (
      SELECT FROM jsonb_to_recordset(${wanted}::jsonb) AS w(rule_id uuid, service text, environment text)
      WHERE w.rule_id = s.rule_id AND w.service = s.service AND w.environment = s.environment)
    RETURNING s.rule_id::text AS "ruleId", s.service, s.environment`;
}
