import { logOf, openRunId, runStatus, step } from './support/page';
import { expect, test } from './support/test';

test('a release that ends at its start fails at the gate, with its last words in the log', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await page.goto('/drill/staging/deployments/new?tag=v1.4.0-crash');
  await page.getByRole('button', { name: 'Deploy v1.4.0-crash to staging' }).click();
  await openRunId(page);
  await expect(runStatus(page)).toHaveText('Failed', { timeout: 60_000 });
  await expect(
    page
      .getByRole('listitem')
      .filter({ hasText: /Start the release|Health gate/ })
      .filter({ hasText: 'Failed' }),
  ).toHaveCount(1);
  await expect(
    logOf(page)
      .getByText(/DELIVERY_COUNTRIES/)
      .first(),
  ).toBeVisible();
  expect(await drill.live()).toEqual({ tag: 'v1.3.0', status: 'live' });
  expect(await drill.served()).toBe('v1.3.0');
  expect(await drill.lock()).toBeNull();
});

test('a release that fails its visitors is rolled back by itself, and its environment locked until a commander lifts that', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await page.goto('/drill/staging/deployments/new?tag=v1.4.0-errors');
  await page.getByRole('button', { name: 'Deploy v1.4.0-errors to staging' }).click();
  const deployed = await openRunId(page);
  await expect(runStatus(page)).toHaveText('Failed', { timeout: 60_000 });
  await expect(step(page, 'Validate')).toContainText(/\d+ of \d+ requests failed/);
  const followUp = page
    .getByText(/It led to another run/)
    .locator('..')
    .getByRole('link');
  await followUp.click();
  await expect(page).not.toHaveURL(new RegExp(deployed));
  const rollback = await openRunId(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Roll back staging to v1.3.0');
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  await expect(page.getByText('Started because of another run')).toBeVisible();
  expect((await drill.run(rollback)).causedByRunId).toBe(deployed);
  expect(await drill.served()).toBe('v1.3.0');
  expect(await drill.verdict('v1.4.0-errors')).toBe('faulty');

  for (const address of ['/', '/runs', '/deployments', '/shop/production/checks']) {
    await page.goto(address);
    await expect(page.getByText('drill / staging is locked for deploys')).toBeVisible();
  }
  await page.goto('/drill/staging/deployments/new?tag=v1.3.0');
  await expect(page.getByRole('button', { name: 'Deploy v1.3.0 to staging' })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await page.goto('/drill/staging/deployments/new');
  await expect(
    page.getByRole('radio', { name: /v1\.4\.0-errors.*Faulty/s }).filter({ visible: true }),
  ).toBeVisible();

  await page.getByRole('link', { name: 'Lift the lock' }).first().click();
  const lift = page.getByRole('button', { name: /Lift the lock/ });
  await expect(lift).toHaveAttribute('aria-disabled', 'true');
  await expect(lift).toHaveAccessibleDescription('Needs the role Incident commander or above.');
  await lift.click({ force: true });
  expect(await drill.lock()).not.toBeNull();

  const commander = await open('commander');
  await commander.goto('/drill/staging/lock');
  await commander.getByLabel('Why it may be deployed to again').fill('Errors found and fixed');
  await commander.getByRole('button', { name: 'Lift the lock' }).click();
  await expect(commander.getByText('The lock of drill / staging is lifted.')).toBeVisible();
  await expect(commander.getByText('drill / staging is locked for deploys')).toHaveCount(0);
  await expect(page.getByText('drill / staging is locked for deploys')).toHaveCount(0);
  expect(await drill.lock()).toBeNull();

  const manager = await open('manager');
  await manager.goto('/audit?search=staging');
  const entries = manager.getByRole('table').getByRole('row');
  for (const [action, who] of [
    ['environments.lift-lock', 'Camille Roux'],
    ['environments.lock', ''],
  ] as const) {
    await expect(entries.filter({ hasText: action }).filter({ hasText: who }).first()).toBeVisible();
  }
  await expect(entries.filter({ hasText: 'Errors found and fixed' }).first()).toBeVisible();
  await manager.goto('/audit?search=v1.4.0-errors');
  await expect(entries.filter({ hasText: 'releases.mark' }).first()).toBeVisible();
});
