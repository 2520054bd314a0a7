import { resolveIncident } from './support/incidents';
import { answered, expect, test } from './support/test';

test('without JavaScript: declare, write, be refused without losing a word, hide the console', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(400));
  const page = await open('responder');
  await page.goto('/incidents/new');
  await page.getByLabel('What is wrong').fill('Nobody can sign in');
  await page.getByRole('radio', { name: /^4 Trivial/ }).check();
  await page.getByRole('button', { name: 'Declare the incident' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^INC-\d+ Nobody can sign in$/);
  const number = Number(new URL(page.url()).pathname.split('/').at(-1));
  const line = page.getByLabel('Add to the timeline', { exact: true });
  const entries = page.getByRole('region', { name: 'Timeline', exact: true }).getByRole('listitem');
  await line.fill('The session store is full');
  await page.getByRole('button', { name: 'Add to the timeline' }).click();
  await expect(entries.first()).toContainText('The session store is full');
  await line.fill('/level 9 because');
  await page.getByRole('button', { name: 'Add to the timeline' }).click();
  await expect(page.getByRole('alert')).toContainText('from 1 to 4');
  await expect(line).toHaveValue('/level 9 because');
  await line.fill('/level 3 because a few can');
  await page.getByRole('button', { name: 'Add to the timeline' }).click();
  await expect(entries.first()).toContainText('Raised from level 4 to level 3');
  await page.getByLabel('Order').selectOption('oldest');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(entries.first()).toContainText('Declared at level 4');
  await resolveIncident(drill.as('responder'), number);
});
