import { openRunId, runStatus } from './support/page';
import { expect, test } from './support/test';

test('without JavaScript: ask, refuse, ask again, approve', async ({ open, guarded }) => {
  await guarded.prepare({ live: 'v1.2.0' });
  const requester = await open('responder');
  const second = await open('commander');
  const ask = async () => {
    await requester.goto('/guarded/preview/deployments/new?tag=v1.3.0');
    await requester.getByRole('button', { name: 'Ask to deploy v1.3.0 to preview' }).click();
    return openRunId(requester);
  };
  await second.goto(`/runs/${await ask()}`);
  await second.getByText('Refuse it').click();
  await second.getByLabel('Why not').fill('Not before lunch');
  await second.getByRole('button', { name: /^Refuse run #/ }).click();
  await expect(second.getByText(/^Refused by Camille Roux/)).toBeVisible();

  await ask();
  await second.goto('/approvals');
  await second.getByRole('button', { name: /^Approve run #/ }).click();
  await expect(second.getByText(/^Approved by Camille Roux/)).toBeVisible();
  await expect(runStatus(second)).toHaveText('Succeeded', { timeout: 60_000 });
  expect(await guarded.served()).toBe('v1.3.0');
});

test('without JavaScript: the times of a freeze are shown before it is declared', async ({ open, drill }) => {
  await drill.prepare({});
  const page = await open('commander');
  await page.goto('/freezes/new');
  await page.getByRole('radio', { name: /Again and again/ }).check();
  await expect(page.getByLabel('From', { exact: true })).toBeHidden();
  await page.getByLabel('Why nothing may be deployed').fill('Nobody watches on weekends');
  await page.getByLabel('Begins at').fill('0 17 * * 5');
  await page.getByLabel('Lasts, in minutes').fill('3840');
  await page.getByRole('button', { name: 'Show its next times' }).click();
  const preview = page.getByRole('region', { name: 'It would apply' });
  await expect(preview.getByRole('listitem')).toHaveCount(5);
  await expect(preview.getByRole('listitem').first()).toContainText(/Fri \d{4}-\d\d-\d\d 17:00/);
  await page.getByRole('button', { name: 'Declare the freeze' }).click();
  await expect(page).toHaveURL('/freezes');
  await expect(page.getByText('Nobody watches on weekends').first()).toBeVisible();
});
