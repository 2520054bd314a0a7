import type { Locator, Page } from '@playwright/test';
import { declareIncident, resolveIncident } from './support/incidents';
import { expectNoSideScroll, visit } from './support/page';
import { hiddenField } from './support/person';
import { expect, test } from './support/test';

const playbook = (page: Page): Locator => page.getByRole('region', { name: 'Playbook', exact: true });
const step = (page: Page, title: string): Locator =>
  playbook(page).getByRole('listitem').filter({ hasText: title }).first();
const entries = (page: Page): Locator =>
  page.getByRole('region', { name: 'Timeline', exact: true }).getByRole('listitem');

test('a playbook is copied, really run, ticked, grows with the level, and keeps to itself when it is changed', async ({
  open,
  drill,
}) => {
  const title = `Slow answers ${Date.now().toString(36)}`;
  const number = await declareIncident(drill.as('responder'), { title, level: '3', place: 'drill/staging' });
  const page = await open('responder');
  await visit(page, `/incidents/${number}`);
  await expect(playbook(page)).toContainText('0 of 2');

  // The console measures what there is to measure, and says what there is not.
  await step(page, 'Look at what is affected').getByRole('button', { name: 'Assess the damage' }).click();
  await expect(playbook(page)).toContainText('1 of 2');
  const found = step(page, 'Look at what is affected');
  await found.getByText('What was found:').click();
  await expect(found).toContainText('drill / staging');
  await expect(found).toContainText('Checks');
  await expect(entries(page).filter({ hasText: 'Damage assessed.' })).toContainText('drill/staging');

  // Somebody else sees the tick without looking again.
  const other = await open('commander');
  await visit(other, `/incidents/${number}`);
  await step(page, 'Schedule the fix').getByRole('button', { name: 'Tick' }).first().click();
  await expect(playbook(page)).toContainText('2 of 2');
  await expect(step(page, 'Schedule the fix')).toContainText('Rémy Laurent');
  await expect(playbook(other)).toContainText('2 of 2');

  // What was done stays when more is asked for.
  const text = (await drill.as('responder').get(`/incidents/${number}`)).text;
  const raised = await drill.as('responder').post(`/incidents/${number}`, {
    intent: 'level',
    level: '2',
    reason: 'More people are affected',
    version: hiddenField(text, 'version'),
  });
  expect(raised.status).toBe(303);
  await expect(playbook(page)).toContainText('2 of 4');
  await expect(step(page, 'Work around it')).toBeVisible();
  await step(page, 'Work around it').getByText('With a note, or leave it out').click();
  await step(page, 'Work around it').getByLabel('What was done, or why it is left out').fill('Nothing helps');
  await step(page, 'Work around it').getByRole('button', { name: 'Leave it out' }).click();
  await expect(playbook(page)).toContainText('3 of 4');
  await expect(step(page, 'Work around it')).toContainText('Nothing helps');

  // Another playbook is for other incidents.
  const settings = await open('commander');
  await visit(settings, '/settings/playbooks');
  await settings.getByRole('link', { name: 'Change the playbook of level 3' }).click();
  const added = `Call them ${Date.now().toString(36)}`;
  const form = settings.getByRole('region', { name: 'Add a step' });
  await form.getByLabel('What is to be done').fill(added);
  await form.getByRole('button', { name: 'Add the step' }).click();
  const steps = settings.getByRole('region', { name: 'Steps', exact: true });
  await expect(steps).toContainText(added);
  const next = await declareIncident(drill.as('responder'), { title, level: '3', place: 'drill/staging' });
  expect((await drill.as('responder').get(`/incidents/${next}`)).text).toContain(added);
  expect((await drill.as('responder').get(`/incidents/${number}`)).text).not.toContain(added);
  await steps.getByRole('button', { name: `Retire ${added}` }).click();
  await expect(settings.getByRole('region', { name: 'Retired' })).toContainText(added);

  await page.setViewportSize({ width: 375, height: 800 });
  await visit(page, `/incidents/${number}`);
  await expect(playbook(page)).toContainText('3 of 4');
  await expectNoSideScroll(page);
  await resolveIncident(drill.as('responder'), number);
  await resolveIncident(drill.as('responder'), next);
});
