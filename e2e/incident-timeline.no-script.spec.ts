import { PNG, SVG } from '#server/testing/images';
import { declareIncident, resolveIncident } from './support/incidents';
import { answered, expect, test } from './support/test';

test('without JavaScript: an image, a pin, another title, and the end of a role', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(400));
  const number = await declareIncident(drill.as('responder'), { title: 'Cards are refused', level: '4' });
  const page = await open('responder');
  await page.goto(`/incidents/${number}`);
  const timeline = page.getByRole('region', { name: 'Timeline', exact: true });
  const line = page.getByLabel('Add to the timeline', { exact: true });
  const images = page.getByLabel(/^Images, by paste/);
  const add = page.getByRole('button', { name: 'Add to the timeline' });
  await line.fill('The terminal says so');
  await images.setInputFiles({ name: 'terminal.png', mimeType: 'image/png', buffer: SVG });
  await add.click();
  await expect(page.getByRole('alert').first()).toContainText(
    'terminal.png is no image that can be shown here',
  );
  await expect(line).toHaveValue('The terminal says so');
  await images.setInputFiles({ name: 'terminal.png', mimeType: 'image/png', buffer: PNG });
  await add.click();
  const entry = timeline.getByRole('listitem').filter({ hasText: 'The terminal says so' });
  await expect(entry.getByRole('img', { name: 'terminal.png' })).toBeVisible();

  await entry.getByRole('button', { name: /^Pin / }).click();
  const pinned = page.getByRole('region', { name: 'Pinned' });
  await expect(pinned).toContainText('The terminal says so');
  await pinned.getByRole('button', { name: /^Unpin / }).click();
  await expect(pinned).toHaveCount(0);

  await page.getByText('Change the title', { exact: true }).first().click();
  await page.getByLabel('What is wrong').fill('Some cards are refused');
  await page.getByRole('button', { name: 'Change the title' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`INC-${number} Some cards are refused`);

  await line.fill('/assign scribe');
  await add.click();
  const roles = page.getByRole('region', { name: 'Who deals with it' });
  await roles.getByRole('button', { name: /^End the role of .* as scribe$/ }).click();
  await expect(timeline.getByRole('listitem').first()).toContainText('is scribe no more');
  await expect(roles.getByRole('button', { name: /^End / })).toHaveCount(0);
  await resolveIncident(drill.as('responder'), number);
});

test('without JavaScript: a view is saved, chosen, renamed and deleted', async ({ open, allowProblems }) => {
  allowProblems(answered(409));
  const name = `Grave ${Date.now().toString(36)}`;
  const page = await open('responder');
  await page.goto('/incidents');
  const views = page.getByRole('navigation', { name: 'Views' });
  await expect(views.getByRole('link', { name: 'All' })).toHaveAttribute('aria-current', 'page');
  await views.getByRole('link', { name: 'Level 1–2' }).click();
  await expect(page).toHaveURL('/incidents?worst=2');
  await page.getByRole('combobox', { name: 'State' }).selectOption('open');
  await page.getByRole('button', { name: 'Filter' }).click();
  await views.getByText('Save what is shown as a view').click();
  await views.getByLabel('Name').fill(name);
  await views.getByRole('checkbox', { name: 'For everybody' }).check();
  await views.getByRole('button', { name: 'Save the view' }).click();
  await expect(views.getByRole('link', { name })).toHaveAttribute('aria-current', 'page');

  const other = await open('viewer');
  await other.goto('/incidents');
  await other.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click();
  await expect(other).toHaveURL('/incidents?state=open&worst=2');
  await expect(other.getByText('Rename or delete this view')).toHaveCount(0);

  await page.goto('/incidents?state=resolved');
  await views.getByText('Save what is shown as a view').click();
  await views.getByLabel('Name').fill(name.toUpperCase());
  await views.getByRole('checkbox', { name: 'For everybody' }).check();
  await views.getByRole('button', { name: 'Save the view' }).click();
  await expect(views.getByRole('alert')).toContainText('A view of everybody has this name');
  await expect(views.getByLabel('Name')).toHaveValue(name.toUpperCase());

  await views.getByRole('link', { name }).click();
  await views.getByText('Rename or delete this view').click();
  await views.getByLabel('Name').fill(`${name} now`);
  await views.getByRole('button', { name: 'Rename it' }).click();
  await expect(views.getByRole('link', { name: `${name} now` })).toBeVisible();
  await views.getByText('Rename or delete this view').click();
  await views.getByRole('button', { name: 'Delete it for everybody' }).click();
  await expect(views.getByRole('link', { name: `${name} now` })).toHaveCount(0);
});
