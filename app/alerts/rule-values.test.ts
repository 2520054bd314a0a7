import { describe, expect, it } from 'vitest';
import { defaultsFor, fieldErrors, formForKind, formGoingOn, ruleOf } from '#app/alerts/rule-values';
import { type RuleSource, type RuleView, ruleDefinition } from '#server/monitoring/rules/contract';

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

describe('what was typed', () => {
  const typed = { ...defaultsFor('quantile'), title: 'Slow', metric: 'duration_seconds', threshold: '200' };
  const refused = (change: Record<string, string>) => {
    const { error } = ruleDefinition.safeParse(ruleOf({ ...typed, ...change }));
    return Object.keys(
      fieldErrors(
        Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), [message]])),
      ),
    );
  };

  it('is refused at its field where it is no number, or nothing', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ scale: '' })).toEqual([]);
    expect(refused({ scale: 'fast' })).toEqual(['scale']);
    expect(refused({ scale: '0' })).toEqual(['scale']);
    expect(refused({ threshold: ' ' })).toEqual(['threshold']);
    expect(refused({ threshold: '2OO' })).toEqual(['threshold']);
    expect(refused({ forSeconds: '' })).toEqual(['forSeconds']);
    expect(refused({ resolveThreshold: '' })).toEqual([]);
  });
});

describe('another kind', () => {
  const ratio = { ...defaultsFor('ratio'), title: 'Slow', key: 'slow', mentions: '@devops', threshold: '' };

  it('goes on with what was typed, and begins with its own where nothing was', () => {
    const { title, key, mentions, kind, ...own } = formForKind('check', { ...ratio, forSeconds: '30' });
    expect({ title, key, mentions, kind }).toEqual({
      title: 'Slow',
      key: 'slow',
      mentions: '@devops',
      kind: 'check',
    });
    expect(own).toMatchObject({ comparison: '>=', threshold: '3', forSeconds: '30', intervalSeconds: '1' });
    const back = formForKind(
      'gauge',
      formForKind('events', { ...ratio, dryRun: 'on', severity: 'critical' }),
    );
    expect(back).toMatchObject({ dryRun: 'on', severity: 'critical', comparison: '>', windowSeconds: '15' });
  });
});

describe('labels', () => {
  const labelled = (labels: Record<string, string>) =>
    formGoingOn(
      rule({ source: { ...GAUGE, measure: { kind: 'gauge', metric: 'queue', aggregate: 'max', labels } } }),
      {},
      false,
    );

  it('that the form can write are in it', () => {
    expect(labelled({})?.labels).toBe('');
    expect(labelled({ status: '~4xx|5xx', route: '~/a=b/*', host: '' })?.labels).toBe(
      'status=~4xx|5xx, route=~/a=b/*, host=',
    );
  });

  it('that it would read otherwise leave the rule to the API', () => {
    expect(labelled({ query: 'a,b' })).toBeNull();
    expect(labelled({ query: ' a' })).toBeNull();
  });
});
