import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { query, queryShop } from './support/database';
import { injectFaults } from './support/faults';
import { resolveIncident } from './support/incidents';
import { visit } from './support/page';
import { addErrorRule, switchRuleOff } from './support/rules';
import { expect, test } from './support/test';
import { sendVisitors } from './support/visitors';

const FOR_SECONDS = 5;
/** No other story has it rolled back: each release gets one attempt. */
const BAD = 'v1.4.0-lint';
const WEEK = 7 * 86_400;
/** What came in each second of the same hour of each of the four weeks before, in cents; the last week first. */
const CENTS_PER_SECOND = [410, 130, 290, 370];

/** Two hours of orders in each week before, one each second, and a visit now and then since yesterday. */
async function sellInTheWeeksBefore(): Promise<void> {
  await queryShop(
    `INSERT INTO preview.customer_order (id, email, contact_name, delivery_cents, total_cents, release, placed_at)
     SELECT 'story-' || w || '-' || s, 'ana@herbs.example', 'Ana', 0, ($1::int[])[w], 'v1.2.0',
       now() - w * $2::int * interval '1 second' + (s - 3600) * interval '1 second'
     FROM generate_series(1, 4) w, generate_series(0, 7199) s ON CONFLICT DO NOTHING`,
    [CENTS_PER_SECOND, WEEK],
  );
  await queryShop(
    `INSERT INTO preview.customer_order (id, email, contact_name, delivery_cents, total_cents, release, placed_at)
     VALUES ('story-today', 'ana@herbs.example', 'Ana', 0, 500, 'v1.2.0', now() - interval '2 hours') ON CONFLICT DO NOTHING`,
  );
}

/** What is missing of what came in during the same span of the week before, from the least to the most, in cents. */
async function lostBetween(from: Date, until: Date): Promise<[number, number]> {
  const sums: number[] = [];
  for (const week of [0, 1, 2, 3, 4]) {
    const [row] = await queryShop(
      `SELECT coalesce(sum(total_cents), 0)::int AS cents FROM preview.customer_order
       WHERE placed_at >= $1::timestamptz - $3::int * interval '1 second'
         AND placed_at < $2::timestamptz - $3::int * interval '1 second'`,
      [from, until, week * WEEK],
    );
    sums.push(Number(row?.cents));
  }
  const [got = 0, ...before] = sums;
  const lost = (expected: number) => Math.max(0, expected - got);
  return [lost(Math.min(...before)), lost(Math.max(...before))];
}

async function write(page: Page, text: string): Promise<void> {
  const line = page.getByLabel('Add to the timeline', { exact: true });
  await line.fill(text);
  await line.press('Control+Enter');
  await expect(line).toHaveValue('');
}

test('from a bad release to a reminder of what it taught, without copying anything by hand', async ({
  open,
  guarded: shop,
}) => {
  test.setTimeout(240_000);
  const key = `whole-${Date.now().toString(36)}`;
  await injectFaults(shop).catch(() => undefined);
  // One that came back by a rollback stands at its old place of the history, behind what was deployed since: this one is
  // deployed anew.
  await shop.prepare({ live: 'v1.3.0' });
  await shop.prepare({ live: 'v1.2.0' });
  // What other stories left open would be joined.
  const left = await query<{ number: number }>(
    "SELECT number FROM incident WHERE service = 'guarded' AND state <> 'resolved' AND merged_into_id IS NULL",
  );
  for (const { number } of left) await resolveIncident(shop.as('commander'), number);
  await sellInTheWeeksBefore();
  const commander = await open('commander');
  await addErrorRule(commander, { key, title: 'Errors of a bad release', forSeconds: FOR_SECONDS });

  // A release that breaks under its first visitors: it answers its validation well.
  expect((await shop.deploy(BAD)).status).toBe('succeeded');
  const visitors = sendVisitors(shop.shopUrl);
  try {
    await delay(4_000);
    await injectFaults(shop, { errorRate: 1, releases: [BAD] });
    await expect.poll(() => shop.served(), { timeout: 60_000 }).toBe('v1.2.0');
  } finally {
    await visitors.stop();
    await injectFaults(shop);
  }

  // The incident is there, with what was seen and what the console did.
  const opened = () =>
    query<{ number: number }>(
      `SELECT i.number FROM incident i JOIN incident_entry e ON e.incident_id = i.id JOIN alert a ON a.id = e.alert_id
       WHERE a.rule_key = $1 GROUP BY 1`,
      [key],
    );
  await expect.poll(async () => (await opened()).length, { timeout: 30_000 }).toBe(1);
  const number = Number((await opened())[0]?.number);
  await visit(commander, '/incidents?state=open');
  await commander
    .getByRole('main')
    .getByRole('link', { name: `INC-${number}` })
    .first()
    .click();
  const timeline = commander.getByRole('region', { name: 'Timeline', exact: true });
  await expect(timeline).toContainText('The alert "Errors of a bad release" fires on guarded/preview');
  await expect(timeline).toContainText('above the limit of 20 %');
  await expect(timeline).toContainText(`${BAD} goes back to v1.2.0`);
  await expect(timeline.getByRole('link', { name: /run/i }).first()).toBeVisible();

  await write(commander, '/assign commander');
  await expect(commander.getByText('Camille Roux commands it')).toBeVisible();
  await write(commander, 'The new tax table divides by nothing');
  await write(commander, 'Visitors buy again since the rollback');
  await expect(timeline).toContainText('The new tax table divides by nothing');
  await expect(timeline).toContainText('Visitors buy again since the rollback');

  // What the public is told.
  await commander.getByRole('main').getByRole('link', { name: 'Tell the public' }).click();
  await commander.getByLabel('What visitors notice').fill(`Paying failed ${key}`);
  await commander.getByLabel('What the public should know').fill('Payments failed for a minute.');
  await commander.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(commander.getByRole('region', { name: 'Open, outside' })).toContainText(
    `Paying failed ${key}`,
  );
  const visitor = await open(null, { javaScriptEnabled: false });
  await expect(async () => {
    await visitor.goto('/status');
    await expect(visitor.getByRole('article').filter({ hasText: `Paying failed ${key}` })).toBeVisible({
      timeout: 500,
    });
  }).toPass({ timeout: 30_000 });
  expect(await visitor.content()).not.toContain('tax table');

  await visit(commander, `/incidents/${number}`);
  await expect(timeline).toContainText('Payments failed for a minute.');
  await write(commander, '/status resolved Rolled back to v1.2.0');
  await expect(commander.getByRole('region', { name: 'State: resolved' })).toBeVisible();

  // The post-mortem: begun by the console, with how long it took, what happened and what it cost.
  const [times] = await query<{ from: Date; until: Date }>(
    'SELECT started_at AS "from", resolved_at AS until FROM incident WHERE number = $1',
    [number],
  );
  if (!times) throw new Error('The incident is gone');
  const responder = await open('responder');
  await expect(async () => {
    await visit(responder, `/postmortems?view=missing&search=INC-${number}`);
    await expect(responder.getByRole('link', { name: `INC-${number}` }).first()).toBeVisible({
      timeout: 500,
    });
  }).toPass({ timeout: 30_000 });
  await responder
    .getByRole('link', { name: `INC-${number}` })
    .first()
    .click();
  const impact = responder.getByRole('region', { name: 'Impact' });
  const seconds = Math.round((times.until.getTime() - times.from.getTime()) / 1_000);
  const lasted = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  await expect(impact).toContainText(`Lasted ${lasted}`);
  const [low, high] = await lostBetween(times.from, times.until);
  expect(low).toBeGreaterThan(0);
  expect(high).toBeGreaterThan(low);
  const euros = (cents: number) => (cents / 100).toFixed(2);
  await expect(impact).toContainText(euros(low));
  await expect(impact).toContainText(euros(high));
  const what = responder.getByRole('region', { name: 'Timeline', exact: true });
  for (const text of ['goes back to v1.2.0', 'divides by nothing', 'buy again', 'Rolled back to v1.2.0'])
    await expect(what).toContainText(text);

  await responder.getByRole('main').getByRole('link', { name: 'Write' }).click();
  await responder.getByRole('textbox', { name: 'Root cause' }).fill('A divisor of **nothing**.');
  await responder.getByRole('button', { name: 'Save' }).click();
  await responder.getByRole('button', { name: 'Submit for review' }).click();
  await expect(responder.getByRole('region', { name: 'It waits for a review' })).toBeVisible();
  await visit(commander, `/postmortems/${number}`);
  await commander.getByRole('button', { name: 'Approve' }).click();
  await commander.getByRole('button', { name: 'Publish' }).click();
  await expect(commander.getByRole('region', { name: 'It is published' })).toBeVisible();

  const items = commander.getByRole('region', { name: 'Action items' });
  await items.getByLabel('What is to be done').fill('A test of the tax table');
  await items
    .getByLabel('Due', { exact: true })
    .fill(new Date(Date.now() - 86_400_000).toISOString().slice(0, 10));
  await items.getByRole('button', { name: 'Add an action item' }).click();
  await expect(items.getByRole('listitem')).toContainText('A test of the tax table');
  // Slack has taken the reminder.
  await expect
    .poll(
      () =>
        query(
          `SELECT d.state, d.channel FROM notification n JOIN notification_delivery d ON d.notification_id = n.id
           WHERE n.link = $1 AND n.kind LIKE 'action-item.%'`,
          [`/postmortems/${number}`],
        ),
      { timeout: 90_000, intervals: [1_000] },
    )
    .toEqual([{ state: 'sent', channel: 'ALERTS' }]);
  await switchRuleOff(commander, key);
});
