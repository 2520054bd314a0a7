import type { Page } from '@playwright/test';
import { expectAccessible } from './support/axe';
import type { Environment } from './support/environment';
import { declareIncident, resolveIncident } from './support/incidents';
import { expectNoSideScroll, visit } from './support/page';
import { answered, expect, test } from './support/test';

const words = (page: Page) => page.getByLabel('What the public should know');
const notice = (page: Page) => page.getByLabel('What visitors notice');
const drafts = (page: Page) => page.getByRole('region', { name: 'Drafts' });
const form = (page: Page) => page.getByRole('region', { name: 'Tell the public of an incident' });
const keep = (page: Page) => page.getByRole('button', { name: 'Keep as draft' }).click();
const unique = (title: string) => `${title} ${Date.now().toString(36)}`;

/** Something of the inside changes, and the page reads itself anew for it. */
async function hint(page: Page, drill: Environment): Promise<void> {
  const read = page.waitForResponse((response) =>
    new URL(response.url()).pathname.endsWith('/status-updates.data'),
  );
  const number = await declareIncident(drill.as('responder'), { title: 'Meanwhile', level: '4' });
  await read;
  await resolveIncident(drill.as('responder'), number);
}

test('a draft outlives the shift of who wrote it: kept, taken over, posted, and never public before', async ({
  open,
}) => {
  const title = unique('Parcels are late');
  const [responder, commander, visitor] = [
    await open('responder'),
    await open('commander'),
    await open(null),
  ];
  await visit(responder, '/status-updates');
  await words(responder).fill('Half a sente');
  // Also what could not be posted like this.
  await keep(responder);
  await expect(form(responder)).toContainText(/Draft kept \d\d:\d\d UTC/);
  await notice(responder).fill(title);
  await responder.getByLabel('How it stands').selectOption('identified');
  await keep(responder);
  await expect(form(responder).locator('input[name="draftVersion"]').last()).toHaveValue('2');
  await visit(responder, '/status-updates');
  await expect(form(responder)).toContainText(/Draft kept \d\d:\d\d UTC/);
  await expect(notice(responder)).toHaveValue(title);
  await expect(words(responder)).toHaveValue('Half a sente');
  await expect(responder.getByLabel('How it stands')).toHaveValue('identified');

  await visit(commander, '/status-updates');
  await expect(notice(commander)).toHaveValue('');
  await expect(drafts(commander)).toContainText(`has a draft for something new, “${title}” kept`);
  await expectAccessible(commander, 'the list of drafts');
  await drafts(commander)
    .getByRole('link', { name: /^Take it over/ })
    .click();
  await expect(notice(commander)).toHaveValue(title);
  await expect(form(commander)).toContainText('It stays as it is until the update is posted');
  await words(commander).fill('Half a sentence, and the rest.');
  await keep(commander);
  await expect(form(commander)).toContainText(/Draft kept \d\d:\d\d UTC/);
  await expect(drafts(commander)).toContainText('Half a sente');
  await expectAccessible(commander, 'a form that goes on from a draft');
  await commander.setViewportSize({ width: 375, height: 812 });
  await expectNoSideScroll(commander);
  await commander.setViewportSize({ width: 1440, height: 900 });
  for (const address of ['/status', '/status/history', '/status.json', '/status.rss'])
    expect(await (await visitor.request.get(address)).text()).not.toContain(title);

  await commander.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(commander.getByRole('region', { name: 'Open, outside' })).toContainText(title);
  await expect(drafts(commander)).toBeHidden();
  await visit(responder, '/status-updates');
  await expect(notice(responder)).toHaveValue('');
  await expect(form(responder)).not.toContainText('Draft kept');
  await commander.getByLabel('How it stands').selectOption('resolved');
  await words(commander).fill('Parcels come.');
  await commander.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(commander.getByRole('region', { name: 'Open, outside' })).not.toContainText(title);
});

test('of two windows the later one is told what was kept, keeps its words, and a draft is thrown away', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(409));
  const responder = await open('responder');
  const window = await responder.context().newPage();
  const incident = await declareIncident(drill.as('responder'), { title: 'Two windows', level: '4' });
  for (const page of [responder, window]) await visit(page, `/status-updates?incident=${incident}`);
  await words(responder).fill('From the first window.');
  await keep(responder);
  await expect(form(responder)).toContainText(/Draft kept/);
  await words(window).fill('From the other window.');
  await keep(window);
  await expect(window.getByRole('alert')).toContainText('You have kept another draft of this');
  await expect(words(window)).toHaveValue('From the other window.');
  await expect(form(window)).toContainText('You have another draft of this');
  await keep(window);
  await expect(form(window)).toContainText(/Draft kept/);
  await expect(words(window)).toHaveValue('From the other window.');

  // Other words are begun with, and the draft is still there.
  await window.getByRole('link', { name: 'monitoring', exact: true }).click();
  await expect(words(window)).toHaveValue(/^A fix for/);
  await window.getByRole('link', { name: 'Go on with that one' }).click();
  await expect(words(window)).toHaveValue('From the other window.');
  await visit(window, '/status-updates');
  const item = drafts(window)
    .getByRole('listitem')
    .filter({ hasText: `You have a draft for INC-${incident} kept` });
  await item.getByRole('link', { name: /^Go on with it/ }).click();
  await expect(words(window)).toHaveValue('From the other window.');
  await form(window).getByRole('button', { name: 'Throw it away' }).click();
  await expect(words(window)).toHaveValue(/^We are looking into/);
  await expect(form(window)).not.toContainText('Draft kept');
  await expect(drafts(window)).toBeHidden();
  await resolveIncident(drill.as('responder'), incident);
});

test('what the console reads meanwhile takes away neither what is typed nor a preview nor an error', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(400), answered(422));
  const responder = await open('responder');
  await visit(responder, '/status-updates');
  await notice(responder).fill('Looked at first');
  await responder.getByRole('button', { name: 'Look at it first' }).click();
  const preview = responder.getByRole('region', { name: 'As the public would see it' });
  await expect(preview).toContainText('Looked at first');
  await words(responder).fill('Typed after it.');
  await hint(responder, drill);
  await expect(preview).toContainText('Looked at first');
  await expect(words(responder)).toHaveValue('Typed after it.');

  await words(responder).fill('   ');
  await responder.getByRole('button', { name: 'Post it for everybody' }).click();
  const error = form(responder).getByText('Write what the public should know.');
  await expect(error).toBeVisible();
  await words(responder).fill('Better words.');
  await hint(responder, drill);
  await expect(error).toBeVisible();
  await expect(responder.getByRole('alert')).toBeVisible();
  await expect(words(responder)).toHaveValue('Better words.');
});

test('what is typed of a component stays when somebody else changes it, and is told so when it is sent', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(409));
  const [mine, theirs] = [await open('commander'), await open('commander')];
  const name = unique('Search');
  const item = (page: Page) =>
    page.getByRole('region', { name: 'Components' }).getByRole('listitem').filter({ hasText: name });
  await visit(mine, '/status-updates');
  const components = mine.getByRole('region', { name: 'Components' });
  await components.getByText('Add a component').click();
  await components.locator('summary').filter({ hasText: 'shop / production' }).click();
  const adding = components
    .locator('form')
    .filter({ hasText: 'Add the component' })
    .filter({ visible: true });
  await adding.getByLabel('Public name').fill(name);
  await adding.getByRole('button', { name: 'Add the component' }).click();
  await expect(item(mine)).toBeVisible();

  await visit(theirs, '/status-updates');
  await item(mine).getByText('Change it').click();
  const description = (page: Page) => item(page).getByLabel('What it is for');
  await description(mine).fill('Finding what there is');
  await mine.getByText('Announce maintenance').click();
  await mine.getByLabel('What is done').fill('A faster search');
  await item(theirs).getByText('Change it').click();
  await description(theirs).fill('Looking for things');
  await item(theirs).getByRole('button', { name: 'Change the component' }).click();
  await expect(item(theirs)).toContainText('Looking for things');
  await expect(description(theirs)).toBeHidden();

  await hint(mine, drill);
  await expect(item(mine)).toContainText('Looking for things');
  await expect(description(mine)).toHaveValue('Finding what there is');
  await item(mine).getByRole('button', { name: 'Change the component' }).click();
  await expect(mine.getByRole('alert')).toContainText(`has changed "${name}" since you opened it`);
  await expect(description(mine)).toHaveValue('Finding what there is');
  await expect(item(mine)).toContainText('Looking for things');
  await hint(mine, drill);
  await expect(mine.getByRole('alert')).toBeVisible();
  await item(mine).getByRole('button', { name: 'Change the component' }).click();
  await expect(item(mine)).toContainText('Finding what there is');
  await expect(mine.getByLabel('What is done')).toHaveValue('A faster search');

  // What is closed begins with how it is by now.
  await hint(theirs, drill);
  await item(theirs).getByText('Change it').click();
  await expect(description(theirs)).toHaveValue('Finding what there is');
  await item(theirs).getByText('Retire it').click();
  await item(theirs)
    .getByRole('button', { name: `Retire ${name}` })
    .click();
  await expect(item(theirs)).toBeHidden();
});
