import { expectNoSideScroll, visit } from './support/page';
import { answered, expect, test } from './support/test';

test('the health of the shop is told thing by thing, on a phone too, and its pages are looked at', async ({
  open,
  shop,
}) => {
  await shop.prepare({ live: 'v1.3.0' });
  const page = await open('viewer', { viewport: { width: 375, height: 812 } });
  await visit(page, '/checks?environment=production');
  const list = page.getByRole('region', { name: 'Checks by service and environment' });
  await expect(list.getByRole('row').filter({ hasText: 'Health' })).toContainText('Well', {
    timeout: 20_000,
  });
  await expect(list.getByRole('row').filter({ hasText: '/api/auth/status' })).toContainText('Well');
  await expectNoSideScroll(page);
  await list.getByRole('link', { name: 'Health' }).click();
  const needs = page.getByRole('region', { name: 'What it needs' });
  for (const name of ['database', 'auth', 'payments', 'cache', 'external-apis'])
    await expect(needs.getByRole('listitem').filter({ hasText: name })).toContainText('Well');
  await expect(page.getByRole('region', { name: 'Uptime' })).toContainText('%');
  await expectNoSideScroll(page);
  await expect(page.getByRole('button', { name: 'Run now' })).toHaveAttribute('aria-disabled', 'true');
});

test('a check of one’s own is refused elsewhere, added, seen to fail, changed, paused and taken away', async ({
  open,
  shop,
  allowProblems,
}) => {
  allowProblems(answered(422));
  await shop.prepare({ live: 'v1.3.0' });
  const page = await open('commander');
  await visit(page, '/checks');
  await page.getByRole('link', { name: 'Add a check' }).click();
  await page.getByRole('heading', { level: 1, name: 'Add a check' }).waitFor();
  await page.getByRole('combobox', { name: 'Environment', exact: true }).selectOption('shop/production');
  await page.getByLabel('Key', { exact: true }).fill('cellar');
  await page.getByLabel('Name', { exact: true }).fill('The cellar');
  await page.getByLabel('Address', { exact: true }).fill('http://169.254.169.254/latest');
  await page.getByLabel('Every, seconds').fill('1');
  await page.getByRole('button', { name: 'Add the check' }).click();
  await expect(page.getByRole('alert')).toContainText('does not let checks ask 169.254.169.254');
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('The cellar');
  await page.getByLabel('Address', { exact: true }).fill(new URL('/cellar', shop.shopUrl).href);
  await page.getByRole('button', { name: 'Add the check' }).click();
  await expect(page.getByText('Answered with status 404, not 200.').first()).toBeVisible({ timeout: 15_000 });
  await expect(page.getByText(/^[2-9]\d* in a row, since/)).toBeVisible({ timeout: 15_000 });

  await page.getByRole('link', { name: 'Change' }).click();
  await page.getByLabel('Status', { exact: true }).fill('404');
  await page.getByRole('button', { name: 'Save the change' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Well', { timeout: 15_000 });
  await page.getByLabel('Why it should rest').fill('Being swept');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText('Paused by Camille Roux: Being swept')).toBeVisible();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Well', { timeout: 15_000 });
  await page.getByRole('link', { name: 'Change' }).click();
  await expect(page.getByRole('button', { name: 'Take away The cellar' })).toBeHidden();
  await page.getByText('What that does').click();
  await expect(page.getByText('Rules that look at it fall silent')).toBeVisible();
  await page.getByRole('button', { name: 'Take away The cellar' }).click();
  await expect(page).toHaveURL(/\/checks$/);
  await expect(page.getByRole('link', { name: 'The cellar' })).toHaveCount(0);
});

test('a filter that comes with a link stays beside those of the form, is shown, and can be taken away', async ({
  open,
}) => {
  const page = await open('viewer');
  await visit(page, '/');
  await page
    .getByRole('list', { name: 'Key figures' })
    .first()
    .getByRole('link', { name: /^Alerts/ })
    .click();
  await expect(page).toHaveURL(/\/alerts\?.*service=shop/);
  const service = page.getByRole('link', { name: /^service: shop/ });
  await expect(service).toBeVisible();
  await page.getByRole('combobox', { name: 'Severity' }).selectOption('critical');
  await expect(page).toHaveURL(/severity=critical/);
  await expect(page).toHaveURL(/service=shop/);
  await service.click();
  await expect(page).not.toHaveURL(/service=/);
  await expect(page).toHaveURL(/severity=critical/);
  await expect(service).toHaveCount(0);
});
