import type { Locator, Page } from '@playwright/test';
import { PNG, SVG } from '#server/testing/images';
import { declareIncident, resolveIncident } from './support/incidents';
import { expectNoSideScroll, visit } from './support/page';
import { expect, test } from './support/test';

const entries = (page: Page): Locator =>
  page.getByRole('region', { name: 'Timeline', exact: true }).getByRole('listitem');

/** Gives the composer a file as a paste or a drop does. */
async function give(
  page: Page,
  how: 'paste' | 'drop',
  name: string,
  type: string,
  bytes: Buffer,
): Promise<void> {
  await page.getByLabel('Add to the timeline', { exact: true }).evaluate(
    (field, { how, name, type, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([bytes], name, { type }));
      const init = { bubbles: true, cancelable: true };
      field.dispatchEvent(
        how === 'paste'
          ? new ClipboardEvent('paste', { ...init, clipboardData: files })
          : new DragEvent('drop', { ...init, dataTransfer: files }),
      );
    },
    { how, name, type, base64: bytes.toString('base64') },
  );
}

test('images are pasted, dropped and chosen, told when they are none, and shown to all', async ({
  open,
  drill,
}) => {
  const number = await declareIncident(drill.as('responder'), { title: 'To be seen', level: '4' });
  const page = await open('responder');
  await visit(page, `/incidents/${number}`);
  const other = await open('viewer');
  await visit(other, `/incidents/${number}`);
  const line = page.getByLabel('Add to the timeline', { exact: true });
  const chosen = page.getByRole('list', { name: 'Chosen images' }).getByRole('listitem');
  await line.fill('What the dashboard shows');
  await give(page, 'paste', 'pasted.png', 'image/png', PNG);
  await expect(chosen).toHaveText([/pasted\.png/]);
  await give(page, 'drop', 'drawing.svg', 'image/svg+xml', SVG);
  await expect(page.getByText('drawing.svg is no PNG, JPEG, WebP or GIF image: not taken.')).toBeVisible();
  await give(page, 'drop', 'dropped.png', 'image/png', PNG);
  await expect(chosen).toHaveText([/pasted\.png/, /dropped\.png/]);
  await page.getByRole('button', { name: 'dropped.png: do not send it' }).click();
  await expect(chosen).toHaveText([/pasted\.png/]);
  await page.getByText('Say what they show').click();
  await page.getByLabel('For who cannot see them; empty: their names').fill('A green field');
  await page.getByRole('button', { name: 'Add to the timeline' }).click();
  const entry = entries(page).filter({ hasText: 'What the dashboard shows' });
  const image = entry.getByRole('img', { name: 'A green field' });
  await expect(image).toBeVisible();
  await expect.poll(() => image.evaluate((shown) => (shown as HTMLImageElement).naturalWidth)).toBe(3);
  await expect(line).toHaveValue('');
  await expect(chosen).toHaveCount(0);
  await expect(entries(other).getByRole('img', { name: 'A green field' })).toBeVisible();

  // By itself an image says enough.
  await page
    .getByLabel(/^Images, by paste/)
    .setInputFiles({ name: 'alone.png', mimeType: 'image/png', buffer: PNG });
  await page.getByRole('button', { name: 'Add to the timeline' }).click();
  await expect(entries(page).filter({ hasText: 'An image: alone.png' }).getByRole('img')).toBeVisible();
  await expectNoSideScroll(page);
  await resolveIncident(drill.as('responder'), number);
});
