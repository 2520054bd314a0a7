import { openRunId, runStatus } from './support/page';
import { expect, test } from './support/test';

test('without JavaScript: sign in, deploy, roll back', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.2.0' });
  const page = await open(null);
  await page.goto('/deployments/new');
  await page.getByLabel('E-mail').fill('responder@demo.herbisveritas.example');
  await page.getByLabel('Password', { exact: true }).fill('responder-herbisveritas');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL('/deployments/new');
  await page
    .getByRole('main')
    .getByRole('link', { name: /Drill shop Staging/ })
    .click();
  await page
    .getByRole('radio', { name: /v1\.3\.0/ })
    .filter({ visible: true })
    .check();
  await page.getByRole('button', { name: 'Show the plan' }).filter({ visible: true }).click();
  await expect(page.getByRole('region', { name: 'What will happen' })).toBeVisible();
  await page.getByRole('button', { name: 'Deploy v1.3.0 to staging' }).click();
  const deployed = await openRunId(page);
  await expect(page.getByText(/Run #\d+ deploys v1\.3\.0\./)).toBeVisible();
  // The page reads itself again while the run goes on.
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  expect((await drill.run(deployed)).status).toBe('succeeded');

  await page.getByRole('banner').getByRole('link', { name: 'Roll back' }).click();
  await page.getByLabel('Reason').fill('Customers see an old price');
  await page.getByRole('button', { name: 'Roll back to v1.2.0' }).click();
  await openRunId(page);
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  expect(await drill.served()).toBe('v1.2.0');
  expect((await drill.lock())?.reason).toContain('Customers see an old price');
});

test('without JavaScript: cancel a run, with its reason', async ({ open, drill }) => {
  await drill.prepare({});
  const before = await drill.live();
  drill.hold();
  const id = await drill.startDeploy('v1.3.0');
  const page = await open('responder');
  await page.goto(`/runs/${id}`);
  await page.getByText('Cancel the run').click();
  await page.getByLabel('Why').fill('The wrong release');
  await page.getByRole('button', { name: /^Cancel run #/ }).click();
  await expect(runStatus(page)).toHaveText('Cancelled', { timeout: 30_000 });
  await expect(page.getByText('Rémy Laurent: The wrong release')).toBeVisible();
  expect(await drill.live()).toEqual(before);
});

test('without JavaScript: lock, lift the lock, mark a release, choose a theme, sign out', async ({
  open,
  drill,
}) => {
  await drill.prepare({});
  const page = await open(null);
  await page.goto('/drill/staging/lock');
  await page.getByRole('button', { name: /^Sign in as Camille Roux/ }).click();
  await page.getByLabel('Why nothing may be deployed').fill('Inventory until noon');
  await page.getByRole('button', { name: 'Lock staging' }).click();
  await expect(page.getByText('drill / staging is locked for deploys')).toBeVisible();
  await page.getByRole('link', { name: 'Lift the lock' }).click();
  await page.getByLabel('Why it may be deployed to again').fill('Inventory is over');
  await page.getByRole('button', { name: 'Lift the lock' }).click();
  await expect(page.getByText(/^The lock of drill . staging is lifted\.$/)).toBeVisible();
  expect(await drill.lock()).toBeNull();

  await page.goto('/deployments?service=drill&environment=staging');
  await page.getByRole('link', { name: /^Show all/ }).click();
  await page.getByLabel('What to do with v1.1.0').click();
  await page.getByRole('link', { name: 'Mark faulty' }).filter({ visible: true }).click();
  await page.getByLabel('Why').fill('Sold out of date herbs');
  await page.getByRole('button', { name: 'Keep the mark' }).click();
  await expect(page.getByText(/^v1\.1\.0 is marked faulty\.$/)).toBeVisible();
  expect(await drill.verdict('v1.1.0')).toBe('faulty');

  await page.getByLabel('Camille Roux: account and appearance').click();
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page).toHaveURL(/\/deployments/);
  await page.getByLabel('Camille Roux: account and appearance').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/login');
  await page.goto('/runs');
  await expect(page).toHaveURL(/\/login/);
});
