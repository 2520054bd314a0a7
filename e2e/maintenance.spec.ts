import { expectNoSideScroll, openRunId, runStatus, step, visit } from './support/page';
import { expect, test } from './support/test';

const PASSWORD = 'commander-herbisveritas';

test('maintenance mode turns visitors away, is told on every page, and lets them in again', async ({
  open,
  shop,
}) => {
  await shop.prepare({ live: 'v1.3.0' });
  const page = await open('responder', { viewport: { width: 375, height: 812 } });
  await visit(page, '/maintenance');
  await expectNoSideScroll(page);
  const place = page.getByRole('region', { name: 'HerbisVeritas shop, Production' });
  await place.getByRole('link', { name: 'Maintenance mode' }).click();
  await page.getByLabel('Reason').fill('New shelves');
  await page.getByLabel('For how many minutes').fill('20');
  await page.getByRole('button', { name: 'Turn visitors of production away' }).click();
  await openRunId(page);
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 30_000 });
  await expect(step(page, 'Verify on the service')).toContainText('503');

  const answer = await fetch(new URL('/shop', shop.shopUrl));
  expect(answer.status).toBe(503);
  const seconds = Number(answer.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(1_000);
  expect(seconds).toBeLessThanOrEqual(1_200);
  expect((await fetch(new URL('/api/health', shop.shopUrl))).status).toBe(200);

  await visit(page, '/runs');
  const banners = page.getByRole('region', { name: 'For everybody' });
  await expect(banners).toContainText('is in maintenance mode');
  await expect(banners).toContainText('New shelves');
  await banners.getByRole('link', { name: 'End it' }).click();
  await page.getByLabel('Reason').fill('The shelves are up');
  await page.getByRole('button', { name: 'Let visitors of production in' }).click();
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 30_000 });
  expect((await fetch(new URL('/shop', shop.shopUrl))).status).toBe(200);
  await visit(page, '/maintenance');
  await expect(page.getByRole('region', { name: 'For everybody' })).not.toContainText('maintenance mode');
});

test('a lockdown needs the name and the password, holds on the shop, and is lifted', async ({
  open,
  shop,
  allowProblems,
}) => {
  allowProblems(/status of 422/);
  await shop.prepare({ live: 'v1.3.0' });
  const page = await open('commander');
  await visit(page, '/security');
  await page
    .getByRole('region', { name: 'HerbisVeritas shop, Production' })
    .getByRole('link', { name: 'Lock down' })
    .click();
  await page.getByLabel('Reason').fill('Somebody is inside');
  await page.getByLabel('Type production to confirm').fill('staging');
  await page.getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Lock production down' }).click();
  await expect(page.getByText('This is not "production".')).toBeVisible();
  await page.getByLabel('Type production to confirm').fill('production');
  await page.getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Lock production down' }).click();
  await openRunId(page);
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 30_000 });
  for (const path of ['/login', '/checkout', '/admin']) {
    expect((await fetch(new URL(path, shop.shopUrl), { redirect: 'manual' })).status, path).toBe(423);
  }
  expect((await fetch(new URL('/shop', shop.shopUrl))).status).toBe(200);
  await expect(page.getByRole('region', { name: 'For everybody' })).toContainText('is locked down');

  await visit(page, '/shop/production/lockdown');
  await page.getByLabel('Reason').fill('All keys are changed');
  await page.getByLabel('Type production to confirm').fill('production');
  await page.getByRole('button', { name: 'Unlock production' }).click();
  await openRunId(page);
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 30_000 });
  expect((await fetch(new URL('/login', shop.shopUrl))).status).toBe(200);
});
