import { query } from './support/database';
import { openRunId, pastArrival, visit } from './support/page';
import { hiddenField, signIn } from './support/person';
import { expect, test } from './support/test';

test('a list is filtered, searched, sorted and paged by its address', async ({ open, drill }) => {
  await drill.prepare({});
  const page = await open('manager');
  await visit(page, '/runs');
  const rows = page.getByRole('table').locator('tbody').getByRole('row');
  await page.getByRole('combobox', { name: 'Kind' }).selectOption({ label: 'Rollback' });
  await expect(page).toHaveURL(/procedure=deployments\.rollback/);
  const [counted] = await query<{ total: number }>(
    `SELECT count(*)::int AS total FROM run WHERE procedure = 'deployments.rollback'`,
  );
  await expect(rows).toHaveCount(Math.min(25, counted?.total ?? 0));
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await expect(page).toHaveURL(/\/runs\??$/);
  await page.getByLabel('Search runs').fill('no such run anywhere');
  await expect(page.getByText('No run is like that')).toBeVisible();
  await expect(page).toHaveURL(/search=no/);
  await page.goBack();

  await visit(page, '/runs?sort=duration&order=asc&service=drill');
  await expect(page.getByRole('columnheader', { name: 'Took' })).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('link', { name: 'Took' }).click();
  await expect(page).toHaveURL(/order=desc/);
  await expect(page.getByRole('columnheader', { name: 'Took' })).toHaveAttribute('aria-sort', 'descending');

  for (let entries = 0; entries <= 10; entries += 1) await signIn(drill.origin, 'viewer');
  await visit(page, '/audit?pageSize=10');
  await expect(rows).toHaveCount(10);
  const times = rows.locator('time:visible');
  const at = () => times.first().getAttribute('datetime');
  const newest = (await at()) ?? '';
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect.poll(at).not.toBe(newest);
  await page.goBack();
  await expect.poll(at).toBe(newest);
});

test('rows follow the keyboard', async ({ open, drill }) => {
  await drill.prepare({});
  await drill.prepare({ live: 'v1.3.0' });
  const page = await open('viewer');
  await visit(page, '/runs');
  const links = page.getByRole('table').locator('tbody [data-row-link]');
  await page.keyboard.press('j');
  await expect(links.nth(0)).toBeFocused();
  await page.keyboard.press('j');
  await expect(links.nth(1)).toBeFocused();
  await page.keyboard.press('k');
  await expect(links.nth(0)).toBeFocused();
  const target = await links.nth(0).getAttribute('href');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(target ?? '');
});

test('Enter confirms and Escape leaves, but not what was typed into a field', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await visit(page, '/deployments');
  await visit(page, '/drill/staging/rollback');
  const runs = (await drill.runs()).length;
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL('/');
  expect((await drill.runs()).length).toBe(runs);
  await visit(page, '/drill/staging/rollback');
  await pastArrival(page);
  await page.keyboard.press('Enter');
  const id = await openRunId(page);
  expect((await drill.ended(id)).status).toBe('succeeded');
});

test('the CSV downloads hold the list, and no formula', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0' });
  const person = drill.as('responder');
  const address = '/drill/staging/deployments/new?tag=v1.3.0';
  const planHash = hiddenField((await person.get(address)).text, 'planHash');
  const reason = '=HYPERLINK("https://evil.example","a, b")';
  const started = await person.post(address, { intent: 'deploy', tag: 'v1.3.0', planHash, reason });
  await drill.ended(started.location?.split('/')[2] ?? '');

  const runs = await person.get('/runs.csv?service=drill');
  expect(runs.status).toBe(200);
  expect(runs.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(runs.headers.get('content-disposition')).toBe('attachment; filename="runs.csv"');
  expect(runs.text).toContain(`"'=HYPERLINK(""https://evil.example"",""a, b"")"`);
  const [counted] = await query<{ total: number }>(
    `SELECT count(*)::int AS total FROM run WHERE service = 'drill'`,
  );
  expect(runs.text.trim().split('\r\n')).toHaveLength(1 + (counted?.total ?? 0));

  const audit = await drill.as('manager').get('/audit.csv?action=deployments.deploy.requested');
  expect(audit.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(audit.text).not.toMatch(/(^|,|\r\n)"?[=+@]/);
  expect((await person.get('/audit.csv')).status).toBe(403);

  const page = await open('responder');
  await visit(page, '/runs?service=drill');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  expect((await download).suggestedFilename()).toBe('runs.csv');
});

test('the theme and the columns of a table are kept', async ({ open }) => {
  const page = await open('viewer');
  await visit(page, '/runs');
  await page.getByLabel('Vida Moreau: account and appearance').click();
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByLabel('Columns', { exact: true }).click();
  await page.getByLabel('Reason').uncheck();
  await expect(page.getByRole('columnheader', { name: 'Reason' })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'State' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Reason' })).toHaveCount(0);
});
