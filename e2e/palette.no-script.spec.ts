import { expect, test } from './support/test';

test('without JavaScript the palette is a page, and the reference is searched by its button', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await page.goto('/');
  await page.getByRole('banner').getByRole('link', { name: 'Find or do' }).click();
  await expect(page).toHaveURL('/palette');
  await expect(page.getByRole('main')).toContainText('Needs the role Manager or above.');
  await page.getByRole('main').getByRole('button', { name: 'Switch to the dark theme' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page).toHaveURL('/palette');
  await page.getByRole('main').getByRole('link', { name: 'Roll back drill / staging to v1.2.0' }).click();
  await expect(page).toHaveURL('/drill/staging/rollback');

  await page.goto('/api-reference');
  await page.getByLabel('Search the reference').fill('POST /rollbacks');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await expect(page).toHaveURL(/search=POST/);
  await expect(page.getByRole('article')).toHaveCount(1);
});
