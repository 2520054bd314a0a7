import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expectAccessible } from './support/axe';
import { declareIncident, resolveIncident } from './support/incidents';
import { expectNoSideScroll, visit } from './support/page';
import { answered, expect, test } from './support/test';

const TITLE = 'Paying fails for some';
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The page in both themes of the browser, on a desktop and on a phone. */
async function expectReadable(page: Page, address: string): Promise<void> {
  await page.goto(address);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('; ')}`),
      `${address}, ${colorScheme}`,
    ).toEqual([]);
  }
  await page.setViewportSize({ width: 375, height: 812 });
  await expectNoSideScroll(page);
  await page.setViewportSize({ width: 1440, height: 900 });
}

test('what is posted is public at once, and over when it is resolved; nobody signs in to read it', async ({
  open,
}) => {
  const responder = await open('responder');
  // The public's browser has no session, and runs no script.
  const visitor = await open(null, { javaScriptEnabled: false });

  await visit(responder, '/status-updates');
  await responder.getByLabel('What visitors notice').fill(TITLE);
  await responder.getByRole('link', { name: 'identified', exact: true }).click();
  await expect(responder.getByLabel('How it stands')).toHaveValue('identified');
  await responder.getByLabel('What visitors notice').fill(TITLE);
  await responder.getByLabel('What the public should know').fill('Some cards are refused.\nOthers work.');
  await responder.getByRole('combobox', { name: 'HerbisVeritas shop' }).selectOption('degraded');
  await responder.getByRole('button', { name: 'Look at it first' }).click();
  const preview = responder.getByRole('region', { name: 'As the public would see it' });
  await expect(preview).toContainText('HerbisVeritas shop (slow or unreliable)');
  await responder.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(responder.getByRole('region', { name: 'Open, outside' })).toContainText(TITLE);

  await expect(async () => {
    await visitor.goto('/status');
    await expect(visitor.getByRole('article').filter({ hasText: TITLE })).toBeVisible({ timeout: 500 });
  }).toPass();
  const card = visitor.getByRole('article').filter({ hasText: TITLE });
  await expect(card).toContainText('Some cards are refused.');
  await expect(card).toContainText('Next update by');
  const component = visitor.getByRole('heading', { level: 3, name: 'HerbisVeritas shop', exact: true });
  await expect(visitor.getByRole('article').filter({ has: component })).toContainText('Slow or unreliable');

  await responder.getByRole('link', { name: 'resolved', exact: true }).click();
  await expect(responder.getByLabel('How it stands')).toHaveValue('resolved');
  await responder.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(responder.getByRole('region', { name: 'Resolved' })).toContainText(TITLE);
  await expect(async () => {
    await visitor.goto('/status');
    await expect(visitor.getByRole('article').filter({ hasText: TITLE })).toContainText('is solved', {
      timeout: 500,
    });
  }).toPass();
  await visitor.getByRole('link', { name: TITLE }).click();
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText(TITLE);
  const feed = await visitor.request.get('/status.rss');
  expect(await feed.text()).toContain(`Resolved: ${TITLE}`);
  expect(await (await visitor.request.get('/status.json')).json()).toMatchObject({ isUpToDate: true });
});

test('an update that somebody else was quicker with keeps its words, and is posted after theirs', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(409));
  const title = `Searching is slow ${Date.now().toString(36)}`;
  const [responder, commander] = [await open('responder'), await open('commander')];
  await visit(responder, '/status-updates');
  await responder.getByLabel('What visitors notice').fill(title);
  await responder.getByRole('button', { name: 'Post it for everybody' }).click();
  const outside = (page: Page) => page.getByRole('region', { name: 'Open, outside' });
  await expect(outside(responder)).toContainText(title);
  await visit(commander, '/status-updates');
  await commander.getByRole('link', { name: title }).first().click();
  const words = (page: Page) => page.getByLabel('What the public should know');
  await expect(commander.getByRole('heading', { name: `Update: ${title}` })).toBeVisible();
  await words(commander).fill('Half of the searches answer.');

  await words(responder).fill('We found why.');
  await responder.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(outside(responder)).toContainText('We found why.');
  const read = commander.waitForResponse((response) =>
    new URL(response.url()).pathname.endsWith('/status-updates.data'),
  );
  const elsewhere = await declareIncident(drill.as('responder'), { title: 'Meanwhile', level: '4' });
  await read;
  await resolveIncident(drill.as('responder'), elsewhere);
  await expect(outside(commander)).toContainText('We found why.');
  await expect(words(commander)).toHaveValue('Half of the searches answer.');

  await commander.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(commander.getByRole('alert')).toContainText('Nothing was');
  // The page is read again, and the form goes on from what is there now.
  const form = commander.getByRole('region', { name: `Update: ${title}` });
  await expect(form.locator('input[name="version"]')).toHaveValue('2');
  await expect(words(commander)).toHaveValue('Half of the searches answer.');
  await commander.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(outside(commander)).toContainText('Half of the searches answer.');
  await expect(words(commander)).not.toHaveValue('Half of the searches answer.');

  await commander.getByLabel('How it stands').selectOption('resolved');
  await words(commander).fill('All is well.');
  await commander.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(outside(commander)).not.toContainText(title);
});

test('a component for one check stands under its heading until it is retired', async ({ open }) => {
  const commander = await open('commander');
  const visitor = await open(null);
  // Of its own, also when the story is told again.
  const name = `Till ${Date.now()}`;
  const group = `Buying with ${name}`;
  await visit(commander, '/status-updates');
  const components = commander.getByRole('region', { name: 'Components' });
  await components.getByText('Add a component').click();
  await components.locator('summary').filter({ hasText: 'shop / production' }).click();
  const form = components.locator('form').filter({ hasText: 'Add the component' }).filter({ visible: true });
  await form.getByLabel('Public name').fill(name);
  await form.getByLabel('Heading').fill(group);
  const check = form.getByRole('group', { name: 'Checks' }).getByRole('checkbox').first();
  await check.check();
  await form.getByRole('button', { name: 'Add the component' }).click();
  const item = components.getByRole('listitem').filter({ hasText: name });
  await expect(item).toContainText(`under ${group}`);
  await expect(item).not.toContainText('all checks');

  const heading = visitor.getByRole('heading', { level: 3, name: group });
  await expect(async () => {
    await visitor.goto('/status');
    await expect(heading).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(visitor.getByRole('heading', { level: 4, name })).toBeVisible();
  await expectReadable(visitor, '/status');

  await item.getByText('Change it').click();
  await item.getByText('Retire it').click();
  await expect(item).toContainText('Nothing brings it back');
  await components.getByText('Add a component').click();
  await components.locator('summary').filter({ hasText: 'shop / production' }).click();
  await expectAccessible(commander, 'the forms of components');
  await item.getByRole('button', { name: `Retire ${name}` }).click();
  await expect(components.getByText(/^Retired:/)).toContainText(name);
  await expect(async () => {
    await visitor.goto('/status');
    await expect(heading).toBeHidden({ timeout: 500 });
  }).toPass();
});

test('the public pages are for everybody: both themes, a phone, no script', async ({
  open,
  allowProblems,
}) => {
  allowProblems(answered(400));
  const responder = await open('responder');
  await visit(responder, '/status-updates');
  await responder.getByText('Announce maintenance').click();
  await responder.getByLabel('What is done').fill('A new till');
  await responder.getByLabel('Begins (UTC)').fill('2099-01-01T01:00');
  await responder.getByLabel('Ends (UTC)').fill('2099-01-01T02:00');
  await responder.getByLabel('What visitors will notice').fill('Paying pauses for some minutes.');
  await responder.getByRole('button', { name: 'Announce it to everybody' }).click();
  // A time too far ahead is refused with what was typed.
  await expect(responder.getByText('This is more than a year ahead').first()).toBeVisible();
  await expect(responder.getByLabel('What is done')).toHaveValue('A new till');
  const soon = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 16);
  await responder.getByLabel('Begins (UTC)').fill(soon(24));
  await responder.getByLabel('Ends (UTC)').fill(soon(25));
  await responder.getByRole('button', { name: 'Announce it to everybody' }).click();
  await expect(responder.getByRole('region', { name: 'Maintenance' })).toContainText('Planned');

  const visitor = await open(null);
  await expect(async () => {
    await visitor.goto('/status');
    await expect(visitor.getByRole('article').filter({ hasText: 'A new till' })).toBeVisible({
      timeout: 500,
    });
  }).toPass();
  for (const address of ['/status', '/status/history']) await expectReadable(visitor, address);
  await responder.getByRole('button', { name: /^Cancel it/ }).click();
  await expect(responder.getByRole('region', { name: 'Maintenance' })).toContainText('Cancelled');
});
