import { setTimeout as delay } from 'node:timers/promises';
import { query } from './support/database';
import type { Environment } from './support/environment';
import { injectFaults } from './support/faults';
import { visit } from './support/page';
import { addErrorRule, switchRuleOff } from './support/rules';
import { expect, test } from './support/test';
import { sendVisitors } from './support/visitors';

const FOR_SECONDS = 8;

async function alertsOf(key: string) {
  return query<{ id: string; state: string; openedAt: Date; breachSince: Date }>(
    'SELECT id::text, state, opened_at AS "openedAt", breach_since AS "breachSince" FROM alert WHERE rule_key = $1 ORDER BY opened_at',
    [key],
  );
}

async function rollbackOf(shop: Environment, alertId: string) {
  const rows = await query<{ runId: string | null; text: string; createdAt: Date | null }>(
    `SELECT e.run_id::text AS "runId", e.text, r.created_at AS "createdAt" FROM alert_event e LEFT JOIN run r ON r.id = e.run_id
     WHERE e.alert_id = $1 AND e.kind = 'decision'`,
    [alertId],
  );
  const [decision] = rows;
  return decision?.runId ? { ...decision, run: await shop.run(decision.runId) } : (decision ?? null);
}

test('a release that breaks is rolled back by itself in time, a short spike does nothing, and it never goes on', async ({
  open,
  guarded: shop,
}) => {
  const key = `story-${Date.now().toString(36)}`;
  await injectFaults(shop).catch(() => undefined);
  await shop.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('commander');
  await addErrorRule(page, { key, title: 'Errors of the story', forSeconds: FOR_SECONDS });
  const visitors = sendVisitors(shop.shopUrl);
  try {
    // What the counters show is known before anything is broken.
    await delay(4_000);
    await injectFaults(shop, { errorRate: 1, releases: ['v1.3.0'] });
    await delay((FOR_SECONDS - 3) * 1_000);
    await injectFaults(shop);
    await delay((FOR_SECONDS + 4) * 1_000);
    expect(await alertsOf(key), 'a spike').toEqual([]);

    const brokenAt = Date.now();
    await injectFaults(shop, { errorRate: 1, releases: ['v1.3.0'] });
    await expect.poll(async () => (await alertsOf(key)).length, { timeout: 40_000 }).toBe(1);
    const [alert] = await alertsOf(key);
    await expect.poll(() => rollbackOf(shop, alert?.id ?? ''), { timeout: 20_000 }).not.toBeNull();
    const decision = await rollbackOf(shop, alert?.id ?? '');
    expect(decision?.text).toBe('The console rolls it back: v1.3.0 goes back to v1.2.0.');
    const beganMs = (decision?.createdAt?.getTime() ?? Number.POSITIVE_INFINITY) - brokenAt;
    expect(beganMs, `the rollback began ${beganMs} ms after the fault`).toBeLessThanOrEqual(
      (FOR_SECONDS + 3) * 1_000,
    );
    expect(beganMs).toBeGreaterThan((FOR_SECONDS - 2) * 1_000);
    expect((await shop.ended(decision?.runId ?? '')).status).toBe('succeeded');
    await expect
      .poll(async () => (await fetch(`${shop.shopUrl}/shop`)).status, { timeout: 10_000 })
      .toBe(200);
    expect(await shop.served()).toBe('v1.2.0');
    expect(await shop.verdict('v1.3.0')).toBe('faulty');

    await visit(page, `/alerts/${alert?.id}`);
    await expect(page.getByRole('region', { name: 'Why it fired' })).toContainText('above the limit of 20 %');
    await expect(page.getByRole('img', { name: /the limit is 20 %/ })).toBeVisible();
    await expect(page.getByRole('region', { name: 'What became of it' })).toContainText(
      'The console rolls it back',
    );
    await page.getByRole('link', { name: 'See the run' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Roll back preview to v1.2.0');
    await expect.poll(async () => (await alertsOf(key))[0]?.state, { timeout: 40_000 }).toBe('resolved');

    // The release that is back breaks as well: the console stays where it is, and says why.
    await injectFaults(shop, { errorRate: 1, releases: ['v1.2.0'] });
    await expect.poll(async () => (await alertsOf(key)).length, { timeout: 40_000 }).toBe(2);
    const second = (await alertsOf(key))[1]?.id ?? '';
    await expect
      .poll(async () => (await rollbackOf(shop, second))?.text, { timeout: 20_000 })
      .toMatch(/^Not rolled back: v1.2.0 came here by a rollback/);
    expect(await shop.served()).toBe('v1.2.0');
  } finally {
    await injectFaults(shop);
    await visitors.stop();
  }
  await switchRuleOff(page, key);
  expect((await alertsOf(key)).map(({ state }) => state)).toEqual(['resolved', 'resolved']);
});

test('ten hostile requests lock the shop down, and a person unlocks it', async ({
  open,
  shop,
  allowProblems,
}) => {
  allowProblems(/status of 422/);
  await shop.prepare({ live: 'v1.2.0' });
  const page = await open('commander');
  const before = await alertsOf('security-breach');
  // While one is open, no other is opened.
  for (const { id } of before.filter(({ state }) => state !== 'resolved'))
    await shop.as('commander').post(`/alerts/${id}`, { intent: 'resolve', reason: 'Of another story' });
  const fired = async () => {
    const old = new Set(before.map(({ id }) => id));
    return (await alertsOf('security-breach')).filter(
      ({ id, state }) => !old.has(id) && state !== 'resolved',
    );
  };
  for (let index = 0; index < 10; index += 1) {
    await fetch(`${shop.shopUrl}/shop?q=%27%20OR%20%27${index}%27%3D%27${index}`);
  }
  await expect.poll(async () => (await fired()).length, { timeout: 30_000 }).toBe(1);
  const [alert] = await fired();
  for (const address of ['/login', '/checkout', '/admin']) {
    await expect
      .poll(async () => (await fetch(`${shop.shopUrl}${address}`, { redirect: 'manual' })).status, {
        timeout: 30_000,
      })
      .toBe(423);
  }
  await visit(page, '/alerts?rule=security-breach');
  await page
    .getByRole('link', { name: /Ten SQL injection attempts/ })
    .and(page.locator(`[href="/alerts/${alert?.id}"]`))
    .click();
  await expect(page.getByRole('region', { name: 'What became of it' })).toContainText(
    'Locked down by the console. A person lifts it.',
  );
  // Whatever was decided about a rollback has ended before the next story.
  for (const run of await shop.runs()) {
    if (!['succeeded', 'failed', 'cancelled', 'timed_out'].includes(run.status)) await shop.ended(run.id);
  }
  await visit(page, '/shop/production/lockdown');
  await page.getByLabel('Reason').fill('The hole is closed');
  await page.getByLabel('Type production to confirm').fill('production');
  await page.getByLabel('Your password').fill('commander-herbisveritas');
  await page.getByRole('button', { name: 'Unlock production' }).click();
  await expect.poll(async () => (await fetch(`${shop.shopUrl}/login`)).status, { timeout: 30_000 }).toBe(200);
});
