import { expect, test } from './support/test';

const TITLE = 'Search finds nothing';

test('without JavaScript: tell the public, and that it is over', async ({ open }) => {
  const responder = await open('responder');
  await responder.goto('/status-updates');
  await responder.getByRole('link', { name: 'identified', exact: true }).click();
  await responder.getByLabel('What visitors notice').fill(TITLE);
  await responder.getByRole('button', { name: 'Look at it first' }).click();
  await expect(responder.getByRole('region', { name: 'As the public would see it' })).toContainText(TITLE);
  // What was typed is still there.
  await responder.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(responder.getByRole('region', { name: 'Open, outside' })).toContainText(TITLE);
  const visitor = await open(null);
  await expect(async () => {
    await visitor.goto('/status');
    await expect(visitor.getByRole('article').filter({ hasText: TITLE })).toBeVisible({ timeout: 500 });
  }).toPass();
  await responder.getByRole('link', { name: 'resolved', exact: true }).click();
  await responder.getByRole('button', { name: 'Post it for everybody' }).click();
  await expect(responder.getByRole('region', { name: 'Resolved' })).toContainText(TITLE);
});

test('without JavaScript: a draft is kept, taken over and thrown away', async ({ open }) => {
  const [responder, commander] = [await open('responder'), await open('commander')];
  const words = 'Half a sente';
  await responder.goto('/status-updates');
  await responder.getByLabel('What the public should know').fill(words);
  await responder.getByRole('button', { name: 'Keep as draft' }).click();
  const form = responder.getByRole('region', { name: 'Tell the public of an incident' });
  await expect(form).toContainText(/Draft kept \d\d:\d\d UTC/);
  await expect(responder.getByLabel('What the public should know')).toHaveValue(words);
  await commander.goto('/status-updates');
  await commander.getByRole('link', { name: /^Take it over/ }).click();
  await expect(commander.getByLabel('What the public should know')).toHaveValue(words);
  await form.getByRole('button', { name: 'Throw it away' }).click();
  await expect(form).not.toContainText('Draft kept');
  await expect(responder.getByLabel('What the public should know')).not.toHaveValue(words);
});
