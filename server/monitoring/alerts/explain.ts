import type { Rule } from '#server/monitoring/rules/records';
import {
  COMPARISON_WORDS,
  durationWords,
  sourceWords,
  valueWords,
} from '#server/monitoring/rules/words/contract';

/** A moment in UTC: 2026-03-01 09:31:04. An alert is read days later as well. */
export function utcTime(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

/** Why a rule fired, in words. */
export function explainBreach(
  rule: Rule,
  seen: { value: number | null; traffic: number | null },
  breachSince: Date,
  at: Date,
): string {
  const { source, comparison, threshold } = rule;
  const lasted = Math.max(0, Math.round((at.getTime() - breachSince.getTime()) / 1_000));
  const is =
    seen.value === null
      ? 'nothing is measured any more, which this rule takes for a breach'
      : `${valueWords(seen.value, source)}, ${COMPARISON_WORDS[comparison]} the limit of ${valueWords(threshold, source)}`;
  const traffic =
    seen.traffic === null ? '' : `, over ${Math.round(seen.traffic).toLocaleString('en-GB')} requests`;
  return `${sourceWords(source)}: ${is}. It has been so for ${durationWords(lasted)}, since ${utcTime(breachSince)} UTC${traffic}.`;
}

/** Why nobody knows. */
export function explainMissing(rule: Rule, since: Date): string {
  return `${sourceWords(rule.source)}: nothing has been measured since ${utcTime(since)} UTC, so nobody knows whether it is well. This neither fires nor passes the rule.`;
}
