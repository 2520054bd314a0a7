import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusPageHandlers } from '#server/http/status-page';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { addIncidentNote } from '#server/incidents/commands/write-timeline';
import { type Ctx, createApp } from '#server/platform/context';
import { openDatabase } from '#server/platform/db';
import { keepStatusDraft } from '#server/status/commands/keep-drafts';
import { announceMaintenance } from '#server/status/commands/manage-page';
import { postStatusUpdate } from '#server/status/commands/post-update';
import { keepStatusCopy, type StatusCopy } from '#server/status/copy';
import { syncStatusComponents } from '#server/status/keep-page';
import type { TestApp } from '#server/testing/context';
import { eventually } from '#server/testing/eventually';
import { FakeClock } from '#server/testing/fake-clock';
import { createWebTestApp, startTestWebServer, type TestWebServer } from '#server/testing/web-server';

const SECRETS = ['SESAME-TITLE', 'SESAME-NOTE', 'SESAME-NAME', 'SESAME-REASON', 'SESAME-DRAFT'];

let app: TestApp;
let web: TestWebServer;
let author: Ctx;
let addresses: string[];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ops-status-test-'));
  app = await createWebTestApp();
  web = await startTestWebServer(app);
  const responder = await app.asRole('responder');
  author = responder.as({ ...responder.actor, name: 'SESAME-NAME' });
  await syncStatusComponents(app.system);
  const { number: inside } = await declareIncident(author, { title: 'SESAME-TITLE', level: 1 });
  await addIncidentNote(author, { number: inside, text: 'SESAME-NOTE' });
  const { number } = await postStatusUpdate(author, {
    incident: inside,
    title: 'Paying <fails> & "more"',
    state: 'identified',
    text: '<script>alert(1)</script>',
    impacts: [{ component: 'shop-production', impact: 'degraded' }],
  });
  for (const about of [{ number }, {}])
    await keepStatusDraft(author, {
      ...about,
      title: 'SESAME-DRAFT title',
      state: 'resolved',
      text: 'SESAME-DRAFT text',
      impacts: [{ component: 'shop-production', impact: 'major_outage' }],
    });
  await announceMaintenance(author, {
    title: 'A new till',
    text: 'Paying pauses',
    startsAt: new Date(Date.now() + 3_600_000).toISOString(),
    endsAt: new Date(Date.now() + 7_200_000).toISOString(),
    components: ['shop-production'],
  });
  await app.system.db.$executeRaw`
    INSERT INTO toggle (id, service, environment, kind, reason, settings, started_by_type, started_by_name, verification)
    VALUES (gen_random_uuid(), 'shop', 'production', 'maintenance', 'SESAME-REASON', '{}', 'user', 'SESAME-NAME', 'pending')`;
  await web.statusCopy.refresh();
  addresses = ['/status', '/status/history', `/status/incidents/${number}`, '/status.json', '/status.rss'];
});
afterAll(async () => {
  await web.close();
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the public status page', () => {
  it('is open to anybody, says what was told, and nothing of the inside', async () => {
    for (const address of addresses) {
      const response = await web.request(address);
      const text = await response.text();
      expect([address, response.status]).toEqual([address, 200]);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get('Cache-Control')).toMatch(/^public, max-age=5,/);
      expect(text).toContain('Paying');
      for (const secret of [...SECRETS, 'INC-', author.actor.id ?? '']) expect(text).not.toContain(secret);
    }
  });

  it('runs no script that somebody wrote into a text, and none of its own', async () => {
    for (const address of addresses.filter((each) => !each.endsWith('.json'))) {
      const text = await (await web.request(address)).text();
      expect(text).not.toContain('<script');
      expect(text).toContain('Paying &lt;fails&gt; &amp; &quot;more&quot;');
    }
    expect(JSON.parse(await (await web.request('/status.json')).text())).toMatchObject({
      isUpToDate: true,
      overall: 'degraded',
      components: [{ name: 'Shop', state: 'degraded' }],
    });
  });

  it('read anew has what was committed before, also when a reading was under way', async () => {
    const client = new pg.Client({ connectionString: app.testDatabase.adminUrl });
    await client.connect();
    try {
      await client.query('BEGIN; LOCK TABLE status_maintenance IN ACCESS EXCLUSIVE MODE');
      const early = web.statusCopy.refresh();
      // It has read the incidents, and waits for the maintenance.
      await eventually(async () => {
        await client.query('SELECT pg_stat_clear_snapshot()');
        const { rows } = await client.query(
          `SELECT count(*) FILTER (WHERE wait_event_type = 'Lock')::int AS waiting, count(*)::int AS active
           FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`,
        );
        expect(rows).toEqual([{ waiting: 1, active: 1 }]);
      });
      const { title } = await postStatusUpdate(author, {
        title: 'Posted meanwhile',
        state: 'investigating',
        text: 'We look into it.',
        impacts: [{ component: 'shop-production', impact: 'degraded' }],
      });
      const late = web.statusCopy.refresh();
      await client.query('COMMIT');
      await Promise.all([early, late]);
      expect(await (await web.request('/status')).text()).toContain(title);
    } finally {
      await client.end();
    }
  });

  it('is not sent again to whoever has it, and sent smaller to whoever can take that', async () => {
    const first = await web.request('/status', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(first.headers.get('Content-Encoding')).toBe('gzip');
    const etag = first.headers.get('ETag') ?? '';
    // Without a word of its own the client asks for a new one whatever it has.
    const headers = { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' };
    const again = await web.request('/status', { headers });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const plain = await web.request('/status', { headers: { 'Accept-Encoding': 'identity' } });
    expect(plain.headers.get('Content-Encoding')).toBeNull();
    expect(await plain.text()).toBe(await first.text());
  });

  it('answers to what there is not with what to do', async () => {
    expect((await web.request('/status/incidents/999999')).status).toBe(404);
    expect((await web.request('/status/incidents/x')).status).toBe(400);
    expect((await web.request('/status/history?page=nonsense')).status).toBe(200);
    expect((await web.request('/status', { method: 'POST' })).status).toBe(405);
  });
});

/** Answers as a process does whose database has gone, with nothing but a copy. */
async function serveWithoutDatabase(directory: string, clock: FakeClock) {
  const gone = openDatabase('postgres://nobody@127.0.0.1:9/none', {
    poolSize: 2,
    statementTimeoutMs: 1_000,
    idleInTransactionTimeoutMs: 1_000,
  });
  const lonely = createApp({ ...app, clock, database: gone });
  const copy: StatusCopy = await keepStatusCopy(lonely, directory);
  const server = express();
  for (const [address, handler] of Object.entries(statusPageHandlers(lonely, copy)))
    server.get(address, handler);
  const listening = server.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const bound = listening.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  return {
    copy,
    get: (address: string) => fetch(`http://127.0.0.1:${port}${address}`),
    close: async () => {
      await new Promise((resolve) => listening.close(resolve));
      await copy.stop();
      await gone.close();
    },
  };
}

describe('without a database', () => {
  it('a process that starts answers everything from the last good copy, and says how old it is', async () => {
    const writer = await keepStatusCopy(app, folder);
    await writer.refresh();
    await writer.stop();
    const written = await readFile(path.join(folder, 'last-good.json'), 'utf8');
    for (const secret of SECRETS) expect(written).not.toContain(secret);
    const clock = new FakeClock(new Date(Date.now() + 12 * 60_000).toISOString());
    const alone = await serveWithoutDatabase(folder, clock);
    try {
      await expect(alone.copy.refresh()).rejects.toThrow();
      for (const address of addresses) {
        const response = await alone.get(address);
        expect([address, response.status]).toEqual([address, 200]);
        expect(await response.text()).toContain('Paying');
      }
      expect(await (await alone.get('/status')).text()).toContain('brought up to date for 12 min');
      expect(await (await alone.get('/status.json')).json()).toMatchObject({ isUpToDate: false });
      expect(await (await alone.get('/status.rss')).text()).toContain(
        'could not be brought up to date since',
      );
      clock.advance(30 * 60_000);
      expect(await (await alone.get('/status')).text()).toContain('brought up to date for 42 min');
    } finally {
      await alone.close();
    }
  });

  it('a copy of a release that knew no headings is answered from', async () => {
    const file = path.join(folder, 'last-good.json');
    const good = await readFile(file, 'utf8');
    const { at, status } = JSON.parse(good) as { at: string; status: { components: { group?: string }[] } };
    expect(status.components).toMatchObject([{ group: '' }]);
    for (const each of status.components) delete each.group;
    await writeFile(file, JSON.stringify({ at, status }));
    const alone = await serveWithoutDatabase(folder, new FakeClock());
    try {
      const response = await alone.get('/status');
      expect([response.status, (await response.text()).includes('<h3>Shop</h3>')]).toEqual([200, true]);
    } finally {
      await alone.close();
      await writeFile(file, good);
    }
  });

  it('a copy that cannot be used is none: the page says that nothing was measured', async () => {
    const file = path.join(folder, 'last-good.json');
    const good = await readFile(file, 'utf8');
    await writeFile(file, good.slice(0, -20));
    const alone = await serveWithoutDatabase(folder, new FakeClock());
    try {
      const response = await alone.get('/status');
      expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5']);
    } finally {
      await alone.close();
    }
  });
});
