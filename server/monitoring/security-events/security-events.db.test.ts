import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportSecurityEvents } from '#server/monitoring/security-events/commands';
import {
  countEvents,
  countSecurityEvents,
  listSecurityEvents,
} from '#server/monitoring/security-events/queries';
import { scanRequestLogs } from '#server/monitoring/security-events/scan-logs';
import { createFixtureConsole, type FixtureConsole, PLACE } from '#server/testing/fixture-console';

let made: FixtureConsole;
let log: string;

beforeAll(async () => {
  made = await createFixtureConsole();
  const { deploy } = made.config.services.shop?.environments.production ?? {};
  const logs = path.join(deploy?.directory ?? '', 'logs');
  mkdirSync(logs, { recursive: true });
  log = path.join(logs, 'v1.0.0-abc.log');
}, 60_000);
afterAll(() => made.close(), 60_000);

function line(request: string, client = '203.0.113.9'): string {
  return `${JSON.stringify({ time: new Date().toISOString(), msg: 'request', method: 'GET', path: request, client })}\n`;
}

const ATTACK = '/shop?q=%27%20OR%20%271%27%3D%271';

async function found() {
  return (await listSecurityEvents(made.responder, { source: 'request-log' })).rows;
}

describe('the request log', () => {
  it('is read on, each line once, by however many workers', async () => {
    writeFileSync(log, line('/shop') + line(ATTACK) + line('/shop?q=thym'));
    await Promise.all([scanRequestLogs(made.app), scanRequestLogs(made.app), scanRequestLogs(made.app)]);
    await scanRequestLogs(made.app);
    expect(await found()).toMatchObject([
      { kind: 'sql_injection', path: ATTACK, sourceIp: '203.0.113.9', method: 'GET' },
    ]);
    const half = line(ATTACK);
    appendFileSync(log, half.slice(0, 40));
    await scanRequestLogs(made.app);
    expect(await found()).toHaveLength(1);
    appendFileSync(log, half.slice(40));
    await scanRequestLogs(made.app);
    expect(await found()).toHaveLength(2);
  });

  it('that was cut begins anew, and what is no request is passed over', async () => {
    truncateSync(log);
    await scanRequestLogs(made.app);
    appendFileSync(log, `no json "request"\n${'x'.repeat(600_000)}\n${line(ATTACK, '198.51.100.4')}`);
    await scanRequestLogs(made.app);
    await scanRequestLogs(made.app);
    expect((await found()).map(({ sourceIp }) => sourceIp)).toEqual([
      '198.51.100.4',
      '203.0.113.9',
      '203.0.113.9',
    ]);
  });

  it('is counted over a window by the time of the events', async () => {
    const at = new Date();
    const window = { ...PLACE, kind: 'sql_injection' as const, at };
    expect(await countSecurityEvents(made.responder, { ...window, windowSeconds: 600 })).toBe(3);
    const before = new Date(at.getTime() - 3_600_000);
    expect(await countSecurityEvents(made.responder, { ...window, at: before, windowSeconds: 600 })).toBe(0);
  });
});

describe('reporting', () => {
  const good = () => ({
    ...PLACE,
    kind: 'login_attack',
    at: new Date(Date.now() - 60_000).toISOString(),
    sourceIp: '198.51.100.4',
    evidence: 'user ana@example.org, password=hunter22',
  });

  it('keeps the good ones, names the bad ones, and takes secrets out', async () => {
    const event = good();
    const answer = await reportSecurityEvents(made.responder, {
      source: 'waf',
      events: [
        event,
        { ...event, kind: 'weather' },
        { ...event, at: new Date(Date.now() + 3_600_000).toISOString() },
        { ...event, service: 'nowhere' },
        event,
        'nonsense',
      ],
    });
    expect(answer.accepted).toBe(1);
    expect(answer.repeated).toBe(1);
    expect(answer.errors.map(({ index }) => index)).toEqual([1, 2, 3, 5]);
    expect(answer.errors[1]?.message).toMatch(/in the future/);
    const { rows } = await listSecurityEvents(made.responder, { source: 'waf' });
    expect(rows).toMatchObject([{ evidence: 'user [address], password=[redacted]' }]);
    const again = await reportSecurityEvents(made.responder, { source: 'waf', events: [event] });
    expect(again).toEqual({ accepted: 0, repeated: 1, errors: [] });
    expect((await countEvents(made.responder, {})).bySource).toContainEqual({ name: 'waf', count: 1 });
  });

  it("may not pass for the console's own", async () => {
    const forged = reportSecurityEvents(made.responder, { source: 'request-log', events: [good()] });
    await expect(forged).rejects.toThrow(/own/);
  });
});
