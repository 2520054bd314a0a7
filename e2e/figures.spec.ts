import type { Page } from '@playwright/test';
import { visit } from './support/page';
import { expect, test } from './support/test';

/** How many deploys failed, of how many that could be judged, as the page says it. */
async function failuresOf(page: Page): Promise<{ failed: number; judged: number }> {
  await visit(page, '/figures?service=drill');
  const card = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: 'Change failure rate' }) });
  const text = (await card.textContent()) ?? '';
  const found = /(\d[\d,]*) of (\d[\d,]*) deploys? failed/.exec(text);
  if (!found) return { failed: 0, judged: 0 };
  const [failed, judged] = [found[1], found[2]].map((each) => Number(each?.replaceAll(',', '')));
  return { failed: failed ?? 0, judged: judged ?? 0 };
}

test('a deploy that is rolled back counts as a change failure, and its page says what it is made of', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.2.0' });
  const page = await open('responder');
  // A release of its own on top of what is there, so that the rollback takes the place of a deploy.
  expect((await drill.deploy('v1.3.0')).status).toBe('succeeded');
  const before = await failuresOf(page);

  await visit(page, '/drill/staging/rollback');
  await page.getByRole('button', { name: 'Roll back to v1.2.0' }).click();
  await expect(page).toHaveURL(/\/runs\//);
  const [rollback] = await drill.runs();
  expect((await drill.ended(rollback?.id ?? '')).status).toBe('succeeded');

  // The deploy was pending until now.
  expect(await failuresOf(page)).toEqual({ failed: before.failed + 1, judged: before.judged + 1 });
  const newest = page.getByRole('region', { name: 'Failed deploys' }).getByRole('listitem').first();
  await expect(newest).toContainText('v1.3.0');
  await expect(newest).toContainText('rolled back');
  await expect(newest).toContainText(/restored: .*(s|min)/);

  // What each figure is made of is a link away, and the address is to be shared.
  const resolve = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: 'Time to resolve' }) });
  await resolve.getByText('How it is reckoned').click();
  await expect(resolve).toContainText('Pending while it is open');
  await page.getByRole('link', { name: '12 months' }).click();
  await expect(page).toHaveURL(/\/figures\?.*service=drill/);
  await expect(page).toHaveURL(/period=12m/);
  await expect(page.getByText('the last 12 months, beside the 12 months before')).toBeVisible();
  await page.getByText('As a table').click();
  await expect(page.getByRole('region', { name: 'Weeks, as a table' }).getByRole('row')).toHaveCount(54);
});
