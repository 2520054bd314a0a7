import { describe, expect, it } from 'vitest';
import {
  hostOf,
  judgeError,
  judgeHealth,
  judgeTimeout,
  phaseOf,
  stateOf,
  targetOf,
  uptimePercent,
  worstState,
} from '#server/monitoring/checks/state';

const report = (over: object = {}) =>
  JSON.stringify({
    status: 'healthy',
    timestamp: '2026-01-31T09:30:00.000Z',
    checks: [
      { name: 'database', status: 'ok', durationMs: 3 },
      { name: 'payments', status: 'ok', durationMs: 8.5 },
    ],
    version: 'v1.2.0',
    ...over,
  });
const broken = [
  { name: 'database', status: 'failed', durationMs: 900, message: 'no answer' },
  { name: 'cache', status: 'failed', durationMs: 1 },
];

describe('the health contract', () => {
  it('is well when status, words and every sub-check say so', () => {
    expect(judgeHealth(200, report())).toMatchObject({
      outcome: 'ok',
      message: null,
      subChecks: [{ name: 'database' }, { name: 'payments', durationMs: 8.5 }],
    });
  });

  it('names what failed, and keeps every sub-check', () => {
    const judged = judgeHealth(503, report({ status: 'unhealthy', checks: broken }));
    expect(judged).toMatchObject({ outcome: 'failed', message: 'Unhealthy: database (no answer), cache.' });
    expect(judged.subChecks).toHaveLength(2);
  });

  it.each([
    [200, '<html>', 'Answered with status 200, but not with JSON.'],
    [200, report({ status: 'fine' }), 'not in the health contract: status is not right'],
    [200, report({ checks: [{ name: 'database', status: 'ok', durationMs: -1 }] }), 'checks.0.durationMs'],
    [200, 'null', 'not in the health contract: the answer is not right'],
    [503, report(), 'Says that it is healthy, but answers with status 503.'],
    [200, report({ status: 'unhealthy' }), 'Says that it is unhealthy, but answers with status 200.'],
    [200, report({ checks: broken }), 'of what it needs failed: database (no answer), cache.'],
  ])('fails with words when it is broken: %s %.60s', (status, body, words) => {
    const judged = judgeHealth(status, body);
    expect(judged.outcome).toBe('failed');
    expect(judged.message).toContain(words);
  });
});

describe('what could not run', () => {
  it.each([
    ['EMFILE', 'not_run'],
    ['EADDRNOTAVAIL', 'not_run'],
    ['EAI_AGAIN', 'not_run'],
    ['ENETUNREACH', 'not_run'],
    ['ECONNREFUSED', 'failed'],
    ['ECONNRESET', 'failed'],
    ['ENOTFOUND', 'failed'],
    ['EHOSTUNREACH', 'failed'],
    ['HPE_INVALID_CONSTANT', 'failed'],
    ['CERT_HAS_EXPIRED', 'failed'],
  ])('is told from what failed: %s is %s', (code, outcome) => {
    expect(judgeError(Object.assign(new Error('words'), { code })).outcome).toBe(outcome);
  });

  it('is a fault of the console itself', () => {
    expect(judgeError(new TypeError('x is undefined'))).toMatchObject({ outcome: 'not_run' });
  });

  it('is a timeout in which the worker stood still or waited for the name service', () => {
    expect(judgeTimeout(1_000, 199, true)).toMatchObject({
      outcome: 'failed',
      message: 'No full answer within 1000 ms.',
    });
    expect(judgeTimeout(1_000, 201, true).outcome).toBe('not_run');
    expect(judgeTimeout(1_000, 0, false)).toMatchObject({
      outcome: 'not_run',
      message: expect.stringContaining('name service'),
    });
  });
});

const NOW = new Date('2026-03-02T09:05:07.000Z');
const well = { pausedAt: null, lastOutcome: 'ok', lastAt: NOW, intervalMs: 10_000, timeoutMs: 5_000 };

describe('how checks stand', () => {
  it('is the worst, and a paused one says nothing', () => {
    expect(worstState(['ok', 'paused', 'not_run'])).toBe('not_run');
    expect(worstState(['not_run', 'failed', 'ok'])).toBe('failed');
    expect(worstState(['paused', 'ok'])).toBe('ok');
    expect(worstState(['paused'])).toBe('waiting');
    expect(stateOf({ ...well, pausedAt: NOW }, NOW)).toBe('paused');
    expect(stateOf({ ...well, lastOutcome: null }, NOW)).toBe('waiting');
  });

  it.each([
    [1_000, 64_900, 'ok'],
    [1_000, 65_100, 'not_run'],
    [60_000, 184_900, 'ok'],
    [60_000, 185_100, 'not_run'],
  ])(
    'is unknown when nobody has looked for long: each %d ms, last %d ms ago: %s',
    (intervalMs, agoMs, state) => {
      const lastAt = new Date(NOW.getTime() - agoMs);
      expect(stateOf({ ...well, intervalMs, lastAt }, NOW)).toBe(state);
    },
  );

  it('is uptime of the time that was looked at, and none of what was not', () => {
    expect(uptimePercent([])).toBeNull();
    expect(uptimePercent([{ okSeconds: 0, failedSeconds: 0 }])).toBeNull();
    expect(
      uptimePercent([
        { okSeconds: 90, failedSeconds: 0 },
        { okSeconds: 0, failedSeconds: 10 },
      ]),
    ).toBe(90);
  });
});

it('phases are the same for a check each time, and spread', () => {
  const phases = Array.from({ length: 1_000 }, (_, at) => phaseOf(`shop/production/check-${at}`));
  expect(phaseOf('shop/production/check-1')).toBe(phases[1]);
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const inTenth = phases.filter((phase) => Math.floor(phase * 10) === tenth).length;
    expect(inTenth).toBeGreaterThan(60);
    expect(inTenth).toBeLessThan(140);
  }
});

it('targets are host and port, whatever the kind', () => {
  const none = { url: null, host: null, port: null };
  expect(targetOf({ ...none, kind: 'http', url: 'https://Shop.example/a' })).toBe('shop.example:443');
  expect(targetOf({ ...none, kind: 'health', url: 'http://[::1]:3000/' })).toBe('[::1]:3000');
  expect(targetOf({ ...none, kind: 'tcp', host: 'DB.example', port: 5432 })).toBe('db.example:5432');
  expect(hostOf('[::1]:3000')).toBe('::1');
  expect(hostOf('shop.example:443')).toBe('shop.example');
});
