import { expectNoSideScroll, visit } from './support/page';
import { expect, test } from './support/test';

test('on a phone the palette opens from the header and closes by its button', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await visit(page, '/drill/staging/checks');
  const button = page.getByRole('banner').getByRole('link', { name: 'Find or do' });
  const box = await button.boundingBox();
  expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
  await expectNoSideScroll(page);
  await button.tap();
  const palette = page.getByRole('dialog', { name: 'Find a page or an action' });
  await expect(palette.getByRole('option').first()).toBeVisible();
  await expectNoSideScroll(page);
  await palette.getByRole('button', { name: 'Close' }).tap();
  await expect(palette).toHaveCount(0);
  await button.tap();
  await palette.getByRole('combobox').fill('roll back drill');
  const found = palette.getByRole('option', { name: /^Roll back drill \/ staging to v1\.2\.0/ });
  expect((await found.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await found.tap();
  await expect(page).toHaveURL('/drill/staging/rollback');
});
