import { readFileSync } from 'node:fs';
import { expectNoSideScroll, visit } from './support/page';
import { answered, expect, test } from './support/test';

const PHONE = { viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true };

test('an admin tests a channel without a webhook, sees why nothing came, and tries again', async ({
  open,
}) => {
  const page = await open('admin');
  await visit(page, '/settings/channels');
  const critical = page.getByRole('region', { name: 'CRITICAL' });
  await expect(critical).toContainText('set SLACK_WEBHOOK_CRITICAL');
  await critical.getByRole('button', { name: 'Test CRITICAL' }).click();
  await expect(page).toHaveURL(/\/alerts\/deliveries\/[0-9a-f-]{36}$/);
  await expect(page.getByText('No webhook for CRITICAL: set SLACK_WEBHOOK_CRITICAL.').first()).toBeVisible();
  const attempts = page.getByRole('region', { name: 'Attempts' }).getByRole('listitem');
  await expect(attempts).toHaveCount(1);
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(attempts).toHaveCount(2);
  await page.getByRole('link', { name: 'Deliveries' }).filter({ visible: true }).first().click();
  await page.getByRole('combobox', { name: 'State' }).selectOption('skipped');
  await expect(page).toHaveURL(/state=skipped/);
  await page.getByRole('combobox', { name: 'Channel' }).selectOption('CRITICAL');
  await expect(page).toHaveURL(/channel=CRITICAL/);
  await expect(page.getByRole('link', { name: 'Test of CRITICAL' }).first()).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV' }).click(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n');
  expect(lines[0]).toContain('state,reason,attempts');
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines.slice(1)) expect(line).toContain('No webhook for CRITICAL');
});

test('a channel is muted with a reason and speaks again; a handle gets its Slack id', async ({
  open,
  allowProblems,
}) => {
  allowProblems(answered(400));
  const page = await open('admin');
  await visit(page, '/settings/channels');
  const business = page.getByRole('region', { name: 'BUSINESS' });
  await business.locator('summary').click();
  await business.getByLabel('Why BUSINESS is muted').fill('planned sale');
  await business.getByRole('button', { name: 'Mute it' }).click();
  await expect(business).toContainText('planned sale');
  await business.getByRole('button', { name: 'Unmute BUSINESS' }).click();
  await expect(business).not.toContainText('planned sale');
  await page.getByLabel('Slack id of @devops').fill('devops-team');
  await page.getByRole('button', { name: 'Save @devops' }).click();
  await expect(page.getByText('Enter a Slack member id').first()).toBeVisible();
  await expect(page.getByLabel('Slack id of @devops')).toHaveValue('devops-team');
  await page.getByLabel('Slack id of @devops').fill('S0HERBS');
  await page.getByRole('button', { name: 'Save @devops' }).click();
  await expect(page.getByText('Rings a user group')).toBeVisible();
});

test('a viewer on a phone reads, and changes nothing', async ({ open }) => {
  const admin = await open('admin');
  await visit(admin, '/settings/channels');
  await admin.getByRole('button', { name: 'Test SECURITY' }).click();
  await expect(admin.getByText('No webhook for SECURITY').first()).toBeVisible();
  const page = await open('viewer', PHONE);
  await visit(page, '/alerts/deliveries');
  await expectNoSideScroll(page);
  await page.getByRole('link', { name: 'Test of SECURITY' }).first().click();
  await expect(page.getByRole('button', { name: 'Send again' })).toHaveAttribute('aria-disabled', 'true');
  await expectNoSideScroll(page);
  await visit(page, '/settings/channels');
  await expect(page.getByRole('button', { name: 'Test ALERTS' })).toHaveAttribute('aria-disabled', 'true');
  await expect(page.getByLabel('New handle')).toHaveCount(0);
  await expectNoSideScroll(page);
});
