import { hydrated, logOf, openRunId, pastArrival, runStatus, step } from './support/page';
import { expect, test } from './support/test';

test('somebody on call signs in, deploys a release, watches it and sees it live', async ({ open, shop }) => {
  await shop.prepare({ live: 'v1.2.0' });
  const page = await open(null);
  await page.goto('/shop/production/deployments/new');
  await expect(page).toHaveURL(/\/login\?redirectTo=/);
  await page.getByLabel('E-mail').fill('responder@demo.herbisveritas.example');
  await page.getByLabel('Password', { exact: true }).fill('responder-herbisveritas');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL('/shop/production/deployments/new');
  await hydrated(page);

  await page
    .getByRole('radio', { name: /v1\.3\.0/ })
    .filter({ visible: true })
    .check();
  await expect(page).toHaveURL(/tag=v1\.3\.0$/);
  const commits = page.getByRole('region', { name: 'Commits since v1.2.0' });
  await expect(commits.getByRole('listitem')).toHaveCount(1);
  const plan = page.getByRole('region', { name: 'What will happen' });
  await expect(plan.getByRole('listitem').filter({ hasText: 'Health gate' })).toContainText(
    '3 good answers in a row',
  );
  await expect(page.getByRole('button', { name: 'Deploy v1.3.0 to production' })).toBeEnabled();

  await page.getByRole('heading', { level: 1 }).click();
  await pastArrival(page);
  await page.keyboard.press('Enter');
  const id = await openRunId(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Deploy v1.3.0 to production');

  await expect(logOf(page).getByText(/Checked \d+ files/)).toBeVisible();
  await expect(page.getByRole('main').getByRole('timer').first()).toContainText('left of');
  await expect(step(page, 'Unit tests')).toContainText('Running');
  await expect(
    logOf(page)
      .getByText(/^# Subtest/)
      .first(),
  ).toBeAttached();
  await expect(runStatus(page)).toHaveText('Running');
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 90_000 });
  await expect(step(page, 'Validate')).toContainText('0 failed');
  expect((await shop.run(id)).status).toBe('succeeded');
  expect(await shop.served()).toBe('v1.3.0');

  await page.getByRole('link', { name: 'Overview' }).filter({ visible: true }).first().click();
  const panel = page.getByRole('region', { name: 'HerbisVeritas shop Production' });
  await expect(panel).toContainText('v1.3.0');
  await expect(panel.getByText('Validated', { exact: true })).toBeVisible();
  await expect(panel.getByRole('link', { name: 'Roll back to v1.2.0' })).toBeVisible();
});

test('a release whose tests fail is stopped by the checklist and nothing is changed', async ({
  open,
  shop,
}) => {
  await shop.prepare({});
  const before = await shop.live();
  const page = await open('responder');
  await page.goto('/shop/production/deployments/new?tag=v1.4.0-tests');
  await page.getByRole('button', { name: 'Deploy v1.4.0-tests to production' }).click();
  await openRunId(page);
  await expect(runStatus(page)).toHaveText('Failed', { timeout: 60_000 });
  await expect(step(page, 'Unit tests')).toContainText('Exit code 1');
  await expect(step(page, 'Build')).toContainText('Waiting');
  await expect(
    logOf(page)
      .getByText(/^not ok/)
      .first(),
  ).toBeAttached();
  expect(await shop.live()).toEqual(before);
  expect(await shop.lock()).toBeNull();
  expect(await shop.served()).toBe(before?.tag);
  await page.goto('/');
  await expect(page.getByRole('region', { name: 'HerbisVeritas shop Production' })).toContainText(
    before?.tag ?? '',
  );
});
