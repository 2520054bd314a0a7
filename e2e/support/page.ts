import { expect, type Locator, type Page } from '@playwright/test';

/** Waits until React has taken the page over: until then its forms are plain forms. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator('html.js').waitFor();
}

/** Opens an address and waits until its page is alive. */
export async function visit(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await hydrated(page);
}

/** The state of the run that a run page shows, in a word. */
export function runStatus(page: Page): Locator {
  return page.getByRole('main').locator('header [aria-live="polite"]');
}

/** One step in the list of a run page. */
export function step(page: Page, title: string): Locator {
  return page.getByRole('region', { name: 'Steps' }).getByRole('listitem').filter({ hasText: title });
}

/** A run page's log. */
export function logOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Log', exact: true });
}

/** The id of the run whose page is open. */
export async function openRunId(page: Page): Promise<string> {
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}(#.*|\?.*)?$/);
  return new URL(page.url()).pathname.split('/')[2] ?? '';
}

/** The page is no wider than its window. */
export async function expectNoSideScroll(page: Page): Promise<void> {
  const widths = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth,
    window: document.documentElement.clientWidth,
  }));
  expect(widths.page, `the page at ${page.url()} scrolls sideways`).toBeLessThanOrEqual(widths.window);
}

/** Keys pressed in the first moments of a confirmation page confirm nothing; this waits until they do. */
export async function pastArrival(page: Page): Promise<void> {
  const since = await page.evaluate(() => performance.now());
  await page.waitForFunction((start) => performance.now() > start + 700, since);
}
