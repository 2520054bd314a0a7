import { expectNoSideScroll, visit } from './support/page';
import { expect, test } from './support/test';

test('on a phone an incident is declared, written and resolved with one thumb', async ({ open }) => {
  const page = await open('responder');
  await visit(page, '/');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Incidents' }).tap();
  await page.getByRole('main').getByRole('link', { name: 'Declare an incident' }).first().tap();
  await page
    .getByLabel('What is wrong')
    .fill('A title that is long enough to need more than one line of a phone');
  await expectNoSideScroll(page);
  await page.getByRole('button', { name: 'Declare the incident' }).tap();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^INC-\d+ A title/);
  const number = Number(new URL(page.url()).pathname.split('/').at(-1));
  const line = page.getByLabel('Add to the timeline', { exact: true });
  const add = page.getByRole('button', { name: 'Add to the timeline' });
  await line.fill(`/note ${'averylongword'.repeat(20)}`);
  expect((await add.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await add.tap();
  await expect(
    page.getByRole('region', { name: 'Timeline', exact: true }).getByRole('listitem').first(),
  ).toContainText('averylongword');
  await expectNoSideScroll(page);
  await page.getByRole('button', { name: 'Resolve' }).tap();
  await expect(page.getByRole('region', { name: 'State: resolved' })).toBeVisible();
  await visit(page, '/incidents?state=resolved');
  await expect(page.getByRole('link', { name: new RegExp(`INC-${number} `) })).toBeVisible();
  await expectNoSideScroll(page);
});
