import { expect, it } from 'vitest';
import { leftSince } from '#app/alerts/left-since';
import type { RuleStandingView } from '#server/monitoring/rules/contract';

const standing = (evaluatedAt: string | null) => ({ evaluatedAt }) as RuleStandingView;
const left = (now: string, ...at: (string | null)[]) =>
  leftSince({ intervalSeconds: 30, standings: at.map(standing) }, now);

it('a rule is left alone when it is due for more than a minute in one of its environments', () => {
  const [first, second] = ['2026-03-01T09:00:00.000Z', '2026-03-01T09:01:00.000Z'];
  expect(left('2026-03-01T09:01:30.000Z', second, first)).toBeNull();
  expect(left('2026-03-01T09:01:30.001Z', second, first)).toBe(first);
  expect(left('2026-03-01T10:00:00.000Z')).toBeNull();
  expect(left('2026-03-01T10:00:00.000Z', null)).toBeNull();
});
