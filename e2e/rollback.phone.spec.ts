import { expectNoSideScroll, hydrated, openRunId, runStatus, visit } from './support/page';
import { expect, test } from './support/test';
import { sendVisitors } from './support/visitors';

test('on a phone a rollback is two taps from a page of the environment, and no visitor notices', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await visit(page, '/drill/staging/checks');
  const visitors = sendVisitors(drill.shopUrl);
  await page.getByRole('banner').getByRole('link', { name: 'Roll back' }).tap();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Roll back staging');
  await expect(page.getByRole('region', { name: 'What it skips' })).toContainText('pre-deploy checklist');
  const confirm = page.getByRole('button', { name: 'Roll back to v1.2.0' });
  await expect(confirm).toBeInViewport();
  expect((await confirm.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await confirm.tap();
  const id = await openRunId(page);
  await expect(
    page
      .getByRole('main')
      .getByText(/of 1:30|of 1 min 30 s/)
      .first(),
  ).toBeVisible();
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  const visits = await visitors.stop();
  expect(visits.failures).toEqual([]);
  expect(visits.releases).toEqual(['v1.3.0', 'v1.2.0']);
  expect(visits.requests).toBeGreaterThan(20);
  expect((await drill.run(id)).procedure).toBe('deployments.rollback');
  await expectNoSideScroll(page);

  await page.goto('/drill/staging/deployments/new');
  await expect(page.getByText('drill / staging is locked for deploys')).toBeVisible();
  await expect(
    page.getByRole('radio', { name: /v1\.3\.0.*Faulty/s }).filter({ visible: true }),
  ).toBeVisible();
  await expectNoSideScroll(page);
});

test('from a page of all environments the phone asks which, then rolls back', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await visit(page, '/');
  await page.getByRole('banner').getByRole('link', { name: 'Roll back' }).tap();
  await expect(page).toHaveURL('/rollback');
  await page
    .getByRole('main')
    .getByRole('link', { name: /Drill shop Staging/ })
    .tap();
  await expect(page.getByRole('button', { name: 'Roll back to v1.2.0' })).toBeInViewport();
});

test('on a phone a release is deployed and watched', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.2.0' });
  const page = await open(null);
  await page.goto('/login?redirectTo=%2Fdeployments');
  await page.getByRole('button', { name: /^Sign in as Rémy Laurent/ }).tap();
  await expect(page).toHaveURL('/deployments');
  await hydrated(page);
  await page.getByRole('link', { name: 'Deploy a release' }).tap();
  await page
    .getByRole('main')
    .getByRole('link', { name: /Drill shop Staging/ })
    .tap();
  await page
    .getByRole('radio', { name: /v1\.3\.0/ })
    .filter({ visible: true })
    .tap();
  const confirm = page.getByRole('button', { name: 'Deploy v1.3.0 to staging' });
  await expect(confirm).toBeInViewport();
  await confirm.tap();
  await openRunId(page);
  await expect(runStatus(page)).toHaveText('Succeeded', { timeout: 60_000 });
  await expectNoSideScroll(page);
  expect(await drill.served()).toBe('v1.3.0');
});
