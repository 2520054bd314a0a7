import type { Locator, Page } from '@playwright/test';
import { declareIncident, resolveIncident } from './support/incidents';
import { expectNoSideScroll, visit } from './support/page';
import { hiddenField } from './support/person';
import { answered, expect, test } from './support/test';

/** Words that no other incident has. */
const word = (): string => `w${Date.now().toString(36)}`;

const entries = (page: Page): Locator =>
  page.getByRole('region', { name: 'Timeline', exact: true }).getByRole('listitem');

async function write(page: Page, text: string): Promise<void> {
  const line = page.getByLabel('Add to the timeline', { exact: true });
  await line.fill(text);
  await line.press('Control+Enter');
}

test('one declares, writes and resolves; another sees it live, and is told when somebody was quicker', async ({
  open,
  drill,
  allowProblems,
}) => {
  allowProblems(answered(409));
  const title = `Checkout fails ${word()}`;
  const page = await open('responder');
  await visit(page, '/incidents');
  await page.getByRole('main').getByRole('link', { name: 'Declare an incident' }).first().click();
  await page.getByLabel('What is wrong').fill(title);
  await page.getByRole('radio', { name: /^3 Minor/ }).check();
  await page.getByLabel('Where').selectOption('drill/staging');
  const began = new Date(Date.now() - 2 * 3_600_000).toISOString().slice(0, 16);
  await page.getByLabel('Began at (UTC)').fill(began);
  await page.getByRole('button', { name: 'Declare the incident' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(new RegExp(`^INC-\\d+ ${title}$`));
  await expect(page.getByText('Rémy Laurent commands it')).toBeVisible();
  await expect(page.getByRole('main').getByText('drill / staging', { exact: true })).toBeVisible();
  const { pathname } = new URL(page.url());
  const number = Number(pathname.split('/').at(-1));

  const other = await open('commander');
  await visit(other, pathname);
  await other.getByLabel('Add to the timeline', { exact: true }).fill('Half a thought');
  // What a second person looks at before the first one goes on.
  const stale = hiddenField((await drill.as('commander').get(pathname)).text, 'version');

  await write(page, 'The payment provider answers 503');
  await expect(entries(page).first()).toContainText('The payment provider answers 503');
  await expect(page.getByLabel('Add to the timeline', { exact: true })).toHaveValue('');
  const at = new Date(Date.now() - 30 * 60_000).toISOString().slice(11, 16);
  await write(page, `/note ${at} The first customer called`);
  const earlier = entries(page).filter({ hasText: 'The first customer called' });
  await expect(earlier).toContainText(`${at}:00`);
  await expect(earlier).toContainText('recorded');
  await expect(entries(page).first()).toContainText('503');

  await page
    .getByRole('region', { name: 'State: investigating' })
    .getByLabel('Note')
    .fill('Their status page');
  await page.getByRole('button', { name: 'Cause identified' }).click();
  await expect(page.getByRole('region', { name: 'State: identified' })).toBeVisible();

  // It came by itself, and what was being written is still there.
  await expect(other.getByRole('region', { name: 'State: identified' })).toBeVisible();
  await expect(entries(other).filter({ hasText: 'The first customer called' })).toBeVisible();
  await expect(other.getByLabel('Add to the timeline', { exact: true })).toHaveValue('Half a thought');

  const refused = await drill.as('commander').post(pathname, {
    intent: 'state',
    state: 'monitoring',
    note: 'A note that must not be lost',
    version: stale,
  });
  expect(refused.status).toBe(409);
  expect(refused.text).toContain('since you opened it: it is identified at level 3 now');
  expect(refused.text).toContain('A note that must not be lost');
  await expect(entries(page).filter({ hasText: 'A note that must not be lost' })).toHaveCount(0);

  await write(other, '/assign commander');
  await expect(page.getByText('Camille Roux commands it')).toBeVisible();
  await write(page, '/status resolved It answers again');
  await expect(page.getByRole('region', { name: 'State: resolved' })).toBeVisible();
  await expect(other.getByRole('region', { name: 'State: resolved' })).toBeVisible();

  await visit(page, '/incidents');
  await page.getByLabel('Search incidents').fill(title);
  await page.getByRole('combobox', { name: 'State' }).selectOption('resolved');
  const table = page.getByRole('region', { name: 'Incidents, those that began last first' });
  await expect(table.getByRole('row').filter({ hasText: title })).toHaveCount(1);
  await expect(table.getByRole('row')).toHaveCount(2);
  const csv = await drill.as('viewer').get(`/incidents.csv?search=${title.split(' ').at(-1)}`);
  expect(csv.headers.get('content-type')).toContain('text/csv');
  expect(csv.text.trim().split('\n')).toHaveLength(2);
  expect(csv.text).toContain(`INC-${number},${title},3,resolved,drill,staging,`);
  await expect(page).toHaveURL(/search=.*state=resolved/);
  await page.getByRole('combobox', { name: 'State' }).selectOption('open');
  await expect(page.getByText('No incident is like that')).toBeVisible();
});

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
  // The page is being read again while they scroll.
  let letGo = (): void => undefined;
  const isScrolled = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const isRead = (url: URL) => url.pathname === `/incidents/${number}.data`;
  await page.route(isRead, async (route) => {
    await isScrolled;
    await route.continue();
  });
  const reading = page.waitForRequest((request) => isRead(new URL(request.url())));
  await responder.post(`/incidents/${number}`, { intent: 'compose', text: 'Seen at the top' });
  await reading;
  await read.scrollIntoViewIfNeeded();
  const before = await read.boundingBox();
  letGo();
  await expect(page.getByRole('button', { name: '1 new entry: show' })).toBeInViewport();
  expect(await read.boundingBox()).toEqual(before);
  await responder.post(`/incidents/${number}`, { intent: 'compose', text: 'The news' });
  const news = page.getByRole('button', { name: '2 new entries: show' });
  await expect(news).toBeInViewport();
  expect(await read.boundingBox()).toEqual(before);
  await news.click();
  await expect(entries(page).first()).toContainText('The news');
  await expectNoSideScroll(page);
  await resolveIncident(responder, number);
});

test('a new entry at the beginning moves neither what somebody reads nor what they write', async ({
  open,
  drill,
}) => {
  const responder = drill.as('responder');
  const number = await declareIncident(responder, { title: 'A busy one', level: '4' });
  const say = (text: string) => responder.post(`/incidents/${number}`, { intent: 'compose', text });
  for (let index = 1; index <= 20; index += 1) await say(`Look number ${index}`);
  const page = await open('commander');
  await visit(page, `/incidents/${number}`);
  const read = entries(page).filter({ hasText: 'Look number 18' });
  await expect(read).toBeInViewport();
  const before = await read.boundingBox();
  await say('The first news');
  await expect(entries(page).first()).toContainText('The first news');
  await expect(entries(page).first()).toBeInViewport();
  expect(await read.boundingBox()).toEqual(before);
  await entries(page).last().getByRole('button', { name: /^Pin/ }).waitFor();
  const pinned = await entries(page).filter({ hasText: 'Look number 20' }).getAttribute('id');
  await responder.post(`/incidents/${number}`, {
    intent: 'pin',
    entryId: pinned?.replace(/\D+/, '') ?? '',
  });
  await expect(page.getByRole('region', { name: 'Pinned' })).toContainText('Look number 20');
  expect(await read.boundingBox()).toEqual(before);

  const line = page.getByLabel('Add to the timeline', { exact: true });
  await line.fill('Half a thought');
  const written = await line.boundingBox();
  await say('The second news');
  await expect(entries(page).filter({ hasText: 'The second news' })).toBeInViewport();
  expect(await line.boundingBox()).toEqual(written);
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
  const merged = `INC-${one} (Carts are empty) was merged into this one`;
  await expect(entries(page).filter({ hasText: merged })).toBeVisible();
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
