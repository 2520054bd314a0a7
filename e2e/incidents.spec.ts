import type { Locator, Page } from '@playwright/test';
import { declareIncident, resolveIncident } from './support/incidents';
import { expectNoSideScroll, visit } from './support/page';
import { answered, expect, test } from './support/test';

const entries = (page: Page): Locator =>
  page.getByRole('region', { name: 'Timeline', exact: true }).getByRole('listitem');

async function write(page: Page, text: string): Promise<void> {
  const line = page.getByLabel('Add to the timeline', { exact: true });
  await line.fill(text);
  await line.press('Control+Enter');
}

test('a command that means nothing is refused with what to write, and nothing is lost', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(400));
  const number = await declareIncident(drill.as('responder'), { title: 'A typing error', level: '4' });
  const page = await open('responder');
  await visit(page, `/incidents/${number}`);
  const before = await entries(page).count();
  await write(page, '/resolve it works again');
  await expect(page.getByRole('alert')).toContainText('There is no command /resolve. Nothing was changed.');
  await expect(page.getByLabel('Add to the timeline', { exact: true })).toHaveValue(
    '/resolve it works again',
  );
  await expect(entries(page)).toHaveCount(before);

  await write(page, ' /resolve is what I meant');
  await expect(entries(page).first()).toContainText('/resolve is what I meant');
  await entries(page).first().getByRole('link', { name: 'Correct' }).click();
  await page.getByLabel('How it should have read').fill('What I meant was /status');
  await page.getByRole('button', { name: 'Correct it' }).click();
  const correction = entries(page).filter({ hasText: 'What I meant was /status' });
  await expect(correction).toContainText('Corrects: /resolve is what I meant');
  await resolveIncident(drill.as('responder'), number);
});

test('a new entry does not move what somebody reads further down', async ({ open, drill }) => {
  const responder = drill.as('responder');
  const number = await declareIncident(responder, { title: 'A long one', level: '4' });
  for (let index = 1; index <= 45; index += 1) {
    await responder.post(`/incidents/${number}`, { intent: 'compose', text: `Look number ${index}` });
  }
  const page = await open('commander');
  await visit(page, `/incidents/${number}`);
  const read = entries(page).filter({ hasText: 'Look number 9' }).last();
  await read.scrollIntoViewIfNeeded();
  const before = await read.boundingBox();
  await responder.post(`/incidents/${number}`, { intent: 'compose', text: 'The news' });
  const news = page.getByRole('button', { name: '1 new entry: show' });
  await expect(news).toBeInViewport();
  expect(await read.boundingBox()).toEqual(before);
  await news.click();
  await expect(entries(page).first()).toContainText('The news');
  await expectNoSideScroll(page);
  await resolveIncident(responder, number);
});

test('the number of a merged incident leads to the one that goes on, and grave ones are told on every page', async ({
  open,
  drill,
}) => {
  const responder = drill.as('responder');
  const one = await declareIncident(responder, { title: 'Carts are empty', level: '1' });
  const two = await declareIncident(responder, { title: 'Carts lose things', level: '4' });
  const page = await open('responder');
  await visit(page, '/runs');
  await page.getByRole('link', { name: `Open INC-${one}` }).click();
  await expect(page).toHaveURL(`/incidents/${one}`);
  await page.getByText('It is the same as another').click();
  await page.getByLabel('Which one goes on').fill(`INC-${two}`);
  await page.getByLabel('Why they are the same').fill('Both are the cart service');
  await page.getByRole('button', { name: `Merge INC-${one} into it` }).click();
  await expect(page).toHaveURL(`/incidents/${two}`);
  await expect(entries(page).first()).toContainText(`INC-${one} (Carts are empty) was merged into this one`);
  await visit(page, `/incidents/${one}`);
  await expect(page.getByText(`INC-${one} was merged into INC-${two}, which you see.`)).toBeVisible();
  await visit(page, '/');
  await expect(page.getByRole('link', { name: `Open INC-${one}` })).toHaveCount(0);
  await expect(
    page
      .getByRole('region', { name: 'Open incidents' })
      .getByRole('link', { name: new RegExp(`INC-${two} `) }),
  ).toBeVisible();
  await resolveIncident(responder, two);
});

test('who may only look reads all of it and can change nothing', async ({ open, drill }) => {
  const number = await declareIncident(drill.as('responder'), { title: 'To be looked at', level: '4' });
  const page = await open('viewer');
  await visit(page, `/incidents/${number}`);
  await expect(entries(page)).toHaveCount(2);
  await expect(page.getByRole('button', { name: /^Add to the timeline/ })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await expect(page.getByRole('link', { name: 'Correct' })).toHaveCount(0);
  const answer = await drill
    .as('viewer')
    .post(`/incidents/${number}`, { intent: 'compose', text: 'Because' });
  expect(answer.status).toBe(403);
  await resolveIncident(drill.as('responder'), number);
});
