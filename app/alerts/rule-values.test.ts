import { describe, expect, it } from 'vitest';
import { formGoingOn } from '#app/alerts/rule-values';
import type { RuleSource, RuleView } from '#server/monitoring/rules/contract';

const GAUGE: RuleSource = {
  type: 'metric',
  measure: { kind: 'gauge', metric: 'queue_length', aggregate: 'max' },
  windowSeconds: 60,
};

function rule(change: Partial<RuleView> = {}): RuleView {
  return {
    id: '01a204d9-0000-7000-8000-000000000000',
    key: 'queue',
    title: 'The queue is long',
    words: '',
    service: 'shop',
    environment: null,
    source: GAUGE,
    comparison: '>',
    threshold: 100,
    resolveThreshold: null,
    forSeconds: 120,
    minimumTraffic: 0,
    missingData: 'unknown',
    severity: 'warning',
    channel: 'ALERTS',
    mentions: ['devops'],
    action: 'none',
    dryRun: true,
    enabled: true,
    intervalSeconds: 10,
    version: 4,
    updatedAt: '2026-03-01T09:00:00.000Z',
    updatedByName: 'Cora Petit',
    standings: [],
    ...change,
  };
}

describe('the form of a rule', () => {
  const opened = formGoingOn(rule(), {}, false) ?? {};

  it('begins with the rule', () => {
    expect(opened).toMatchObject({ title: 'The queue is long', version: '4', place: 'shop', dryRun: 'on' });
  });

  it('goes on with what was typed and the version that was looked at, whoever changed it meanwhile', () => {
    const { dryRun: _unticked, ...sent } = opened;
    const next = formGoingOn(rule({ version: 5, enabled: false }), { ...sent, title: 'Too long' }, false);
    expect(next).toMatchObject({ title: 'Too long', version: '4', enabled: 'on', dryRun: '' });
  });

  it('after a conflict is about the rule as it is now, and does not switch it back on', () => {
    const now = rule({ version: 5, enabled: false, title: 'Theirs' });
    expect(formGoingOn(now, { ...opened, title: 'Too long' }, true)).toMatchObject({
      title: 'Too long',
      version: '5',
      enabled: 'off',
    });
  });
});
