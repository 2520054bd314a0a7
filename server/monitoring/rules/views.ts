import type { RuleStandingView, RuleView } from '#server/monitoring/rules/contract';
import { toRule } from '#server/monitoring/rules/records';
import { ruleWords } from '#server/monitoring/rules/words/contract';
import type { AlertRule, RuleState } from '#server/platform/generated/prisma/client';

export function toRuleView(row: AlertRule & { states: RuleState[] }): RuleView {
  const rule = toRule(row);
  return {
    ...rule,
    words: ruleWords(rule),
    updatedAt: row.updatedAt.toISOString(),
    updatedByName: row.updatedByName,
    standings: row.states
      .map(toStandingView)
      .sort((a, b) => `${a.service}/${a.environment}`.localeCompare(`${b.service}/${b.environment}`)),
  };
}

function toStandingView(row: RuleState): RuleStandingView {
  const { service, environment, isFlapping, lastValue } = row;
  const since = row.isUnknown ? row.dataAt : row.breachSince;
  return {
    service,
    environment,
    state: stateOf(row),
    since: since?.toISOString() ?? null,
    isFlapping,
    lastValue,
    evaluatedAt: row.evaluatedAt?.toISOString() ?? null,
  };
}

function stateOf(row: RuleState): RuleStandingView['state'] {
  if (row.state === 'firing') return 'firing';
  if (row.isUnknown) return 'unknown';
  if (row.dataAt === null) return 'no_data';
  return row.state as 'inactive' | 'pending';
}
