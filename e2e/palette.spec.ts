import type { Page } from '@playwright/test';
import { expectNoSideScroll, visit } from './support/page';
import { expect, test } from './support/test';

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Find a page or an action' });
const chosen = (page: Page) => dialog(page).getByRole('option', { selected: true });
const option = (page: Page, name: RegExp) => dialog(page).getByRole('option', { name });

async function openByKey(page: Page): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(dialog(page).getByRole('option').first()).toBeVisible();
}

test('the palette opens by key, finds by a few letters, remembers, and gives the focus back', async ({
  open,
  drill,
}) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  const page = await open('responder');
  await visit(page, '/runs');
  const search = page.getByRole('main').getByLabel('Search runs');
  await search.focus();
  await openByKey(page);
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expect(search).toBeFocused();

  await openByKey(page);
  await page.keyboard.type('rlbk staging');
  await expect(chosen(page)).toContainText('Roll back drill / staging to v1.2.0');
  const runs = (await drill.runs()).length;
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/drill/staging/rollback');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Roll back staging');
  // It opens the confirmation; it does not confirm.
  expect((await drill.runs()).length).toBe(runs);

  await visit(page, '/');
  await openByKey(page);
  const recently = dialog(page).getByRole('group', { name: 'Recently used' });
  await expect(recently.getByRole('option').first()).toContainText('Roll back drill / staging');
  for (const [typed, found] of [
    ['deploy:staging', 'Deploy a release to drill / staging'],
    ['pre-deploy-check', 'Run the pre-deploy checklist'],
    ['post-deploy-validate', 'Validate '],
    ['rollback', 'Roll back drill / staging to v1.2.0'],
    ['#1', '#1 '],
  ] as const) {
    await page.getByRole('combobox').fill(typed);
    await expect(chosen(page)).toContainText(found);
  }

  await page.getByRole('combobox').fill('api reference');
  const tab = page.context().waitForEvent('page');
  await page.keyboard.press('Control+Enter');
  await expect(await tab).toHaveURL('/api-reference');
  await expect(page).toHaveURL('/');
  await expect(dialog(page)).toHaveCount(0);
});

test('what cannot be done says why, and does nothing', async ({ open, drill }) => {
  await drill.prepare({ live: 'v1.3.0', before: 'v1.2.0' });
  await drill.as('responder').post('/drill/staging/lock', { intent: 'lock', reason: 'Inventory until noon' });
  const page = await open('responder');
  await visit(page, '/');
  await openByKey(page);
  await page.keyboard.type('deploy v1.2.0 staging');
  await expect(chosen(page)).toContainText('Deploy v1.2.0 to drill / staging');
  await expect(chosen(page)).toContainText('Locked by Rémy Laurent: Inventory until noon');
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByRole('status')).toHaveText(
    'Not now. Locked by Rémy Laurent: Inventory until noon',
  );
  await expect(page).toHaveURL('/');
  await page.getByRole('combobox').fill('audit log');
  await expect(option(page, /^Audit log.*Needs the role Manager or above/)).toBeVisible();
  // The arrows reach what is blocked, too.
  await page.getByRole('combobox').fill('unlock');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await expect(chosen(page)).toContainText('Needs the role Incident commander or above');

  const viewer = await open('viewer');
  await visit(viewer, '/');
  await openByKey(viewer);
  await viewer.getByRole('combobox').fill('rollback');
  await expect(chosen(viewer)).toContainText('Needs the role Responder or above.');
});

test('letters jump, but not while somebody types, too late, or wants none', async ({ open, drill }) => {
  await drill.prepare({});
  const page = await open('responder');
  await visit(page, '/');
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL('/runs');
  const search = page.getByRole('main').getByLabel('Search runs');
  await expect(search).toBeVisible();
  await page.keyboard.press('/');
  await expect(search).toBeFocused();
  await page.keyboard.type('gd');
  await expect(search).toHaveValue('gd');
  await expect(page).toHaveURL(/\/runs\?search=gd/);
  await search.blur();
  await page.keyboard.press('g');
  await page.waitForTimeout(1_700);
  await page.keyboard.press('d');
  await expect(page).toHaveURL(/\/runs\?search=gd/);

  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await expect(help).toContainText('Find a page or an action');
  // Somebody who may not read the audit log is shown no way to it.
  await expect(help).not.toContainText('Audit log');
  await help.getByRole('checkbox', { name: /Single keys work/ }).uncheck();
  await page.keyboard.press('Escape');
  await expect(help).toHaveCount(0);
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page).toHaveURL(/\/runs\?search=gd/);
  await openByKey(page);
  await page.keyboard.type('shortcuts');
  await page.keyboard.press('Enter');
  await help.getByRole('checkbox', { name: /Single keys work/ }).check();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page).toHaveURL('/deployments');
});

test('the theme is switched and somebody signs out from the palette', async ({ open }) => {
  const page = await open(null);
  await visit(page, '/login');
  await page.getByRole('button', { name: /^Sign in as Vida Moreau/ }).click();
  await expect(page.getByRole('banner').getByRole('status')).toHaveText('Live');
  await openByKey(page);
  await page.keyboard.type('dark');
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await openByKey(page);
  await page.keyboard.type('log out');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/login');
});

test('a console that is away is told in the palette, and can be asked again', async ({
  open,
  allowProblems,
}) => {
  allowProblems(/net::ERR_/);
  const page = await open('responder');
  await visit(page, '/');
  await page.route('**/palette.json', (route) => route.abort());
  await page.keyboard.press('Control+k');
  await expect(dialog(page).getByRole('alert')).toContainText('The console did not answer');
  await page.unroute('**/palette.json');
  await dialog(page).getByRole('button', { name: 'Try again' }).click();
  await expect(dialog(page).getByRole('option').first()).toBeVisible();
  await expect(dialog(page).getByRole('alert')).toHaveCount(0);
});

test('the API reference is searched, and every refusal leads to its explanation', async ({ open, shop }) => {
  const refused = await fetch(`${shop.origin}/api/v1/runs/nonsense`, {
    headers: { Authorization: 'Bearer nothing' },
  });
  const problem = (await refused.json()) as { type: string };
  const page = await open(null);
  await visit(page, problem.type);
  const explained = page.locator(`[id="${new URL(problem.type, shop.origin).hash.slice(1)}"]`);
  await expect(explained).toBeInViewport();
  await expect(explained).toContainText('There is no token, or it is unknown, expired or revoked.');

  await page.getByLabel('Search the reference').fill('POST /rollbacks');
  await expect(page.getByRole('status')).toHaveText('1 call found');
  const rollback = page.getByRole('article', { name: /Roll back/ });
  await expect(rollback).toContainText('Needs the role Responder or above');
  await expect(rollback.getByText(/^curl -X POST/)).toContainText(
    `${shop.origin}/api/v1/environments/shop/production/rollbacks`,
  );
  await rollback.getByRole('link', { name: 'StartedRun' }).click();
  await expect(page.locator('#schema-StartedRun')).toBeInViewport();
  await page.getByLabel('Search the reference').fill('');
  await page
    .getByRole('navigation', { name: 'On this page' })
    .getByRole('link', { name: 'Deploy a release' })
    .click();
  await expect(page.locator('#requestDeploy')).toBeInViewport();
  await page.goBack();
  await expect(page.locator('#schema-StartedRun')).toBeInViewport();
  await expect(page.getByRole('link', { name: 'OpenAPI document' })).toHaveAttribute(
    'href',
    '/api/v1/openapi.json',
  );
  await expectNoSideScroll(page);
});
