import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { escapeXml, html } from '#server/status/render/html';
import { fromTo, percentWords } from '#server/status/render/parts';
import { TOKENS } from '#server/status/render/styles';
import {
  lastDue,
  maintenanceStatus,
  mayFollow,
  nextPostDue,
  promisedMinutes,
  stateOfChecks,
  stateOfComponent,
  uptimeDays,
  worstImpacts,
  worstOf,
} from '#server/status/state';
import { fillTemplate } from '#server/status/words/contract';

const now = new Date('2026-11-22T12:00:00Z');
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const check = (more: object = {}) => ({
  lastAt: minutes(-1),
  lastOutcome: 'ok',
  consecutiveFailures: 0,
  intervalMs: 10_000,
  ...more,
});

describe('how a component is', () => {
  it('is told by checks: down after three failures in a row, in part or altogether', () => {
    const down = check({ lastOutcome: 'failed', consecutiveFailures: 3 });
    expect(stateOfChecks([check(), check({ consecutiveFailures: 2 })], now)).toBe('operational');
    expect(stateOfChecks([check(), down], now)).toBe('partial_outage');
    expect(stateOfChecks([down], now)).toBe('major_outage');
  });

  it('is unknown where nobody looked lately, which is no outage and no good news', () => {
    const silent = check({ lastAt: minutes(-6), consecutiveFailures: 9 });
    expect(stateOfChecks([], now)).toBe('unknown');
    expect(stateOfChecks([silent, check({ lastAt: null }), check({ lastOutcome: 'not_run' })], now)).toBe(
      'unknown',
    );
    // A check of every hour is heard of every hour.
    expect(stateOfChecks([check({ lastAt: minutes(-100), intervalMs: 3_600_000 })], now)).toBe('operational');
  });

  it('is what people told, then maintenance, then what checks say', () => {
    const checks = [check({ consecutiveFailures: 3 })];
    const parts = { impacts: [], isInMaintenance: false, checks, now };
    expect(stateOfComponent(parts)).toBe('major_outage');
    expect(stateOfComponent({ ...parts, isInMaintenance: true })).toBe('maintenance');
    expect(stateOfComponent({ ...parts, isInMaintenance: true, impacts: ['none', 'degraded'] })).toBe(
      'degraded',
    );
  });

  it('adds up to the worst; what is not measured hides nothing', () => {
    expect(worstOf(['operational', 'unknown', 'degraded'])).toBe('degraded');
    expect(worstOf(['operational', 'unknown'])).toBe('operational');
    expect(worstOf(['unknown'])).toBe('unknown');
    expect(worstImpacts([{ a: 'degraded' }, { a: 'none', b: 'major_outage' }])).toEqual({
      a: 'degraded',
      b: 'major_outage',
    });
  });
});

describe('updates', () => {
  it('go any way but on from resolved, which is opened again first', () => {
    expect(mayFollow(null, 'resolved')).toBe(true);
    expect(mayFollow('monitoring', 'monitoring')).toBe(true);
    expect(mayFollow('resolved', 'investigating')).toBe(true);
    expect(mayFollow('resolved', 'resolved')).toBe(false);
  });

  it('promise the next one in 20 minutes for two hours, unless somebody says otherwise', () => {
    const at = (openedAt: Date) => ({ state: 'identified' as const, openedAt, now });
    expect(promisedMinutes(undefined, at(minutes(-119)))).toBe(20);
    expect(promisedMinutes(undefined, at(minutes(-120)))).toBeNull();
    expect(promisedMinutes(45, at(minutes(-500)))).toBe(45);
    expect(promisedMinutes(0, at(now))).toBeNull();
    expect(promisedMinutes(45, { ...at(now), state: 'resolved' })).toBeNull();
  });

  it('are due again every 20 minutes for two hours; a promise is due whenever it was for', () => {
    const first = { at: minutes(5), isPromise: false };
    expect(lastDue(first, now, minutes(4.9))).toBeNull();
    expect(lastDue(first, now, minutes(5))).toEqual(minutes(5));
    expect(lastDue(first, now, minutes(44))).toEqual(minutes(25));
    expect(lastDue(first, now, minutes(119))).toEqual(minutes(105));
    expect(lastDue(first, now, minutes(126))).toBeNull();
    const late = { at: minutes(300), isPromise: true };
    expect(lastDue(late, now, minutes(301))).toEqual(minutes(300));
    expect(lastDue(late, now, minutes(321))).toBeNull();
    expect(lastDue({ ...late, isPromise: false }, now, minutes(301))).toBeNull();
  });

  it('that promise no time are followed by one within 20 minutes all the same; a promise counts as it is', () => {
    expect(nextPostDue({ promisedAt: null, postedAt: now })).toEqual({ at: minutes(20), isPromise: false });
    expect(nextPostDue({ promisedAt: minutes(60), postedAt: now })).toEqual({
      at: minutes(60),
      isPromise: true,
    });
    const due = (at: number, postedAt = now) =>
      lastDue(nextPostDue({ promisedAt: null, postedAt }), now, minutes(at));
    expect([due(19), due(20), due(59), due(120), due(140)]).toEqual([
      null,
      minutes(20),
      minutes(40),
      minutes(120),
      null,
    ]);
    // The last one fell in the second hour; what would be due after it is no longer.
    expect(due(131, minutes(110))).toBeNull();
  });

  it('begin with words about what is affected', () => {
    expect(fillTemplate('identified', ['Shop', 'Login', 'Search'])).toContain('Shop, Login and Search');
    expect(fillTemplate('resolved', [])).toContain('our service');
  });
});

describe('uptime', () => {
  it('is by day, without a figure where nobody looked, and never rounded up to 100 %', () => {
    const { days, percent } = uptimeDays(
      [
        { from: '2026-11-22T00:00:00.000Z', okSeconds: 3_599, failedSeconds: 1 },
        { from: '2026-11-21T00:00:00.000Z', okSeconds: 50, failedSeconds: 50 },
        { from: '2026-11-21T00:00:00.000Z', okSeconds: 100, failedSeconds: 0 },
      ],
      now,
    );
    expect(days).toHaveLength(90);
    expect(days.at(0)).toEqual({ date: '2026-08-25', percent: null });
    expect(days.at(-2)).toEqual({ date: '2026-11-21', percent: 75 });
    expect(percent).toBeCloseTo((100 * 3_749) / 3_800, 9);
    expect(percentWords(days.at(-1)?.percent ?? 0)).toBe('99.97 %');
    expect(percentWords(99.9999)).toBe('99.99 %');
  });
});

it('maintenance is planned, under way, over or cancelled', () => {
  const at = (from: number, to: number, cancelledAt: Date | null = null) =>
    maintenanceStatus({ startsAt: minutes(from), endsAt: minutes(to), cancelledAt }, now);
  expect([at(1, 2), at(0, 2), at(-2, 0), at(1, 2, now)]).toEqual([
    'planned',
    'under_way',
    'over',
    'cancelled',
  ]);
});

describe('rendering', () => {
  it('escapes what is put in, once', () => {
    const inner = html`<b>${'<&"\''}</b>`;
    expect(html`<p title="${'"'}">${inner}${null}${false}${['<', 1]}</p>`.text).toBe(
      '<p title="&quot;"><b>&lt;&amp;&quot;&#39;</b>&lt;1</p>',
    );
    expect(escapeXml('a\u0000\u000b<b>\n')).toBe('a&lt;b&gt;\n');
  });

  it('says the date of what begins and ends on one day once', () => {
    const words = (to: string) => fromTo('2026-11-22T22:00:00.000Z', to).text.replaceAll(/<[^>]*>/g, '');
    expect(words('2026-11-22T23:30:00.000Z')).toBe('22 Nov 2026, 22:00 to 23:30&nbsp;UTC');
    expect(words('2026-11-23T01:00:00.000Z')).toBe(
      '22 Nov 2026, 22:00&nbsp;UTC to 23 Nov 2026, 01:00&nbsp;UTC',
    );
  });

  it('uses the tokens of the console as they are', () => {
    const css = readFileSync('app/styles/tokens.css', 'utf8');
    for (const [name, value] of Object.entries(TOKENS)) expect(css).toContain(`--color-${name}: ${value};`);
  });
});
