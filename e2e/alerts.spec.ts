import { setTimeout as delay } from 'node:timers/promises';
import { query } from './support/database';
import { injectFaults } from './support/faults';
import { expectNoSideScroll, visit } from './support/page';
import { switchRuleOff } from './support/rules';
import { answered, expect, test } from './support/test';
import { sendVisitors } from './support/visitors';

test('an alert is seen, acknowledged with one thumb and resolved, and says who was told', async ({
  open,
  guarded: shop,
  allowProblems,
}) => {
  allowProblems(answered(400));
  const key = `phone-${Date.now().toString(36)}`;
  await shop.prepare({ live: 'v1.2.0' });
  await injectFaults(shop);
  const commander = await open('commander');
  await visit(commander, '/alerts/rules/new?kind=ratio');
  const form = commander.getByRole('main').locator('form');
  await form.getByLabel('Title').fill('Some requests fail');
  await form.getByLabel('Key').fill(key);
  await form.getByLabel('Where').selectOption('guarded/preview');
  await form.getByLabel('Metric', { exact: true }).fill('http_requests_total');
  await form.getByLabel('Labels (optional)').first().fill('status=5xx');
  await form.getByLabel('Of the metric').fill('http_requests_total');
  await form.getByLabel('The limit').fill('120');
  await form.getByLabel('For, seconds').fill('2');
  await form.getByLabel('Over, seconds').fill('5');
  await form.getByRole('button', { name: 'Add the rule' }).click();
  await expect(form.getByText('Enter 2 seconds or less')).toBeVisible();
  await expect(form.getByText('A share is 0 to 100 percent.')).toBeVisible();
  await form.getByLabel('The limit').fill('10');
  await form.getByLabel('For, seconds').fill('5');
  await form.getByLabel('Look every, seconds').fill('1');
  await form.getByRole('button', { name: 'Add the rule' }).click();
  await expect(commander).toHaveURL(new RegExp(`/alerts/rules/${key}$`));

  const visitors = sendVisitors(shop.shopUrl);
  try {
    await delay(3_000);
    await injectFaults(shop, { errorRate: 0.5 });
    const page = await open('responder', { viewport: { width: 375, height: 812 }, hasTouch: true });
    await visit(page, `/alerts?rule=${key}`);
    const alert = page.getByRole('main').getByRole('listitem').filter({ hasText: 'Some requests fail' });
    // The list follows by itself.
    await expect(alert).toContainText('Firing', { timeout: 30_000 });
    await expectNoSideScroll(page);
    const button = alert.getByRole('button', { name: 'Acknowledge' });
    expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    await button.click();
    await expect(alert).toContainText('Acknowledged');
    await alert.getByRole('link', { name: 'Some requests fail' }).click();
    await expectNoSideScroll(page);
    await expect(page.getByRole('region', { name: 'Why it fired' })).toContainText('above the limit of 10 %');
    await expect(page.getByRole('region', { name: 'Who was told' })).toContainText('ALERTS');
    await page.getByText('Resolve it by hand').click();
    await expect(page.getByRole('button', { name: 'Resolve' })).toHaveAttribute('aria-disabled', 'true');

    await visit(commander, new URL(page.url()).pathname);
    await commander.getByText('Resolve it by hand').click();
    await commander.getByLabel('Why it is over').fill('A test of the pager');
    await commander.getByRole('button', { name: 'Resolve' }).click();
    await expect(commander.getByRole('region', { name: 'What became of it' })).toContainText(
      'A test of the pager',
    );
    const csv = await shop.as('viewer').get(`/alerts.csv?rule=${key}`);
    expect(csv.text).toContain('A test of the pager');
  } finally {
    await injectFaults(shop);
    await visitors.stop();
  }
  await switchRuleOff(commander, key);
  const left = await query("SELECT 1 FROM alert WHERE rule_key = $1 AND state <> 'resolved'", [key]);
  expect(left).toEqual([]);
});
