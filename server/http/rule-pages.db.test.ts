import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveAlert } from '#server/monitoring/alerts/commands';
import type { TestApp } from '#server/testing/context';
import { addAlert } from '#server/testing/rules';
import {
  cookieOf,
  createWebTestApp,
  formBody,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

/* Pages about rules and alerts, and downloads, as a browser without JavaScript has them. */

let app: TestApp;
let web: TestWebServer;
let cookie: string;

beforeAll(async () => {
  app = await createWebTestApp();
  web = await startTestWebServer(app);
  cookie = await cookieOf(await app.asRole('commander'));
});
afterAll(async () => {
  await web.close();
  await app.close();
});

async function send(address: string, values: Record<string, string>) {
  const response = await web.request(address, { ...formBody(values), cookie });
  return { status: response.status, html: await response.text() };
}

const fieldOf = (html: string, name: string) =>
  new RegExp(`<input[^>]* name="${name}"[^>]*>`).exec(html)?.[0];

describe('a new rule', () => {
  it('keeps what was typed when it is to look at something else', async () => {
    const typed = {
      kind: 'ratio',
      title: 'Long queue',
      key: 'long-queue',
      threshold: '12,5',
      intent: 'kind:gauge',
    };
    const { status, html } = await send('/alerts/rules/new?kind=ratio', typed);
    expect(status).toBe(200);
    expect(fieldOf(html, 'title')).toContain('value="Long queue"');
    expect(fieldOf(html, 'kind')).toContain('value="gauge"');
    expect(html).toContain('Taken together as');
    const refused = await send('/alerts/rules/new?kind=ratio', { ...typed, kind: 'gauge', intent: 'save' });
    expect(refused.status).toBe(400);
    expect(refused.html).toContain('Taken together as');
    expect(fieldOf(refused.html, 'threshold')).toContain('value="12,5"');
  });
});

describe('an alert', () => {
  it('gives back what was typed into the form that was refused, and nothing to the other', async () => {
    const id = await addAlert(app.system);
    const { status, html } = await send(`/alerts/${id}`, {
      intent: 'acknowledge',
      note: 'On it',
      minutes: '9999',
    });
    expect(status).toBe(400);
    expect(fieldOf(html, 'note')).toContain('value="On it"');
    expect(fieldOf(html, 'minutes')).toContain('value="9999"');
    const other = await send(`/alerts/${id}`, { intent: 'resolve', note: 'On it', reason: 'no' });
    expect(fieldOf(other.html, 'reason')).toContain('value="no"');
    expect(fieldOf(other.html, 'note')).not.toContain('On it');
  });
});

describe('a rule', () => {
  it('is switched off with a reason, which a refusal keeps', async () => {
    const address = '/alerts/rules/health-critical';
    const off = { intent: 'switch', enabled: 'false' };
    const refused = await send(address, { ...off, reason: ' x' });
    expect(refused.status).toBe(400);
    expect(refused.html).toContain('Say why, in a few words.');
    expect(fieldOf(refused.html, 'reason')).toContain('value=" x"');
    const done = await send(address, { ...off, reason: 'Moved elsewhere' });
    expect(done.status).toBe(303);
    const entry = await app.system.db.auditEntry.findFirstOrThrow({ where: { action: 'rules.switch' } });
    expect(entry.reason).toBe('Moved elsewhere');
  });
});

describe('downloads', () => {
  const download = async (address: string) => {
    const response = await web.request(address, { cookie });
    expect(response.status).toBe(200);
    const [header = '', ...lines] = (await response.text()).trim().split(/\r?\n/);
    return { header, lines };
  };

  it('have alerts as they fired, so that another one moves none', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      ids.push(await addAlert(app.system));
      // Those of the same millisecond have no order.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const commander = await app.asRole('commander');
    await resolveAlert(commander, { alertId: ids[1], reason: 'Over' });
    const { lines } = await download('/alerts.csv');
    expect(lines.slice(-3).map((line) => line.slice(0, 36))).toEqual(ids);
    const open = await download('/alerts.csv?state=open');
    expect(open.lines.slice(-2).map((line) => line.slice(0, 36))).toEqual([ids[0], ids[2]]);
  });

  it('have rules with how each stands in each environment, and those that stand nowhere', async () => {
    const { header, lines } = await download('/alerts/rules.csv');
    expect(header).toContain('key,title,fires when,severity');
    const rules = await app.system.db.alertRule.findMany({ include: { states: true } });
    expect(lines).toHaveLength(rules.reduce((sum, { states }) => sum + Math.max(1, states.length), 0));
    expect((await download('/alerts/rules.csv?search=no+such+rule')).lines).toEqual([]);
  });

  it('have what was switched on in that order, and are refused to nobody', async () => {
    const ids = [app.ids.uuid(), app.ids.uuid()];
    for (const [index, id] of ids.entries())
      await app.system.db.$executeRaw`
        INSERT INTO toggle (id, service, environment, kind, reason, settings, started_by_type, started_by_name, verification,
          ended_at, ended_by_name, end_reason)
        VALUES (${id}::uuid, 'shop', 'production', 'maintenance', ${`Reason, ${index}`}, '{}', 'user', 'Cora', 'verified',
          clock_timestamp(), 'Cora', 'Over')`;
    const { lines } = await download('/maintenance.csv');
    expect(lines.map((line) => line.slice(0, 36))).toEqual(ids);
    expect(lines[0]).toContain('"Reason, 0"');
    for (const address of ['/maintenance.csv', '/alerts/rules.csv'])
      expect((await web.request(address)).headers.get('Location')).toMatch(/^\/login/);
  });
});
