import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import type { RuleStandingView, RuleView } from '#server/monitoring/rules/contract';
import { listRules } from '#server/monitoring/rules/queries';
import type { Ctx } from '#server/platform/context';

const HEADER = [
  'key',
  'title',
  'fires when',
  'severity',
  'channel',
  'mentions',
  'action',
  'dry run',
  'on',
  'every (s)',
  'service',
  'environment',
  'state',
  'since (UTC)',
  'value',
  'looked at (UTC)',
  'changed by',
  'changed (UTC)',
];

export const loader = protectedLoader({ access: 'rules.read' }, async ({ ctx, url }) => {
  const filter = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  return csvResponse('rules.csv', HEADER, readAll(ctx, filter));
});

/** A line for each environment that a rule looks at, and one for a rule that looks at none. */
async function* readAll(ctx: Ctx, filter: Record<string, string>) {
  const { rows } = await listRules(ctx, filter);
  yield rows.flatMap((rule) =>
    rule.standings.length > 0 ? rule.standings.map((each) => line(rule, each)) : [line(rule, null)],
  );
}

function line(rule: RuleView, standing: RuleStandingView | null) {
  return [
    rule.key,
    rule.title,
    rule.words,
    rule.severity,
    rule.channel,
    rule.mentions.join(' '),
    rule.action,
    String(rule.dryRun),
    String(rule.enabled),
    rule.intervalSeconds,
    standing?.service ?? rule.service,
    standing?.environment ?? rule.environment,
    standing?.state ?? null,
    standing?.since ?? null,
    standing?.lastValue ?? null,
    standing?.evaluatedAt ?? null,
    rule.updatedByName,
    rule.updatedAt,
  ];
}
