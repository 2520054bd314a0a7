import type { Page } from '@playwright/test';
import fc from 'fast-check';
import { PNG } from '#server/testing/images';
import { XSS_PAYLOADS, xssMixtures } from '#server/testing/xss-payloads';
import { query } from './support/database';
import { expectNoSideScroll, visit } from './support/page';
import { expect, test } from './support/test';

interface Detail {
  number: number;
  version: number;
}

/** Calls the API as who is signed in on the page. */
async function call(
  page: Page,
  path: string,
  body: Record<string, unknown>,
  method = 'post',
): Promise<Detail> {
  const answer = await page.request.fetch(`/api/v1${path}`, {
    method,
    data: body,
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  return (await answer.json()) as Detail;
}

/** A post-mortem that a person began, of an incident of level 4. @returns the number of its incident */
async function begunPostmortem(page: Page, title: string): Promise<number> {
  const { number } = await call(page, '/incidents', { title, level: 4 });
  await call(page, `/incidents/${number}/state`, { version: 1, state: 'resolved' });
  await call(page, '/postmortems', { number });
  return number;
}

/** How many pages a PDF has, its bookmarks and where its links lead: what Chromium writes into it uncompressed. */
function readPdf(bytes: Buffer): { pages: number; bookmarks: string[]; links: string[] } {
  const text = bytes.toString('latin1');
  const strings = (key: string) =>
    [...text.matchAll(new RegExp(`/${key} ?\\(((?:\\\\.|[^\\\\)])*)\\)`, 'g'))].map(([, value = '']) =>
      value.replaceAll(/\\(.)/g, '$1'),
    );
  return {
    pages: text.match(/\/Type ?\/Page\b/g)?.length ?? 0,
    bookmarks: strings('Title'),
    links: strings('URI'),
  };
}

test('a post-mortem is printed whole, and is a PDF with every entry and the way to the evidence', async ({
  open,
}) => {
  const page = await open('responder');
  await page.addInitScript(() => {
    window.print = () => document.documentElement.setAttribute('data-printed', '');
  });
  await visit(page, '/postmortems');
  const number = await begunPostmortem(page, 'To be printed');
  const sent = await page.request.post(`/incidents/${number}`, {
    multipart: {
      intent: 'compose',
      text: 'What the dashboard showed',
      alt: 'A graph that falls',
      images: { name: 'graph.png', mimeType: 'image/png', buffer: PNG },
    },
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(sent.ok()).toBe(true);
  await query(
    `INSERT INTO incident_entry (incident_id, kind, text, occurred_at, recorded_at, author_name)
     SELECT id, 'note', 'Looked at it, time ' || n, now() - (261 - n) * interval '1 millisecond', now(), 'Rosa'
     FROM incident, generate_series(1, 260) n WHERE number = $1`,
    [number],
  );
  await call(
    page,
    `/postmortems/${number}`,
    { version: 1, rootCause: 'The cache had **no limit**.' },
    'patch',
  );
  await call(page, `/postmortems/${number}/action-items`, { title: 'Give the cache a limit' });

  await visit(page, `/postmortems/${number}`);
  await expect(page.getByRole('region', { name: 'Timeline' })).not.toContainText('time 260');
  await page.getByRole('link', { name: 'Print or save as PDF' }).click();
  await expect(page).toHaveURL(new RegExp(`/postmortems/${number}/print$`));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    `Post-mortem of INC-${number}: To be printed`,
  );
  await expect(page.getByRole('navigation')).toHaveCount(0);
  const headings = page.getByRole('heading', { level: 2 });
  const titles = [
    ...[
      'Summary',
      'Impact',
      'Timeline',
      'Root cause',
      'Contributing factors',
      'Resolution',
      'What went well',
    ],
    ...['What went badly', 'Where we were lucky', 'Action items', 'Approvals and decisions'],
    ...['Message to the team', 'Message to the public'],
  ];
  await expect(headings).toHaveText(titles);
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await expect(timeline.getByRole('listitem').filter({ hasText: 'Looked at it, time' })).toHaveCount(260);
  await expect(page.getByRole('region', { name: 'Action items' })).toContainText('Give the cache a limit');
  const image = timeline.getByRole('img', { name: 'A graph that falls' });
  await expect.poll(() => image.evaluate((shown) => (shown as HTMLImageElement).naturalWidth)).toBe(3);

  const button = page.getByRole('button', { name: 'Print or save as PDF' });
  await button.click();
  await expect(page.locator('html')).toHaveAttribute('data-printed', '');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await expect(button).toBeHidden();
  await expect(page.getByRole('link', { name: 'Back to the page' })).toBeHidden();
  await expect(timeline.getByText('Looked at it, time 260', { exact: true })).toBeVisible();
  // Paper is white, whatever the screen is.
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
    'rgb(255, 255, 255)',
  );

  const pdf = readPdf(await page.pdf({ outline: true, tagged: true, preferCSSPageSize: true }));
  expect(pdf.pages).toBeGreaterThan(5);
  expect(pdf.bookmarks).toEqual(expect.arrayContaining(titles));
  expect(pdf.links.some((link) => new RegExp(`/incidents/${number}/images/[0-9a-f-]{36}$`).test(link))).toBe(
    true,
  );
  await page.emulateMedia({ media: null, colorScheme: null });

  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSideScroll(page);
  await page.getByRole('link', { name: 'Back to the page' }).click();
  await expect(page.getByRole('region', { name: 'Action items' })).toBeVisible();
  await expectNoSideScroll(page);
});

test('without JavaScript a post-mortem is printed by the browser’s own command', async ({ open }) => {
  const page = await open('viewer', { javaScriptEnabled: false });
  const writer = await open('responder');
  await visit(writer, '/postmortems');
  const number = await begunPostmortem(writer, 'Printed without script');
  await page.goto(`/postmortems/${number}`);
  await page.getByRole('link', { name: 'Print or save as PDF' }).click();
  await expect(page.getByText('Your browser’s print command')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Print or save as PDF' })).toBeHidden();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Printed without script');
  const { pages, bookmarks } = readPdf(await page.pdf({ outline: true, tagged: true }));
  expect(pages).toBeGreaterThan(0);
  expect(bookmarks).toContain('Root cause');
});

const ALLOWED = {
  tags: [
    ...['P', 'BR', 'HR', 'EM', 'STRONG', 'S', 'CODE', 'PRE', 'BLOCKQUOTE', 'UL', 'OL', 'LI', 'A'],
    ...['TABLE', 'THEAD', 'TBODY', 'TR', 'TH', 'TD', 'H3', 'H4', 'H5', 'H6'],
  ],
  attributes: ['href', 'title', 'rel', 'start'],
  protocols: ['http:', 'https:', 'mailto:'],
};

/** Each in an item of its own, so that none of them shuts the others out. */
const asItems = (texts: readonly string[]) =>
  texts.map((text) => `- ${text.replaceAll(/\r?\n|\r/g, '\n  ')}`).join('\n\n');

test('nothing that is written into a post-mortem runs, asks or loads in a real browser', async ({
  open,
  allowProblems,
}) => {
  // What the last step puts into the page, to see that it would be seen.
  allowProblems(/xss-control/);
  // Without the policy of the page only what the renderer lets out stands between a text and the reader.
  const page = await open('responder', { bypassCSP: true });
  const asked: string[] = [];
  const dialogs: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('dialog', async (dialog) => {
    dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  await visit(page, '/postmortems');
  const { origin } = new URL(page.url());
  const number = await begunPostmortem(page, 'Payloads');
  const mixtures = fc.sample(xssMixtures, { numRuns: 240, seed: 20261128 });
  await call(
    page,
    `/postmortems/${number}`,
    {
      version: 1,
      summary: asItems(XSS_PAYLOADS),
      rootCause: asItems(mixtures.slice(0, 120)),
      resolution: asItems(mixtures.slice(120)),
    },
    'patch',
  );
  for (const address of [`/postmortems/${number}`, `/postmortems/${number}/print`]) {
    await visit(page, address);
    await expect(page.locator('.markdown').first()).toBeVisible();
    const found = await page.evaluate(({ tags, attributes, protocols }) => {
      const bad: string[] = [];
      const elements = [...document.querySelectorAll('.markdown *')];
      for (const element of elements) {
        if (!tags.includes(element.tagName)) bad.push(`<${element.tagName}>`);
        for (const { name, value } of element.attributes)
          if (!attributes.includes(name)) bad.push(`${element.tagName} ${name}="${value}"`);
        if (element instanceof HTMLAnchorElement && element.href && !protocols.includes(element.protocol))
          bad.push(element.href);
        for (const type of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart', 'begin'])
          element.dispatchEvent(new Event(type, { bubbles: true }));
      }
      return { bad, count: elements.length };
    }, ALLOWED);
    expect(found.bad).toEqual([]);
    expect(found.count).toBeGreaterThan(600);
  }
  expect(dialogs).toEqual([]);
  expect(asked.filter((url) => new URL(url).origin !== origin)).toEqual([]);

  // Were something to run, it would have been seen.
  await page.evaluate(() =>
    document.body.insertAdjacentHTML('beforeend', '<img src="/xss-control" onerror="alert(1)">'),
  );
  await expect.poll(() => dialogs).toEqual(['1']);
});
