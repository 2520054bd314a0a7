import { defineQuery } from '#server/auth/guard';
import {
  listRulesInput,
  previewRuleInput,
  type RulePreview,
  type RuleTest,
  type RuleView,
  ruleInput,
  testRuleInput,
} from '#server/monitoring/rules/contract';
import { previewPast } from '#server/monitoring/rules/preview';
import { readSubjects } from '#server/monitoring/rules/readings';
import { placesOf, toRule } from '#server/monitoring/rules/records';
import { AT_REST, isBreach } from '#server/monitoring/rules/state';
import { toRuleView } from '#server/monitoring/rules/views';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

const SEVERITY_ORDER = ['critical', 'warning', 'info'];

/** Every rule with how it stands, the gravest first. */
export const listRules = defineQuery({
  name: 'rules.list',
  access: 'rules.read',
  input: listRulesInput,
  handle: async (ctx, { search, severity, action }): Promise<{ rows: RuleView[] }> => {
    const rows = await ctx.db.alertRule.findMany({
      where: { ...(severity ? { severity } : {}), ...(action ? { action } : {}) },
      include: { states: true },
      orderBy: { title: 'asc' },
    });
    const wanted = search?.toLowerCase() ?? '';
    return {
      rows: rows
        .map(toRuleView)
        .filter(({ key, title, words }) => `${key} ${title} ${words}`.toLowerCase().includes(wanted))
        .sort((a, b) => SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity)),
    };
  },
});

/** One rule. @throws AppError `not_found` */
export const getRule = defineQuery({
  name: 'rules.get',
  access: 'rules.read',
  input: ruleInput,
  handle: async (ctx, { key }): Promise<RuleView> => toRuleView(await findRow(ctx, key)),
});

/** What a rule that is not saved would have done in the last days. */
export const previewRule = defineQuery({
  name: 'rules.preview',
  access: 'rules.read',
  input: previewRuleInput,
  handle: (ctx, { days, ...rule }): Promise<RulePreview> => previewPast(ctx, rule, days),
});

/** What a rule sees now, and what it would have done in the last days. @throws AppError `not_found` */
export const testRule = defineQuery({
  name: 'rules.test',
  access: 'rules.read',
  input: testRuleInput,
  handle: async (ctx, { key, days }): Promise<RuleTest> => {
    const rule = toRule(await findRow(ctx, key));
    const places = placesOf(ctx, rule);
    const seen = await readSubjects(
      ctx,
      places.map((place) => ({ ...place, rule, standing: AT_REST })),
      ctx.clock.now(),
    );
    return {
      preview: await previewPast(ctx, rule, days),
      now: places.map((place, index) => {
        const { reading, value = null, traffic = null } = seen[index] ?? { reading: null };
        const breaches = value !== null && isBreach(rule, value);
        return { ...place, value, traffic, breaches, note: noteOf(reading?.kind) };
      }),
    };
  },
});

function noteOf(kind: string | undefined): string | null {
  if (kind === 'missing') return 'Nothing is measured.';
  if (kind === 'resting') return 'The check is paused.';
  return kind === 'silent' ? 'No traffic, so there is nothing to take a share of.' : null;
}

async function findRow(ctx: Ctx, key: string) {
  const row = await ctx.db.alertRule.findUnique({ where: { key }, include: { states: true } });
  if (row) return row;
  throw new AppError('not_found', `There is no rule "${key}".`, { hint: 'Open it from the list of rules.' });
}
